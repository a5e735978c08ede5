use std::path::Path;
use std::sync::Arc;

use meta::{Check, Commit, MetaError, MetaRead, MetaStore, ScanItem, ScanRequest};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::image::{Dice, Image, Loss};
use super::open_on;
use super::recording::{Event, Recording};
use crate::{Durability, SqliteMeta, SqliteOptions};

const TASKS: usize = 4;
const COMMITS_PER_SESSION: u32 = 60;
const SESSIONS: u32 = 2;
/// Records that a task keeps; each commit removes the one before them.
const WINDOW: u32 = 5;
const CUTS: usize = 160;

fn options(durability: Durability) -> SqliteOptions {
    // A small log begins anew many times in the recording.
    SqliteOptions { durability, log_bytes: 96 * 1024, ..SqliteOptions::default() }
}

/// Sizes in the row, beside it, and over many pages; content that tells one commit from another.
fn value(task: usize, number: u32) -> Vec<u8> {
    let size = [20, 700, 3000, 4096, 9000][number as usize % 5];
    (0..size as u32)
        .map(|place| (place.wrapping_mul(31) ^ number.wrapping_mul(7) ^ task as u32) as u8)
        .collect()
}

fn record_key(task: usize, number: u32) -> String {
    format!("task/{task}/record/{number:06}")
}

fn commit(task: usize, number: u32) -> Commit {
    let mut commit = Commit::default();
    commit.check(Check::Absent(record_key(task, number).into()));
    commit.put(format!("task/{task}/last"), number.to_string());
    commit.put(record_key(task, number), value(task, number));
    if let Some(old) = number.checked_sub(WINDOW) {
        commit.delete(record_key(task, old));
    }
    commit
}

/// Runs the workload and returns all that reached the device.
async fn record(durability: Durability) -> Vec<Event> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("meta.db");
    let recording = Arc::new(Mutex::new(Recording::default()));
    for session in 0..SESSIONS {
        let meta = Arc::new(open_on(recording.clone(), &path, options(durability)));
        recording.lock().events.push(Event::Opened);
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (meta, recording) = (meta.clone(), recording.clone());
            tasks.spawn(async move {
                for number in session * COMMITS_PER_SESSION..(session + 1) * COMMITS_PER_SESSION {
                    recording.lock().events.push(Event::Asked { task, number });
                    meta.commit(commit(task, number)).await.unwrap();
                    recording.lock().events.push(Event::Acknowledged { task, number });
                }
            });
        }
        tasks.join_all().await;
    }
    std::mem::take(&mut recording.lock().events)
}

/// What the tasks have been promised, and what they have asked for; `None` before their first commit.
#[derive(Debug, Default, Clone)]
struct Promises {
    acknowledged: [Option<u32>; TASKS],
    asked: [Option<u32>; TASKS],
}

impl Promises {
    fn advance(&mut self, event: &Event) {
        match event {
            Event::Asked { task, number } => self.asked[*task] = Some(*number),
            Event::Acknowledged { task, number } => self.acknowledged[*task] = Some(*number),
            _ => {}
        }
    }
}

/// Opens what a cut left and compares. An error says what was lost or torn.
async fn verify(path: &Path, promises: &Promises, durability: Durability) -> Result<(), String> {
    let failed = |error: MetaError| format!("{error}: {:?}", error.source);
    let meta = SqliteMeta::open(path, options(Durability::Relaxed)).map_err(failed)?;
    let damages = meta.check_structure().await.map_err(failed)?;
    if !damages.is_empty() {
        return Err(format!("{damages:?}"));
    }
    for task in 0..TASKS {
        let last = meta.get(format!("task/{task}/last").as_bytes()).await.map_err(failed)?;
        let last = last.map(|record| String::from_utf8_lossy(&record.value).parse::<u32>().unwrap());
        let promised = match durability {
            Durability::Strict => promises.acknowledged[task],
            Durability::Relaxed => None,
        };
        if last < promised || last > promises.asked[task] {
            return Err(format!("task {task} is at {last:?}, promised {promised:?}"));
        }
        let (start, end) = (format!("task/{task}/record/"), format!("task/{task}/record0"));
        let request = ScanRequest { start: start.into(), end: end.into(), limit: 1000, fold: None };
        let page = meta.scan(request).await.map_err(failed)?;
        let expected = last.map_or(0..0, |last| (last + 1).saturating_sub(WINDOW)..last + 1);
        let expected = expected.map(|number| (record_key(task, number), value(task, number)));
        let found = page.items.iter().map(|item| match item {
            ScanItem::Record(record) => {
                (String::from_utf8_lossy(&record.key).into_owned(), record.value.to_vec())
            }
            ScanItem::Prefix(_) => unreachable!("nothing folds here"),
        });
        if !found.eq(expected) {
            return Err(format!("task {task} is at {last:?} with other records"));
        }
    }
    let next = promises.asked[0].map_or(0, |asked| asked + 1);
    meta.commit(commit(0, next)).await.map_err(failed)?;
    meta.close().map_err(failed)
}

/// Cuts the recording in many places and verifies each; returns what was found wrong.
async fn replay(events: &[Event], durability: Durability, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut places: Vec<usize> = (0..CUTS).map(|_| dice.below(events.len() + 1)).collect();
    places.sort_unstable();
    let (mut image, mut promises, mut at) = (Image::default(), Promises::default(), 0);
    let mut wrong = Vec::new();
    for place in places {
        for event in &events[at..place] {
            image.advance(event);
            promises.advance(event);
        }
        at = place;
        let loss = [Loss::Everything, Loss::Nothing, Loss::Sectors(512), Loss::Sectors(4096)][dice.below(4)];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.db");
        for (suffix, content) in image.cut(loss, &mut dice) {
            if let Some(content) = content {
                std::fs::write(directory.path().join(format!("meta.db{suffix}")), content).unwrap();
            }
        }
        if let Err(what) = verify(&path, &promises, durability).await {
            wrong.push(format!("seed {seed}, cut at {place} of {}, {loss:?}: {what}", events.len()));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_commit_survives_any_power_cut() {
    let events = record(Durability::Strict).await;
    for seed in 1..=2 {
        let wrong = replay(&events, Durability::Strict, seed).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relaxed_durability_may_lose_commits_but_never_tears_one() {
    let events = record(Durability::Relaxed).await;
    let wrong = replay(&events, Durability::Relaxed, 3).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn every_acknowledged_commit_survives_thousands_of_power_cuts() {
    for seed in 100..130 {
        let events = record(Durability::Strict).await;
        let wrong = replay(&events, Durability::Strict, seed).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// Shows that the replay can fail: without synchronisations acknowledged commits are lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_ignores_synchronisation_is_found_out() {
    let mut events = record(Durability::Strict).await;
    events.retain(|event| !matches!(event, Event::Sync(_)));
    assert!(!replay(&events, Durability::Strict, 4).await.is_empty());
}

/// The recording has what the cuts are about: logs begun anew and moved, and a log that was removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recording_holds_every_kind_of_event() {
    use super::device::Role;
    let events = record(Durability::Strict).await;
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert!(count(|event| matches!(event, Event::Write { role: Role::Log, offset: 0, .. })) > 4);
    assert!(count(|event| matches!(event, Event::Sync(Role::Database))) > 4);
    assert!(count(|event| matches!(event, Event::Delete { role: Role::Log, .. })) > 0);
    assert!(count(|event| matches!(event, Event::Create(Role::Log))) > 1);
    assert_eq!(
        count(|event| matches!(event, Event::Acknowledged { .. })),
        TASKS * (COMMITS_PER_SESSION * SESSIONS) as usize
    );
}
