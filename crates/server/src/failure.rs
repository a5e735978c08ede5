use std::error::Error;
use std::fmt;

use crate::config::ConfigError;
use crate::state::StateError;

/// Why the program ends without having done what it was asked: what went wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    message: String,
    status: ExitStatus,
}

/// Exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// Something failed.
    Failed = 1,
    /// The command line, the environment or the configuration is wrong.
    Configuration = 2,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: ExitStatus::Failed }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: ExitStatus::Configuration }
    }

    /// The program's exit code.
    pub(crate) fn code(&self) -> u8 {
        self.status as u8
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::new(error.to_string())
    }
}

/// An error with all its causes on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
