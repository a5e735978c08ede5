use std::io;
use std::ops::Range;

use super::active::ActiveWrites;
use super::{epochs, name};
use crate::fs::FileSystem;
use crate::{BlobId, BlobInfo};

/// At most `limit` blobs of the given epochs with ids above `after`, in order, without those being written. Blocks.
pub(super) fn scan(
    fs: &dyn FileSystem,
    active: &ActiveWrites,
    scope: Range<u64>,
    after: Option<BlobId>,
    limit: usize,
) -> io::Result<Vec<BlobInfo>> {
    let from = after.map_or(scope.start, |after| name::epoch_of(after).max(scope.start));
    let mut found = Vec::new();
    for epoch in epochs::list(fs)?.into_iter().filter(|epoch| (from..scope.end).contains(epoch)) {
        // Taken before the directory is read: a write that ends in between stays hidden this once.
        let active = active.snapshot();
        let mut ids = blobs_of(fs, epoch)?;
        ids.retain(|id| after.is_none_or(|after| *id > after) && !active.contains(id));
        ids.truncate(limit - found.len());
        found.extend(ids.into_iter().map(|id| BlobInfo { id, size_bytes: None }));
        if found.len() == limit {
            break;
        }
    }
    Ok(found)
}

/// The blobs in an epoch's directory, in order; none where it was removed meanwhile.
fn blobs_of(fs: &dyn FileSystem, epoch: u64) -> io::Result<Vec<BlobId>> {
    let entries = match fs.list(&name::epoch_path(epoch)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids: Vec<_> = entries.iter().filter_map(|entry| name::parse_blob(&entry.name)).collect();
    // A file that was put into another epoch's directory by hand is not found by its id: it is none of ours.
    ids.retain(|id| name::epoch_of(*id) == epoch);
    ids.sort_unstable();
    Ok(ids)
}
