use std::sync::Arc;

use types::Owner;

use crate::{KeyPolicy, ROOT_NAME, owner_of};

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The operator of the server, who may do everything.
    Root {
        /// Root as an owner.
        owner: Owner,
    },
    /// A user of the configuration. Keys of one name are one user, each with a policy of its own.
    User {
        /// The user's name.
        name: Arc<str>,
        /// The user as an owner.
        owner: Owner,
        /// What the key in use may do; without one the ownership default decides.
        policy: Option<KeyPolicy>,
    },
    /// Whoever sends no proof of identity.
    Anonymous,
}

impl Principal {
    /// The operator.
    #[must_use]
    pub fn root() -> Self {
        Self::Root { owner: owner_of(ROOT_NAME) }
    }

    /// A user by name, with the policy of the key in use.
    #[must_use]
    pub fn user(name: &str, policy: Option<KeyPolicy>) -> Self {
        let owner = owner_of(name);
        Self::User { name: Arc::clone(&owner.display_name), owner, policy }
    }

    /// The principal as an owner: of the buckets it makes and the uploads it begins. `None` for the anonymous.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Root { owner } | Self::User { owner, .. } => Some(owner),
            Self::Anonymous => None,
        }
    }

    /// The name for logs.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Root { owner } => &owner.display_name,
            Self::User { name, .. } => name,
            Self::Anonymous => "anonymous",
        }
    }
}
