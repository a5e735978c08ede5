use std::sync::Arc;

use futures_util::future::join_all;
use store::{Bucket, StoreError, Versioning};
use types::ObjectKey;

use super::digest::{Digest, digest};
use super::event::{Agreement, Depth, Finding, Remedy, Seen, SeenAt};
use super::held::{HeldVersion, Holdings};
use super::slot::{Known, Slot, agreement, shown_id, slots};
use crate::core::Core;
use crate::journal::{BucketRecord, KeyState};

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
    pub(super) findings: Vec<(Finding, u64)>,
}

/// Compares a key. `listed` is what each target listed of it a little before.
pub(super) async fn compare(
    core: Arc<Core>,
    plan: Arc<Plan>,
    key: ObjectKey,
    mut listed: Vec<Option<Vec<HeldVersion>>>,
) -> Result<Compared, StoreError> {
    let mut findings = Vec::new();
    for look in 1..=LOOKS_MAX {
        let before = known(&core, &plan, &key).await?;
        findings = look_at(&core, &plan, &key, (&before, listed)).await;
        let settled = findings
            .iter()
            .all(|(finding, _)| matches!(finding.agreement, Agreement::Same | Agreement::Owed));
        let unchanged = known(&core, &plan, &key).await? == before;
        if unchanged && (settled || look > 1) {
            break;
        }
        core.wait(&plan.bucket.name, &key).await;
        listed = relist(&core, &plan, &key).await?;
    }
    if plan.remedy == Remedy::Repair {
        for (finding, _) in &mut findings {
            repair(&core, &plan, finding).await?;
        }
    }
    Ok(Compared { key, findings })
}

type KnownRows = (KeyState, Vec<crate::journal::Version>);

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
) -> Vec<(Finding, u64)> {
    let known = Known { record: &plan.record, state, older: older.clone(), held };
    let mut findings = Vec::new();
    for slot in slots(core, known).into_iter().filter(|slot| !slot.is_void()) {
        let seen = join_all((0..core.targets.len()).map(|place| see(core, plan, key, (&slot, place)))).await;
        let bytes = seen.iter().map(|(_, bytes)| bytes).sum();
        let seen: Vec<Seen> = seen.into_iter().map(|(seen, _)| seen).collect();
        let agreement = agreement(&seen, plan.depth, slot.wants_object());
        let targets = core.targets.iter().zip(seen);
        let targets = targets.map(|(target, seen)| SeenAt { target: target.name.clone(), seen }).collect();
        let version_id = shown_id(&slot, &plan.record);
        let finding = Finding { key: key.clone(), version_id, agreement, targets, repaired: Vec::new() };
        findings.push((finding, bytes));
    }
    findings
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
            (Seen::Object { etag, size_bytes, sha256: Some(sha256), expected }, size_bytes)
        }
        Err(why) => (Seen::Unreadable(why), 0),
    }
}

/// Copies to targets that are proven to lack what others are proven to have.
async fn repair(core: &Arc<Core>, plan: &Plan, finding: &mut Finding) -> Result<(), StoreError> {
    let right = |seen: &SeenAt| matches!(&seen.seen, Seen::Object { expected: Some(true), .. });
    if !matches!(finding.agreement, Agreement::OnlyOn | Agreement::Differs)
        || !finding.targets.iter().any(right)
    {
        return Ok(());
    }
    let (name, handle) = (&plan.bucket.name, plan.bucket.handle);
    for (place, at) in finding.targets.iter().enumerate() {
        let wrong = matches!(&at.seen, Seen::Absent | Seen::Object { expected: Some(false), .. });
        if wrong {
            core.owe_again(place, name, handle, &finding.key, finding.version_id.as_ref()).await?;
            if core.repair_key(place, name, handle, &finding.key).await.is_ok() {
                finding.repaired.push(at.target.clone());
            }
        }
    }
    Ok(())
}
