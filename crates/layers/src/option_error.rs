use std::fmt;

/// A setting of a layer that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionError {
    /// Which one, as settings name it.
    pub option: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl OptionError {
    pub(crate) fn new(option: &'static str, problem: &'static str) -> Self {
        Self { option, problem }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.option, self.problem)
    }
}

impl std::error::Error for OptionError {}
