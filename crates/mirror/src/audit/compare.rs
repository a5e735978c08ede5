use std::sync::Arc;

use futures_util::future::join_all;
use store::{Bucket, StoreError, Versioning};
use types::ObjectKey;

use super::digest::{Digest, digest};
use super::event::{Agreement, Depth, Finding, Remedy, Seen, SeenAt};
use super::held::{HeldVersion, Holdings};
use super::slot::{Known, Slot, agreement, shown_id, slots};
use crate::core::Core;
use crate::journal::{BucketRecord, KeyState, Version};
use crate::repair::KeyName;

/// How often a key is looked at anew because it changed meanwhile.
const LOOKS_MAX: usize = 3;

/// What every comparison of one audit shares.
pub(super) struct Plan {
    pub(super) bucket: Bucket,
    pub(super) record: BucketRecord,
    pub(super) depth: Depth,
    pub(super) remedy: Remedy,
    /// The targets that are compared, with their own records of the bucket, by place.
    pub(super) at: Vec<Option<Bucket>>,
}

/// What a comparison came to.
pub(super) struct Compared {
    pub(super) key: ObjectKey,
    pub(super) found: Vec<Found>,
}

/// How a version was found.
pub(super) struct Found {
    pub(super) finding: Finding,
    /// Bytes that were read to know it.
    pub(super) bytes: u64,
    /// Whether the journal knows it as an object; `None` where it does not know it.
    wants_object: Option<bool>,
    /// As the journal knew it before the targets were asked.
    version: Option<Version>,
}

/// Compares a key. `listed` is what each target listed of it a little before.
pub(super) async fn compare(
    core: Arc<Core>,
    plan: Arc<Plan>,
    key: ObjectKey,
    mut listed: Vec<Option<Vec<HeldVersion>>>,
) -> Result<Compared, StoreError> {
    let mut found = Vec::new();
    for look in 1..=LOOKS_MAX {
        let before = known(&core, &plan, &key).await?;
        found = look_at(&core, &plan, &key, (&before, listed)).await;
        let agrees = |found: &Found| matches!(found.finding.agreement, Agreement::Same | Agreement::Owed);
        let settled = found.iter().all(agrees);
        let unchanged = known(&core, &plan, &key).await? == before;
        if unchanged && (settled || look > 1) {
            break;
        }
        core.wait(&plan.bucket.name, &key).await;
        listed = relist(&core, &plan, &key).await?;
    }
    if plan.remedy == Remedy::Repair {
        repair(&core, &plan, &mut found).await?;
    }
    Ok(Compared { key, found })
}

type KnownRows = (KeyState, Vec<Version>);

async fn known(core: &Arc<Core>, plan: &Plan, key: &ObjectKey) -> Result<KnownRows, StoreError> {
    let handle = plan.bucket.handle;
    let state = core.journal.key(handle, key).await?.unwrap_or_else(KeyState::unrecorded);
    let older = match plan.record.versioning {
        Versioning::Off => Vec::new(),
        Versioning::Enabled | Versioning::Suspended => core.journal.all_noncurrent(handle, key).await?,
    };
    Ok((state, older))
}

/// What each target holds of the key now.
async fn relist(
    core: &Arc<Core>,
    plan: &Plan,
    key: &ObjectKey,
) -> Result<Vec<Option<Vec<HeldVersion>>>, StoreError> {
    let each = plan.at.iter().enumerate().map(|(place, at)| async move {
        match at.clone() {
            Some(at) => Holdings::of_key(core, (place, at), key).await.map(Some),
            None => Ok(None),
        }
    });
    join_all(each).await.into_iter().collect()
}

