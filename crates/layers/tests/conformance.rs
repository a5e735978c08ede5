//! A store that is wrapped in each layer, alone and together, still keeps all promises of the port.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use layers::{
    Bandwidth, BandwidthOptions, Fault, FaultOptions, Limit, LimitOptions, Observe, Prefix, Quota,
    QuotaOptions, RequestLog, Retry, RetryOptions,
};
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{Layer, SharedStore, stack};
use support::Counting;
use types::Ceiling;

const PART_MIN_BYTES: u64 = 1024;

struct Stacked {
    layers: Vec<Box<dyn Layer>>,
    meta: MemoryMeta,
    blobs: MemoryBlobs,
}

impl Stacked {
    fn under(layers: Vec<Box<dyn Layer>>) -> Self {
        let blobs = MemoryBlobs::new(Ceiling::unlimited());
        Self { layers, meta: MemoryMeta::default(), blobs }
    }
}

#[async_trait]
impl StoreWorld for Stacked {
    async fn open(&self) -> SharedStore {
        let options =
            NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(Counting::from(1)) };
        let store = NativeStore::new(Arc::new(self.meta.clone()), Arc::new(self.blobs.clone()), options);
        stack(&self.layers, Arc::new(store)).unwrap()
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

fn boxed(layer: impl Layer + 'static) -> Box<dyn Layer> {
    Box::new(layer)
}

/// More than any case needs.
fn wide_limit() -> Box<dyn Layer> {
    let wait = Duration::from_secs(60);
    let options = LimitOptions { requests_per_second: Some(u32::MAX), concurrency: Some(1000), wait };
    boxed(Limit::new(options).unwrap())
}

fn wide_bandwidth() -> Box<dyn Layer> {
    let rate = Some(1 << 40);
    let options = BandwidthOptions { read_bytes_per_second: rate, write_bytes_per_second: rate };
    boxed(Bandwidth::new(options).unwrap())
}

fn wide_quota() -> Box<dyn Layer> {
    boxed(Quota::new(QuotaOptions { bytes: Some(1 << 40), objects: Some(1 << 40) }).unwrap())
}

fn patient_retry() -> Box<dyn Layer> {
    let options = RetryOptions { timeout: Duration::from_secs(60), ..RetryOptions::default() };
    boxed(Retry::new(options, Counting::from(2)).unwrap())
}

fn no_fault() -> Box<dyn Layer> {
    boxed(Fault::new(FaultOptions::default(), Counting::from(3)).unwrap())
}

fn prefix(prefix: &str) -> Box<dyn Layer> {
    boxed(Prefix::new(prefix).unwrap())
}

mod observe {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![boxed(Observe::new())]));
}

mod log {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![boxed(RequestLog::new("store"))]));
}

mod limit {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![wide_limit()]));
}

mod bandwidth {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![wide_bandwidth()]));
}

mod quota {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![wide_quota()]));
}

mod retry {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![patient_retry()]));
}

mod fault {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![no_fault()]));
}

mod prefix_of_nothing {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![prefix("")]));
}

mod below_a_prefix {
    use super::*;
    conformance::store_suite!(objects of Stacked::under(vec![prefix("deep/er/")]));
}

mod below_two_prefixes {
    use super::*;
    conformance::store_suite!(objects of Stacked::under(vec![prefix("in/"), prefix("out")]));
}

mod all_of_them {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![
        boxed(Observe::new()),
        boxed(RequestLog::new("store")),
        wide_limit(),
        wide_bandwidth(),
        patient_retry(),
        wide_quota(),
        prefix(""),
        no_fault(),
    ]));
}
