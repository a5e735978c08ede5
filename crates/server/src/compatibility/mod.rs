//! What each store can do, operation by operation: the admin listener's answer, and the page of the documentation.

mod answer;
#[cfg(test)]
mod page;

use s3_model::{Operation, OperationRow, Status};
use store::{Bucket, Capabilities, SharedStore, Versioning};
use types::{BucketName, TagSet, Timestamp};

pub(crate) use answer::answer;

/// What a store can do is asked for a bucket; this is one that nobody has changed.
fn capabilities_of(store: &SharedStore) -> Capabilities {
    store.capabilities(&Bucket {
        name: BucketName::new("any").expect("three letters are a legal name"),
        owner: iam::owner_of(iam::ROOT_NAME),
        created_at: Timestamp::default(),
        versioning: Versioning::Off,
        tags: TagSet::default(),
        handle: 0,
        revision: 0,
    })
}

/// The operations that a store has a part in, by name.
fn operations() -> Vec<&'static OperationRow> {
    let mut rows: Vec<_> =
        Operation::table().iter().filter(|row| matches!(row.status, Status::Implemented)).collect();
    rows.sort_by_key(|row| row.name);
    rows
}