async fn look_at(
    core: &Arc<Core>,
    plan: &Plan,
    key: &ObjectKey,
    ((state, older), held): (&KnownRows, Vec<Option<Vec<HeldVersion>>>),
) -> Vec<Found> {
    let known = Known { record: &plan.record, state, older: older.clone(), held };
    let mut found = Vec::new();
    for slot in slots(core, known).into_iter().filter(|slot| !slot.is_void()) {
        let seen = join_all((0..core.targets.len()).map(|place| see(core, plan, key, (&slot, place)))).await;
        let bytes = seen.iter().map(|(_, bytes)| bytes).sum();
        let seen: Vec<Seen> = seen.into_iter().map(|(seen, _)| seen).collect();
        let agreement = agreement(&seen, plan.depth, slot.wants_object());
        let targets = core.targets.iter().zip(seen);
        let targets = targets.map(|(target, seen)| SeenAt { target: target.name.clone(), seen }).collect();
        let version_id = shown_id(&slot, &plan.record);
        let finding = Finding { key: key.clone(), version_id, agreement, targets, repaired: Vec::new() };
        found.push(Found { finding, bytes, wants_object: slot.wants_object(), version: slot.version });
    }
    found
}

/// What a target has, and how many bytes were read to know it.
async fn see(core: &Arc<Core>, plan: &Plan, key: &ObjectKey, (slot, place): (&Slot, usize)) -> (Seen, u64) {
    let listed = slot.listed(core, place);
    if plan.depth == Depth::Shallow || !matches!(listed, Seen::Object { .. }) {
        return (listed, 0);
    }
    let name = &plan.bucket.name;
    match digest(core, place, (name, key), slot.address(place), slot.proof()).await {
        Ok(Digest { sha256, size_bytes, etag, expected }) => {
            // Without a checksum to hold the bytes against, what is expected is told by size and tag.
            let expected = expected.or_else(|| slot.is_known_as(core, place, (&etag, size_bytes)));
            (Seen::Object { etag, size_bytes, sha256: Some(sha256), expected }, size_bytes)
        }
        Err(why) => (Seen::Unreadable(why), 0),
    }
}

/// Copies to targets that lack what the journal says and others are proven to have. Nothing is proven where those others
/// have different bytes.
async fn repair(core: &Arc<Core>, plan: &Plan, found: &mut [Found]) -> Result<(), StoreError> {
    let (name, handle) = (&plan.bucket.name, plan.bucket.handle);
    for place in 0..core.targets.len() {
        let mut owing = Vec::new();
        for (nth, found) in found.iter().enumerate() {
            let Found { finding, wants_object, version, .. } = found;
            if !is_proven(finding, *wants_object) || !lacks(&finding.targets[place].seen, *wants_object) {
                continue;
            }
            let Some(version) = version else { continue };
            let name = KeyName { bucket: name.clone(), handle, key: finding.key.clone() };
            core.owe_again(place, &name, version).await?;
            owing.push(nth);
        }
        let Some(first) = owing.first() else { continue };
        let key = found[*first].finding.key.clone();
        if core.repair_key(place, name, handle, &key).await.is_ok() {
            let target = &core.targets[place].name;
            owing.iter().for_each(|nth| found[*nth].finding.repaired.push(target.clone()));
        }
    }
    Ok(())
}

/// Whether it is proven what a version is, and that some target has it.
fn is_proven(finding: &Finding, wants_object: Option<bool>) -> bool {
    if !matches!(finding.agreement, Agreement::OnlyOn | Agreement::Differs) {
        return false;
    }
    let mut right = finding.targets.iter().filter_map(|at| match (&at.seen, wants_object) {
        (Seen::Object { expected: Some(true), sha256, .. }, Some(true)) => Some(*sha256),
        (Seen::Marker, Some(false)) => Some(None),
        _ => None,
    });
    right.next().is_some_and(|first| right.all(|other| other == first))
}

/// Whether a target does not have what is proven.
fn lacks(seen: &Seen, wants_object: Option<bool>) -> bool {
    match seen {
        Seen::Absent => true,
        Seen::Object { expected, .. } => wants_object == Some(false) || *expected == Some(false),
        Seen::Marker => wants_object == Some(true),
        Seen::Owed | Seen::Unreadable(_) => false,
    }
}
