use std::sync::Arc;

use remote::{Client, Ledger};
use types::{Budget, Clock, Owner, Random};

use crate::{CredentialsSource, Endpoint};

/// Whether conditional writes are trusted to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conditional {
    /// Once a probe on a reserved key has shown that it honours them; until then, and where it does not, they are refused.
    #[default]
    Probe,
    /// Without a probe.
    Native,
    /// Never: they are refused.
    Refuse,
}

/// What a store on another S3 is made of.
#[derive(Clone)]
pub struct S3Options {
    /// Where the service is.
    pub endpoint: Endpoint,
    /// The region that is signed for and that new buckets are made in; the endpoint's own, or `us-east-1`, where none is named.
    pub region: Option<String>,
    /// Where credentials come from.
    pub credentials: Arc<dyn CredentialsSource>,
    /// Whether conditional writes are trusted to it.
    pub conditional: Conditional,
    /// What requests are sent with.
    pub client: Client,
    /// What is kept on this side: owners, how uploads were begun, what probes have shown.
    pub ledger: Ledger,
    /// What bodies of unknown length are held in.
    pub budget: Budget,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where names of probes come from.
    pub random: Arc<dyn Random>,
    /// Who owns buckets that were not made here.
    pub root_owner: Owner,
}
