use std::fmt;
use std::str::FromStr;

use crate::ActionKind;

/// What an access key may do, in place of the ownership default. It covers all buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPolicy {
    /// Get, head and list.
    ReadOnly,
    /// Everything, making and deleting buckets included.
    ReadWrite,
    /// Put, delete and multipart uploads; no get, no list.
    WriteOnly,
}

impl KeyPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::ReadWrite, Self::WriteOnly];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "readonly",
            Self::ReadWrite => "readwrite",
            Self::WriteOnly => "writeonly",
        }
    }

    /// Whether actions of this kind are allowed.
    #[must_use]
    pub const fn allows(self, kind: ActionKind) -> bool {
        match self {
            Self::ReadOnly => matches!(kind, ActionKind::Read | ActionKind::List),
            Self::ReadWrite => true,
            Self::WriteOnly => matches!(kind, ActionKind::Write),
        }
    }
}

impl fmt::Display for KeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no [`KeyPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKeyPolicy;

impl fmt::Display for InvalidKeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key's policy is \"readonly\", \"readwrite\" or \"writeonly\"")
    }
}

impl std::error::Error for InvalidKeyPolicy {}

impl FromStr for KeyPolicy {
    type Err = InvalidKeyPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidKeyPolicy> {
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or(InvalidKeyPolicy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for policy in KeyPolicy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy));
        }
        for text in ["", "ReadOnly", "read-only", "admin"] {
            assert_eq!(text.parse::<KeyPolicy>(), Err(InvalidKeyPolicy), "{text}");
        }
    }
}
