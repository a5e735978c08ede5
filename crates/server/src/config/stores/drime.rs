use crate::config::section::Section;
use crate::config::{ConfigError, Secret};

/// A store on a Drime cloud drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DrimeStoreSettings {
    /// The URL of the drive's API.
    pub(crate) endpoint: String,
    pub(crate) token: Secret,
    /// The workspace; 0 is the personal one.
    pub(crate) workspace: u64,
    pub(crate) root: DrimeRoot,
    pub(crate) conditional: DrimeConditional,
}

/// What the buckets of a drive are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrimeRoot {
    /// The folders at the top.
    Buckets,
    /// One, named `default`, that holds everything.
    Default,
}

/// Whether conditional writes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrimeConditional {
    /// No: the drive has no means to decide them.
    Refuse,
    /// Decided among the writers of this server, which is the only one that writes.
    Exclusive,
}

const DEFAULT_ENDPOINT: &str = "https://app.drime.cloud/api/v1";

impl DrimeStoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let roots = [("buckets", DrimeRoot::Buckets), ("default", DrimeRoot::Default)];
        let conditionals = [("refuse", DrimeConditional::Refuse), ("exclusive", DrimeConditional::Exclusive)];
        Ok(Self {
            endpoint: section.url("endpoint")?.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()),
            token: section.secret("token")?,
            workspace: section.count("workspace")?.unwrap_or(0),
            root: section.choice("root", &roots, DrimeRoot::Buckets)?,
            conditional: section.choice("conditional", &conditionals, DrimeConditional::Refuse)?,
        })
    }
}
