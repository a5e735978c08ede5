use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use types::{Budget, Clock, Random};

/// What a client is made of.
#[derive(Clone)]
pub struct ClientOptions {
    /// The store's name, for logs.
    pub name: String,
    /// What the frames of answers' bodies count in.
    pub budget: Budget,
    /// Tells the time that requests are signed with.
    pub clock: Arc<dyn Clock>,
    /// Where jitter comes from.
    pub random: Arc<dyn Random>,
    /// How long and how often.
    pub limits: Limits,
    /// Whom to trust.
    pub roots: Roots,
}

/// Whose certificates a service may show.
#[derive(Clone, Default)]
pub enum Roots {
    /// Those that the system trusts; a bundled list where it has none.
    #[default]
    System,
    /// Those of this PEM text and no other.
    Pem(Vec<u8>),
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Pem(_) => "Pem",
        })
    }
}

/// How long a client waits, how often it tries, and how much it asks for at once. The default suits a service on the
/// other side of an ocean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The longest that a connection may take: name, TCP and TLS together.
    pub connect: Duration,
    /// The longest between the last byte sent and the head of the answer.
    pub first_byte: Duration,
    /// The longest between two bytes of a body, in either direction.
    pub idle: Duration,
    /// The most attempts at one request, the first included.
    pub attempts: u32,
    /// The most requests under way at once; one is under way until its answer's body has ended.
    pub max_in_flight: usize,
    /// The longest that a request waits to be one of them.
    pub queue: Duration,
    /// The most connections kept for later.
    pub max_idle: usize,
    /// The longest that a connection is kept for later.
    pub keep_idle: Duration,
    /// Pauses between attempts, and how many there may be in all.
    pub retry: RetryLimits,
    /// When a failing service is left alone.
    pub breaker: BreakerLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            attempts: 4,
            max_in_flight: 256,
            queue: Duration::from_secs(10),
            max_idle: 64,
            keep_idle: Duration::from_secs(20),
            retry: RetryLimits::default(),
            breaker: BreakerLimits::default(),
        }
    }
}

/// Pauses between attempts, and how many attempts there may be in all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryLimits {
    /// The pause before the second attempt is random, up to this; each further one up to twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    pub max_retry_after: Duration,
    /// How many attempts beyond the first may be saved up for bad times, over all requests.
    pub budget: u32,
    /// How many requests must succeed for one more.
    pub requests_per_retry: u32,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(200),
            max_pause: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(20),
            budget: 100,
            requests_per_retry: 10,
        }
    }
}

/// When a failing service is left alone, and when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerLimits {
    /// So many failures in a row open the breaker.
    pub failures: u32,
    /// The first time that it stays open; doubled each time that the probe fails.
    pub open: Duration,
    /// The longest time that it stays open.
    pub max_open: Duration,
    /// So many successes in a row close it again.
    pub successes: u32,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { failures: 16, open: Duration::from_secs(1), max_open: Duration::from_secs(30), successes: 3 }
    }
}
