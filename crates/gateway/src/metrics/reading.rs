use types::HistogramSnapshot;

/// One number of the metrics page.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The metric's name, `sluice_…`, without `_total`.
    pub name: &'static str,
    /// What it counts, in a few words.
    pub help: &'static str,
    /// Labels; each of few values.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: ReadingValue,
}

/// A metric's number by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingValue {
    /// Only grows.
    Counter(u64),
    /// Goes up and down.
    Gauge(f64),
    /// Durations in buckets, shown in seconds.
    Histogram(HistogramSnapshot),
}

impl Reading {
    /// A number without labels.
    #[must_use]
    pub fn new(name: &'static str, help: &'static str, value: ReadingValue) -> Self {
        Self { name, help, labels: Vec::new(), value }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

/// Reads what another room counts, each time the page is asked for.
pub type Source = Box<dyn Fn() -> Vec<Reading> + Send + Sync>;
