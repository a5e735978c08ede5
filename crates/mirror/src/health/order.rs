use std::time::Duration;

/// Which target a read asks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadPolicy {
    /// The first in the order of the settings.
    #[default]
    Order,
    /// The one that recently answered fastest.
    Latency,
}

/// The places of targets, each told with whether it is in and how fast it is, in the order in which to ask them.
pub(super) fn order(policy: ReadPolicy, targets: impl Iterator<Item = (bool, Duration)>) -> Vec<usize> {
    let mut ranked: Vec<(bool, Duration, usize)> = targets
        .enumerate()
        .map(|(place, (is_in, latency))| {
            (!is_in, if policy == ReadPolicy::Latency { latency } else { Duration::ZERO }, place)
        })
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, _, place)| place).collect()
}
