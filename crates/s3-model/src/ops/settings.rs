use crate::{BucketSetting, PublicAccessBlock, SettingValue};

/// Writes one of the settings that cannot be made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutBucketSettingInput {
    /// Which.
    pub setting: BucketSetting,
    /// The value wanted.
    pub value: SettingValue,
}

/// The value that a setting has where it was never made; only of settings whose
/// [`BucketSetting::never_made`] is a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSettingOutput {
    /// Which.
    pub setting: BucketSetting,
    /// What [`BucketSetting::PublicAccessBlock`] answers; not looked at for the others.
    pub public_access_block: PublicAccessBlock,
}
