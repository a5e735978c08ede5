use types::BucketName;

use crate::config::section::Section;
use crate::config::{ConfigError, Secret};

/// A store on Azure Blob Storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AzureStoreSettings {
    /// The service's URL; `https://ACCOUNT.blob.core.windows.net` where none is named.
    pub(crate) endpoint: Option<String>,
    /// The storage account; named by the connection string where there is one.
    pub(crate) account: Option<String>,
    pub(crate) keys: AzureKeys,
    /// The container of parts that are on their way to an object.
    pub(crate) staging: BucketName,
}

/// How requests to Azure prove who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AzureKeys {
    /// Endpoint, account and key or SAS in one text.
    ConnectionString(Secret),
    /// The account's key.
    Key(Secret),
    /// A shared access signature.
    Sas(Secret),
    /// The identity of the machine that this runs on; which, where it has several.
    Managed { client_id: Option<String> },
    /// The identity of the workload that this is, by a token that the platform leaves in a file.
    Workload { client_id: Option<String> },
}

const DEFAULT_STAGING: &str = "sluice-staging";
const WAYS: [&str; 4] = ["connection_string", "key", "sas", "identity"];

impl AzureStoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let settings = Self {
            endpoint: section.url("endpoint")?,
            account: section.text("account")?.map(str::to_owned),
            keys: keys(section)?,
            staging: staging(section)?,
        };
        match &settings.keys {
            AzureKeys::ConnectionString(_) => {
                for beside in ["endpoint", "account"] {
                    if section.text(beside)?.is_some() {
                        let message = "is said by the connection string; leave it out";
                        return Err(ConfigError::new(section.setting(beside), message));
                    }
                }
            }
            _ if settings.account.is_none() => {
                return Err(ConfigError::new(
                    section.setting("account"),
                    "is missing; the storage account's name",
                ));
            }
            _ => {}
        }
        Ok(settings)
    }
}

fn keys(section: &Section<'_>) -> Result<AzureKeys, ConfigError> {
    let mut named = Vec::new();
    for way in WAYS {
        if section.text(way)?.is_some() {
            named.push(way);
        }
    }
    if let [first, second, ..] = named[..] {
        let message = format!("is set, but {first} is too; use one of them");
        return Err(ConfigError::new(section.setting(second), message));
    }
    let client_id = section.text("client_id")?.map(str::to_owned);
    if client_id.is_some() && named != ["identity"] {
        let message = "tells identities apart: set identity = \"managed\" or \"workload\" beside it";
        return Err(ConfigError::new(section.setting("client_id"), message));
    }
    Ok(match named.first() {
        Some(&"connection_string") => AzureKeys::ConnectionString(section.secret("connection_string")?),
        Some(&"key") => AzureKeys::Key(section.secret("key")?),
        Some(&"sas") => AzureKeys::Sas(section.secret("sas")?),
        Some(_) => match section.choice("identity", &[("managed", true), ("workload", false)], true)? {
            true => AzureKeys::Managed { client_id },
            false => AzureKeys::Workload { client_id },
        },
        None => {
            let message = "is missing: set one of connection_string, key, sas, identity";
            return Err(ConfigError::new(section.setting("key"), message));
        }
    })
}

/// A container is named by the rules of S3's buckets, less the dot.
fn staging(section: &Section<'_>) -> Result<BucketName, ConfigError> {
    let text = section.text("staging")?.unwrap_or(DEFAULT_STAGING);
    match BucketName::new(text) {
        Ok(name) if !text.contains('.') && !text.contains("--") => Ok(name),
        _ => {
            let message = format!("\"{text}\" is not a container's name: 3 to 63 of a-z, 0-9 and single '-'");
            Err(ConfigError::new(section.setting("staging"), message))
        }
    }
}
