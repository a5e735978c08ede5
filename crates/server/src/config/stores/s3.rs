use crate::config::section::Section;
use crate::config::server::region;
use crate::config::{ConfigError, Secret};

/// A store on a service that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3StoreSettings {
    /// The service's URL; Amazon's own where none is named.
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) keys: S3Keys,
    /// Whether buckets stand in the path; where it is unset, they do at any endpoint but Amazon's.
    pub(crate) path_style: Option<bool>,
    pub(crate) conditional: S3Conditional,
}

/// Where the keys of an S3 service come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum S3Keys {
    /// The configuration names them.
    Fixed { id: Secret, secret: Secret, session_token: Option<Secret> },
    /// The standard chain of Amazon's tools, with this profile of their files.
    Chain { profile: Option<String> },
}

/// Whether conditional writes are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum S3Conditional {
    /// Once a probe has shown that the service honours them.
    Probe,
    /// Always: whoever says so knows the service.
    Native,
    /// Never.
    Refuse,
}

impl S3StoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let conditionals = [
            ("probe", S3Conditional::Probe),
            ("native", S3Conditional::Native),
            ("refuse", S3Conditional::Refuse),
        ];
        Ok(Self {
            endpoint: section.url("endpoint")?,
            region: region(section)?,
            keys: keys(section)?,
            path_style: section.flag("path_style")?,
            conditional: section.choice("conditional", &conditionals, S3Conditional::Probe)?,
        })
    }
}

fn keys(section: &Section<'_>) -> Result<S3Keys, ConfigError> {
    let profile = section.text("profile")?.map(str::to_owned);
    let session_token = section.optional_secret("session_token")?;
    match (section.pair("access_key", "secret_key")?, profile, session_token) {
        (Some(_), Some(_), _) => Err(ConfigError::new(
            section.setting("profile"),
            "names where keys are looked for, but access_key is set; use one of them",
        )),
        (Some((id, secret)), None, session_token) => Ok(S3Keys::Fixed { id, secret, session_token }),
        (None, _, Some(_)) => Err(ConfigError::new(
            section.setting("session_token"),
            "belongs to an access_key and its secret_key; set them beside it",
        )),
        (None, profile, None) => Ok(S3Keys::Chain { profile }),
    }
}
