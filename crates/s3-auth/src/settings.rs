/// Whether Signature Version 2 is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigV2 {
    /// It is: boto3 presigns with it against custom endpoints.
    #[default]
    On,
    /// It is refused with a message that names the cure.
    Off,
}

/// What a [`crate::Verifier`] holds requests to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// The region that a credential scope must name; any verifies where it is unset.
    pub region: Option<String>,
    /// The service that a credential scope must name: `s3`, or the admin listener's own.
    pub service: &'static str,
    /// Whether Signature Version 2 is taken.
    pub sigv2: SigV2,
}

/// The service name of S3 in credential scopes.
pub const S3_SERVICE: &str = "s3";
/// The service name of calls to the admin listener.
pub const ADMIN_SERVICE: &str = "sluice-admin";

impl Default for AuthSettings {
    fn default() -> Self {
        Self { region: None, service: S3_SERVICE, sigv2: SigV2::On }
    }
}
