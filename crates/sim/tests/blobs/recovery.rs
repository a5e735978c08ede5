use std::collections::{BTreeMap, BTreeSet};

use blob::{BlobId, BlobStore, FileBlobs, ScanScope, WriteOptions};
use bytes::Bytes;
use sim::SimDisk;
use types::Body;

use crate::world::{open, read};

/// What must be there after a cut.
#[derive(Debug, Default, Clone)]
pub(crate) struct Expected {
    /// Blobs that were acknowledged, and their bytes.
    pub(crate) live: BTreeMap<BlobId, Bytes>,
    /// Blobs whose removal was acknowledged.
    pub(crate) removed: BTreeSet<BlobId>,
    /// Blobs whose removal had begun: they may be there or not.
    pub(crate) leaving: BTreeSet<BlobId>,
}

pub(crate) async fn ids(store: &FileBlobs, scope: ScanScope) -> BTreeSet<BlobId> {
    let found = store.scan(scope, None, usize::MAX).await.expect("a scan succeeds");
    found.into_iter().map(|info| info.id).collect()
}

/// Starts on what a cut left, checks every promise, and sweeps as a new process would.
pub(crate) async fn recover(disk: &SimDisk, expected: &Expected) -> Result<(), String> {
    let store = open(disk).await;
    for (id, bytes) in &expected.live {
        match read(&store, *id).await {
            Ok(found) if found == bytes => {}
            Ok(_) => return Err(format!("blob {id} has other bytes")),
            Err(_) if expected.leaving.contains(id) => {}
            Err(error) => return Err(format!("acknowledged blob {id}: {error}")),
        }
    }
    let known: BTreeSet<BlobId> = expected.live.keys().copied().collect();
    let all = ids(&store, ScanScope::All).await;
    let unswept = ids(&store, ScanScope::Unswept).await;
    if let Some(id) = all.intersection(&expected.removed).next() {
        return Err(format!("blob {id} came back after its removal was acknowledged"));
    }
    if let Some(id) = all.iter().find(|id| !known.contains(id) && !unswept.contains(id)) {
        return Err(format!("blob {id} was left behind, and no sweep finds it"));
    }
    for id in unswept.difference(&known) {
        store.remove(*id).await.map_err(|error| error.to_string())?;
    }
    store.settle().await.map_err(|error| error.to_string())?;
    let left = ids(&store, ScanScope::All).await;
    if let Some(id) = left.iter().find(|id| !known.contains(id)) {
        return Err(format!("blob {id} is left after the sweep"));
    }
    let mut taken = &all | &known;
    taken.extend(&expected.removed);
    write_anew(&store, &taken).await
}

/// New blobs get ids that no blob had that anybody may remember.
async fn write_anew(store: &FileBlobs, taken: &BTreeSet<BlobId>) -> Result<(), String> {
    for _ in 0..3 {
        let body = Body::from_bytes(Bytes::from_static(b"after the cut"));
        let written = store.write(body, WriteOptions::default()).await.map_err(|error| error.to_string())?;
        if taken.contains(&written.id) {
            return Err(format!("id {} was issued again", written.id));
        }
    }
    Ok(())
}
