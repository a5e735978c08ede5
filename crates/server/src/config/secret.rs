use std::fmt;
use std::path::Path;

use super::{ConfigError, Environment};

/// A secret's text, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Resolves a setting: `env:NAME`, `file:PATH` (relative to the configuration; its text without the final line break),
    /// else the value itself.
    pub(crate) fn resolve(
        reference: &str,
        setting: &str,
        base: &Path,
        environment: &dyn Environment,
    ) -> Result<Self, ConfigError> {
        let text = if let Some(name) = reference.strip_prefix("env:") {
            environment
                .variable(name)
                .ok_or_else(|| ConfigError::new(setting, format!("the variable {name} is not set")))?
        } else if let Some(path) = reference.strip_prefix("file:") {
            let path = base.join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                ConfigError::new(setting, format!("cannot read {}: {error}", path.display()))
            })?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        } else {
            reference.to_owned()
        };
        if text.is_empty() { Err(ConfigError::new(setting, "the secret is empty")) } else { Ok(Self(text)) }
    }

    /// The text itself, for the room that proves identities with it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
