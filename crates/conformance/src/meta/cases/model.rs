//! A reference model: an ordered map.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use meta::{
    Check, Commit, Fold, MetaErrorKind, MetaRead, MetaStore, Record, Revision, ScanItem, ScanPage,
    ScanRequest, Write,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Handle;

use crate::meta::MetaWorld;
use crate::meta::steps::{all_items, range};

const CASES: u32 = 96;

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<CheckPlan>, Vec<Write>),
    Scan(ScanRequest),
    Snapshot,
}

/// A check, told without revisions, which a generator cannot know.
#[derive(Debug, Clone)]
enum CheckPlan {
    Absent(Bytes),
    /// The revision that is there, or one that is not.
    Equals(Bytes, bool),
    RangeEmpty(Bytes, Bytes),
}

#[derive(Default, Clone)]
struct Model(BTreeMap<Bytes, (Bytes, Revision)>);

impl Model {
    fn check(&self, plan: &CheckPlan) -> (Check, bool) {
        match plan {
            CheckPlan::Absent(key) => (Check::Absent(key.clone()), !self.0.contains_key(key)),
            CheckPlan::Equals(key, right) => {
                let current = self.0.get(key).map(|(_, revision)| *revision);
                let revision = current.unwrap_or(1) + u64::from(!right);
                (Check::Equals(key.clone(), revision), current == Some(revision))
            }
            CheckPlan::RangeEmpty(start, end) => {
                let holds = !self.0.keys().any(|key| start <= key && key < end);
                (Check::RangeEmpty { start: start.clone(), end: end.clone() }, holds)
            }
        }
    }

    fn apply(&mut self, writes: &[Write], revision: Revision) {
        for write in writes {
            match write {
                Write::Put { key, value } => self.0.insert(key.clone(), (value.clone(), revision)),
                Write::Delete { key } => self.0.remove(key),
            };
        }
    }

    fn scan(&self, request: &ScanRequest) -> ScanPage {
        let mut items: Vec<ScanItem> = Vec::new();
        for (key, (value, revision)) in &self.0 {
            if *key < request.start || *key >= request.end {
                continue;
            }
            let folded = request.fold.as_ref().and_then(|fold| {
                let places = fold.from..=key.len().saturating_sub(fold.delimiter.len());
                let place = places.into_iter().find(|place| key[*place..].starts_with(&fold.delimiter))?;
                Some(ScanItem::Prefix(key.slice(..place + fold.delimiter.len())))
            });
            let record = Record { key: key.clone(), value: value.clone(), revision: *revision };
            let item = folded.unwrap_or(ScanItem::Record(record));
            if items.last() != Some(&item) {
                items.push(item);
            }
        }
        let more = items.len() > request.limit;
        items.truncate(request.limit);
        ScanPage { items, more }
    }
}

/// Keys of few letters, so that they meet: NUL, delimiters and 0xFF among them.
fn key() -> impl Strategy<Value = Bytes> {
    vec(prop::sample::select(vec![0u8, b'/', b'a', b'b', 0xFE, 0xFF]), 1..5).prop_map(Bytes::from)
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => (key(), vec(any::<u8>(), 0..20)).prop_map(|(key, value)| Write::Put { key, value: value.into() }),
        1 => key().prop_map(|key| Write::Delete { key }),
    ]
}

fn check() -> impl Strategy<Value = CheckPlan> {
    prop_oneof![
        key().prop_map(CheckPlan::Absent),
        (key(), any::<bool>()).prop_map(|(key, right)| CheckPlan::Equals(key, right)),
        (key(), key()).prop_map(|(start, end)| CheckPlan::RangeEmpty(start, end)),
    ]
}

fn scan() -> impl Strategy<Value = ScanRequest> {
    let delimiter = prop::sample::select(vec![&b"/"[..], b"\xFF", b"\0", b"ab", b"\xFF\xFF", b"//"]);
    let fold = (delimiter, 0usize..4)
        .prop_map(|(delimiter, from)| Fold { delimiter: Bytes::from_static(delimiter), from });
    let start = prop_oneof![Just(Bytes::new()), key()];
    let end = prop_oneof![Just(Bytes::from_static(b"\xFF\xFF\xFF\xFF\xFF\xFF")), key()];
    (start, end, 0usize..12, prop::option::of(fold)).prop_map(|(start, end, limit, fold)| ScanRequest {
        start,
        end,
        limit,
        fold,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (vec(check(), 0..2), vec(write(), 0..12)).prop_map(|(checks, writes)| Step::Commit(checks, writes)),
        6 => scan().prop_map(Step::Scan),
        1 => Just(Step::Snapshot),
    ]
}

async fn clear(store: &dyn MetaStore) {
    let mut commit = Commit::default();
    for item in all_items(store, range(b"", &[0xFF; 8], 1000)).await {
        commit.delete(item.key().clone());
    }
    store.commit(commit).await.expect("a commit without checks");
}

async fn run(store: &dyn MetaStore, steps: Vec<Step>) -> Result<(), TestCaseError> {
    clear(store).await;
    let mut model = Model::default();
    let mut views: Vec<(Box<dyn MetaRead>, Model)> = Vec::new();
    for step in steps {
        match step {
            Step::Commit(plans, writes) => {
                let (checks, held): (Vec<_>, Vec<_>) = plans.iter().map(|plan| model.check(plan)).unzip();
                let outcome = store.commit(Commit { checks, writes: writes.clone() }).await;
                match held.iter().position(|held| !held) {
                    Some(index) => {
                        let kind = outcome.map_err(|error| error.kind);
                        prop_assert_eq!(kind, Err(MetaErrorKind::Conflict(index)));
                    }
                    None => model.apply(&writes, outcome.expect("all checks hold")),
                }
            }
            Step::Scan(request) => {
                prop_assert_eq!(&store.scan(request.clone()).await.expect("readable"), &model.scan(&request));
                for (view, model) in &views {
                    prop_assert_eq!(
                        &view.scan(request.clone()).await.expect("readable"),
                        &model.scan(&request)
                    );
                }
            }
            Step::Snapshot => views.push((store.snapshot().await.expect("a snapshot"), model.clone())),
        }
    }
    Ok(())
}

/// Random histories of commits, scans and snapshots answer as an ordered map does.
pub async fn random_commits_and_scans_match_an_ordered_map(world: &dyn MetaWorld) {
    let store: Arc<dyn MetaStore> = world.open();
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = tokio::task::block_in_place(|| {
        runner.run(&vec(step(), 1..40), |steps| Handle::current().block_on(run(&*store, steps)))
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
