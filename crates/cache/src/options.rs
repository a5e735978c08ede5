use std::time::Duration;

use types::UserMetadata;

/// How large blocks are unless a layer says otherwise, in bytes.
pub const BLOCK_DEFAULT_BYTES: u64 = 8 * 1024 * 1024;
/// The smallest block, in bytes; block sizes are multiples of it.
pub const BLOCK_MIN_BYTES: u64 = 64 * 1024;
/// The largest block, in bytes: a small range of an object fetches at least one block whole.
pub const BLOCK_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How long what is cached is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Never without asking: each read asks the store once, and that answer pins all its blocks. HEAD, listings and absence
    /// are not cached.
    #[default]
    Strict,
    /// For a time after the store has vouched for it.
    Ttl,
    /// For ever: objects never change under their keys.
    Immutable,
    /// As [`Mode::Ttl`], and beyond while the store cannot be reached.
    Offline,
}

impl Mode {
    /// Every mode with the name that settings give it.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Strict, "strict"),
        (Self::Ttl, "ttl"),
        (Self::Immutable, "immutable"),
        (Self::Offline, "offline"),
    ];

    /// The name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(mode, _)| *mode == self).map_or("strict", |(_, name)| name)
    }

    /// Reads the name in settings; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(mode, _)| mode)
    }
}

/// How one layer uses a cache.
#[derive(Debug, Clone)]
pub struct LayerOptions {
    /// The name of the store that is cached. Layers of one cache with the same name share what they hold of it.
    pub store: String,
    /// How long what is cached is believed.
    pub mode: Mode,
    /// In the modes `ttl` and `offline`: for how long an object is believed to be as it was.
    pub ttl: Duration,
    /// For how long an object is believed to be absent. Not in mode `strict`.
    pub negative_ttl: Duration,
    /// For how long a page of a listing is believed. Not in mode `strict`.
    pub list_ttl: Duration,
    /// The size of a block: a multiple of [`BLOCK_MIN_BYTES`], at most [`BLOCK_MAX_BYTES`].
    pub block_bytes: u64,
    /// User metadata that holds a digest of an object's content: objects of one bucket with the same value share their
    /// blocks. With or without `x-amz-meta-` before it.
    pub digest: Option<String>,
}

impl LayerOptions {
    /// Mode `strict`, blocks of the default size, for the store of this name.
    #[must_use]
    pub fn new(store: impl Into<String>) -> Self {
        Self {
            store: store.into(),
            mode: Mode::Strict,
            ttl: Duration::ZERO,
            negative_ttl: Duration::ZERO,
            list_ttl: Duration::ZERO,
            block_bytes: BLOCK_DEFAULT_BYTES,
            digest: None,
        }
    }

    /// Whether the settings can be kept to; what is wrong with them otherwise, naming the setting first.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn validate(&self) -> Result<(), InvalidOptions> {
        let block = self.block_bytes;
        if !block.is_multiple_of(BLOCK_MIN_BYTES) || !(BLOCK_MIN_BYTES..=BLOCK_MAX_BYTES).contains(&block) {
            return Err(InvalidOptions::Block);
        }
        match self.mode {
            Mode::Ttl | Mode::Offline if self.ttl.is_zero() => Err(InvalidOptions::TtlMissing),
            Mode::Strict | Mode::Immutable if !self.ttl.is_zero() => Err(InvalidOptions::TtlUnused),
            Mode::Strict if !self.negative_ttl.is_zero() || !self.list_ttl.is_zero() => {
                Err(InvalidOptions::StrictKeepsNothing)
            }
            _ if self.digest.as_deref().is_some_and(|name| digest_name(name).is_empty()) => {
                Err(InvalidOptions::Digest)
            }
            _ => Ok(()),
        }
    }
}

/// Why a layer's settings are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidOptions {
    /// The block's size.
    Block,
    /// A mode that needs a time has none.
    TtlMissing,
    /// A mode that takes no time has one.
    TtlUnused,
    /// Mode `strict` caches neither absence nor listings.
    StrictKeepsNothing,
    /// The name of the digest's metadata is empty.
    Digest,
}

