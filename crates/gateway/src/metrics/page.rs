use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use types::{HISTOGRAM_BOUNDS_US, HistogramSnapshot};

use super::process;
use super::reading::{Reading, ReadingValue, Source};
use crate::shared::Shared;

/// The page that Prometheus reads.
pub(crate) struct MetricsPage(Registry);

impl MetricsPage {
    /// A page of this listener's numbers and those of other rooms.
    pub(crate) fn new(shared: Arc<Shared>, sources: Vec<Source>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(AllReadings { shared, sources }));
        Self(registry)
    }

    /// The page as text, read now. Source: the OpenMetrics text format, 1.0.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0)
            .expect("writing to a string does not fail");
        text
    }
}

struct AllReadings {
    shared: Arc<Shared>,
    sources: Vec<Source>,
}

impl fmt::Debug for AllReadings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllReadings").finish_non_exhaustive()
    }
}

impl Collector for AllReadings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let shared = &self.shared;
        let mut readings = shared.metrics.readings();
        readings.extend(shared.connections.readings());
        readings.extend(shared.readings());
        readings.extend(process::readings());
        readings.extend(self.sources.iter().flat_map(|source| source()));
        let mut by_name: BTreeMap<&'static str, Vec<Reading>> = BTreeMap::new();
        for reading in readings {
            by_name.entry(reading.name).or_default().push(reading);
        }
        by_name.into_iter().try_for_each(|(name, readings)| family(&mut encoder, name, &readings))
    }
}

fn family(encoder: &mut DescriptorEncoder<'_>, name: &str, readings: &[Reading]) -> fmt::Result {
    let Some(first) = readings.first() else { return Ok(()) };
    let kind = match first.value {
        ReadingValue::Counter(_) => MetricType::Counter,
        ReadingValue::Gauge(_) => MetricType::Gauge,
        ReadingValue::Histogram(_) => MetricType::Histogram,
    };
    let mut metric = encoder.encode_descriptor(name, first.help, None, kind)?;
    if first.labels.is_empty() {
        return value(&first.value, metric);
    }
    for reading in readings {
        value(&reading.value, metric.encode_family(&reading.labels.as_slice())?)?;
    }
    Ok(())
}

fn value(value: &ReadingValue, encoder: MetricEncoder<'_>) -> fmt::Result {
    match value {
        ReadingValue::Counter(count) => ConstCounter::new(*count).encode(encoder),
        ReadingValue::Gauge(amount) => ConstGauge::new(*amount).encode(encoder),
        ReadingValue::Histogram(snapshot) => histogram(snapshot, encoder),
    }
}

fn histogram(snapshot: &HistogramSnapshot, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    let bounds = HISTOGRAM_BOUNDS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(snapshot.buckets).collect();
    let count = snapshot.buckets.iter().sum();
    encoder.encode_histogram::<[(&str, &str); 0]>(snapshot.sum.as_secs_f64(), count, &buckets, None)
}
