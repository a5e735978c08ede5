use blob::{BlobStore, ScanScope};
use meta::{Commit, MetaStore, Write};

use crate::keys::Family;
use crate::testing::{World, workload};
use crate::{DamageKind, ScrubCursor, ScrubDepth};

async fn filled() -> World {
    let world = World::new();
    let store = world.open();
    workload(&store).await.unwrap();
    store.collect_once().await.unwrap();
    world
}

async fn damages(world: &World, depth: ScrubDepth) -> Vec<crate::Damage> {
    let mut scrub = world.open().scrub(None, depth);
    let mut damages = Vec::new();
    loop {
        let step = scrub.step().await.unwrap();
        damages.extend(step.damages);
        if step.done {
            return damages;
        }
    }
}

/// Changes the first record of a family, and tells what a scrub then says.
async fn after_changing(family: Family, change: impl Fn(&meta::Record) -> Write) -> Vec<DamageKind> {
    let world = filled().await;
    let record = world.meta.records().find(|record| record.key[0] == family as u8).unwrap();
    let mut commit = Commit::default();
    commit.writes.push(change(&record));
    world.meta.commit(commit).await.unwrap();
    let mut kinds: Vec<_> =
        damages(&world, ScrubDepth::Records).await.into_iter().map(|damage| damage.kind).collect();
    kinds.dedup();
    kinds
}

fn removed(record: &meta::Record) -> Write {
    Write::Delete { key: record.key.clone() }
}

fn garbled(record: &meta::Record) -> Write {
    Write::Put { key: record.key.clone(), value: [&[0xEE], &record.value[..]].concat().into() }
}

fn cut(record: &meta::Record) -> Write {
    Write::Put { key: record.key.clone(), value: record.value.slice(..record.value.len() - 1) }
}

#[tokio::test]
async fn a_sound_store_has_no_damages() {
    assert_eq!(damages(&filled().await, ScrubDepth::Bytes).await, []);
}

#[tokio::test]
async fn each_damage_is_found() {
    for family in [
        Family::Bucket,
        Family::Completed,
        Family::Current,
        Family::KeyState,
        Family::Part,
        Family::Upload,
        Family::Version,
    ] {
        for change in [garbled, cut] {
            let kinds = after_changing(family, change).await;
            assert!(kinds.contains(&DamageKind::RecordMalformed), "{family:?}: {kinds:?}");
        }
    }
    assert_eq!(after_changing(Family::Data, removed).await, [DamageKind::DataMissing]);
    assert_eq!(after_changing(Family::Data, cut).await, [DamageKind::DataSize]);
    assert_eq!(after_changing(Family::BlobReference, removed).await, [DamageKind::Unreferenced]);
    assert_eq!(after_changing(Family::TableReference, removed).await, [DamageKind::Unreferenced]);
    assert_eq!(after_changing(Family::PartPage, removed).await, [DamageKind::DataMissing]);
    let kinds = after_changing(Family::KeyState, removed).await;
    assert!(matches!(kinds[..], [DamageKind::Contradiction(_)]), "{kinds:?}");
}

#[tokio::test]
async fn a_missing_blob_is_found_and_named() {
    let world = filled().await;
    let blob = world.blobs.scan(ScanScope::All, None, 1).await.unwrap()[0].id;
    world.blobs.remove(blob).await.unwrap();
    let found = damages(&world, ScrubDepth::Records).await;
    assert!(!found.is_empty());
    assert!(found.iter().all(|damage| damage.kind == DamageKind::DataMissing));
    assert!(found.iter().any(|damage| damage.bucket.is_some() && damage.key.is_some()), "{found:?}");
}

#[tokio::test]
async fn a_scrub_goes_on_where_it_was_left() {
    let world = filled().await;
    let store = world.open();
    let total = store.scrub(None, ScrubDepth::Bytes).records_left().await.unwrap();
    assert_eq!(total, world.meta.records().count() as u64);
    let (mut cursor, mut records, mut blobs) = (None, 0, 0);
    loop {
        let mut scrub = store.scrub(cursor, ScrubDepth::Bytes);
        let step = scrub.step().await.unwrap();
        (records, blobs) = (records + step.records, blobs + step.blobs);
        if step.done {
            break;
        }
        cursor = Some(step.cursor.to_string().parse::<ScrubCursor>().unwrap());
    }
    assert_eq!(records, total);
    assert_eq!(blobs as usize, world.blobs.scan(ScanScope::All, None, 100_000).await.unwrap().len());
}