impl std::fmt::Display for InvalidOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Block => "block: a multiple of 64 KiB from 64 KiB to 64 MiB",
            Self::TtlMissing => "ttl: the modes \"ttl\" and \"offline\" need one",
            Self::TtlUnused => "ttl: only the modes \"ttl\" and \"offline\" take one",
            Self::StrictKeepsNothing => {
                "negative_ttl, list_ttl: mode \"strict\" caches neither absence nor listings"
            }
            Self::Digest => "digest: the name of a user metadata header",
        })
    }
}

impl std::error::Error for InvalidOptions {}

/// The name as user metadata have it.
fn digest_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("x-amz-meta-").unwrap_or(&name).to_owned()
}

/// Where objects tell the digest of their content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DigestHeader(String);

/// Shorter digests would make different contents one; longer values are no digests.
const DIGEST_TEXT_BYTES: std::ops::RangeInclusive<usize> = 16..=256;

impl DigestHeader {
    pub(crate) fn new(name: &str) -> Self {
        Self(digest_name(name))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The digest that an object tells; none where it is not one by its length.
    pub(crate) fn of<'a>(&self, user: &'a UserMetadata) -> Option<&'a str> {
        let value = user.iter().find(|(name, _)| *name == self.0).map(|(_, value)| value.as_str())?;
        DIGEST_TEXT_BYTES.contains(&value.len()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(change: impl FnOnce(&mut LayerOptions)) -> Result<(), InvalidOptions> {
        let mut options = LayerOptions::new("far");
        change(&mut options);
        options.validate()
    }

    #[test]
    fn blocks_hold_their_limits() {
        for block in [BLOCK_MIN_BYTES, BLOCK_MAX_BYTES, 3 * BLOCK_MIN_BYTES] {
            assert_eq!(options(|options| options.block_bytes = block), Ok(()));
        }
        for block in [0, 1, BLOCK_MIN_BYTES - 1, BLOCK_MIN_BYTES + 1, BLOCK_MAX_BYTES + BLOCK_MIN_BYTES] {
            assert_eq!(options(|options| options.block_bytes = block), Err(InvalidOptions::Block));
        }
    }

    #[test]
    fn a_time_goes_with_its_mode() {
        let second = Duration::from_secs(1);
        for mode in [Mode::Ttl, Mode::Offline] {
            assert_eq!(options(|options| options.mode = mode), Err(InvalidOptions::TtlMissing));
            assert_eq!(options(|options| (options.mode, options.ttl) = (mode, second)), Ok(()));
        }
        for mode in [Mode::Strict, Mode::Immutable] {
            let with_ttl = options(|options| (options.mode, options.ttl) = (mode, second));
            assert_eq!(with_ttl, Err(InvalidOptions::TtlUnused));
        }
        assert_eq!(options(|options| options.list_ttl = second), Err(InvalidOptions::StrictKeepsNothing));
        let listed = options(|options| (options.mode, options.list_ttl) = (Mode::Immutable, second));
        assert_eq!(listed, Ok(()));
    }

    #[test]
    fn a_digest_is_found_under_either_name_and_only_where_it_can_be_one() {
        let user = vec![("sha224".to_owned(), "ab".repeat(28)), ("short".to_owned(), "ab".to_owned())];
        for name in ["x-amz-meta-SHA224", "sha224"] {
            assert_eq!(DigestHeader::new(name).of(&user), Some("ab".repeat(28).as_str()));
        }
        assert_eq!(DigestHeader::new("short").of(&user), None);
        assert_eq!(
            options(|options| options.digest = Some("x-amz-meta-".into())),
            Err(InvalidOptions::Digest)
        );
    }

    #[test]
    fn modes_are_read_by_the_names_they_have() {
        for (mode, name) in Mode::ALL {
            assert_eq!((Mode::from_name(name), mode.name()), (Some(mode), name));
        }
        assert_eq!(Mode::from_name("Strict"), None);
    }
}
