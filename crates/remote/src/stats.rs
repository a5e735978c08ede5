use types::{Counter, DurationHistogram};

/// What a client has done, for metrics.
#[derive(Debug, Default)]
pub struct Stats {
    /// Connections opened. Requests sent beyond these went over a connection that was there.
    pub connections: Counter,
    /// Connections that could not be opened.
    pub connections_failed: Counter,
    /// Attempts sent over a connection.
    pub requests: Counter,
    /// Attempts beyond the first of their request.
    pub retries: Counter,
    /// Retries not made because the budget for them was spent.
    pub retries_denied: Counter,
    /// Times that the breaker opened.
    pub breaker_openings: Counter,
    /// Requests refused because it was open.
    pub breaker_refusals: Counter,
    /// Attempts that ended because time had run out.
    pub time_outs: Counter,
    /// Bytes of request bodies sent.
    pub sent_bytes: Counter,
    /// Bytes of answers' bodies received.
    pub received_bytes: Counter,
    /// From taking an attempt up to the head of its answer.
    pub durations: DurationHistogram,
}
