use crate::config::section::Section;
use crate::config::{ConfigError, Secret};

/// A store on Google Cloud Storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GcsStoreSettings {
    /// The service's URL; that of `STORAGE_EMULATOR_HOST`, else Google's own, where none is named.
    pub(crate) endpoint: Option<String>,
    /// The project that buckets are made in and listed of.
    pub(crate) project: Option<String>,
    pub(crate) keys: GcsKeys,
}

/// How requests to Google Cloud Storage prove who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GcsKeys {
    /// An HMAC key.
    Hmac { id: Secret, secret: Secret },
    /// A credentials document: a service account's key, or what `gcloud` keeps of a person.
    Document(Secret),
    /// What the environment provides: `GOOGLE_APPLICATION_CREDENTIALS`, `gcloud`'s file, the metadata server.
    Environment,
    /// Not at all: emulators, and buckets that everybody may use.
    Anonymous,
}

impl GcsStoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: section.url("endpoint")?,
            project: section.text("project")?.map(str::to_owned),
            keys: keys(section)?,
        })
    }
}

fn keys(section: &Section<'_>) -> Result<GcsKeys, ConfigError> {
    let pair = section.pair("access_key", "secret_key")?;
    let document = match section.text("credentials")? {
        Some("none") => return refuse_beside(section, pair.is_some(), GcsKeys::Anonymous),
        Some(_) => section.optional_secret("credentials")?,
        None => None,
    };
    match (pair, document) {
        (pair, Some(document)) => {
            if serde_json::from_str::<serde_json::Map<_, _>>(document.expose()).is_err() {
                let message = "is not a credentials document (JSON); name its file as \"file:PATH\"";
                return Err(ConfigError::new(section.setting("credentials"), message));
            }
            refuse_beside(section, pair.is_some(), GcsKeys::Document(document))
        }
        (Some((id, secret)), None) => Ok(GcsKeys::Hmac { id, secret }),
        (None, None) => Ok(GcsKeys::Environment),
    }
}

fn refuse_beside(section: &Section<'_>, has_pair: bool, keys: GcsKeys) -> Result<GcsKeys, ConfigError> {
    if has_pair {
        let message = "is set, but access_key is too; use one of them";
        return Err(ConfigError::new(section.setting("credentials"), message));
    }
    Ok(keys)
}
