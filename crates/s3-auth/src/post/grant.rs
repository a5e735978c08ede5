use std::ops::RangeInclusive;
use std::sync::Arc;

use iam::Principal;
use types::Body;

use crate::Scheme;
use crate::body::RangedBody;

/// A form whose sender is known and whose fields fulfil its policy.
#[derive(Debug, Clone)]
pub struct FormGrant {
    /// On whose behalf it is sent: the policy's signer.
    pub who: Arc<Principal>,
    /// The access key that the policy was signed with; none by the anonymous.
    pub access_key_id: Option<Arc<str>>,
    /// How it was proven.
    pub scheme: Scheme,
    /// How many bytes the file may have: the policy's `content-length-range`.
    pub size_bytes: Option<RangeInclusive<u64>>,
}

impl FormGrant {
    /// Holds the file to the policy's size: past its most, or at an end before its least, the body fails.
    #[must_use]
    pub fn limit(&self, file: Body) -> Body {
        match &self.size_bytes {
            Some(allowed) => RangedBody::wrap(file, allowed.clone()),
            None => file,
        }
    }
}
