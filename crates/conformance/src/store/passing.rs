//! Copies that pass through a gateway, with less memory than all of them would take.

#![allow(clippy::unwrap_used, reason = "a step that cannot go on has failed")]

use std::time::Duration;

use bytes::Bytes;
use hash::Md5;
use store::{CopyPartOptions, CopySource, CreateUploadOptions, SharedStore, UploadRef};
use types::{Body, ByteRange, Context, ETag, FRAME_MIN_BYTES, TagSet};

use crate::blob::bodies::pattern;
use crate::store::desk::{bucket_name, key, owner};

/// More than there are frames in the budget.
const COPIES: u64 = 40;
const PART_BYTES: u64 = 1 << 20;
/// Parts of the source, copied by turns.
const PARTS: u64 = 4;
/// Longer than all of them take, one after the other.
const PATIENCE: Duration = Duration::from_secs(50);

/// A budget all of which copies side by side would hold, each waiting for the others.
pub const SMALL_BUDGET_BYTES: usize = 16 * FRAME_MIN_BYTES;

/// Many parts are copied side by side, and all arrive.
///
/// # Panics
/// Where they do not.
pub async fn parts_copied_side_by_side_all_arrive(store: SharedStore) {
    let cx = Context::background();
    let name = bucket_name("side-by-side");
    let bucket = store.create_bucket(&cx, &name, &owner("root"), &TagSet::default()).await.unwrap();
    let (whole, from, to) = (pattern(9, (PARTS * PART_BYTES) as usize), key("from"), key("to"));
    let frames = whole.chunks(FRAME_MIN_BYTES).map(Bytes::copy_from_slice).collect();
    let put = store.put(&cx, &bucket, &from, Body::from_frames(frames), Default::default()).await.unwrap();
    let id = store.create_upload(&cx, &bucket, &to, CreateUploadOptions::default()).await.unwrap();
    let source = CopySource { bucket: bucket.clone().into(), key: from, version_id: None, etag: put.etag };
    let copies = (0..COPIES).map(|place| {
        let (store, bucket, source) = (store.clone(), bucket.clone(), source.clone());
        let (key, id) = (to.clone(), id.clone());
        let start = place % PARTS * PART_BYTES;
        let range = ByteRange { start, end: start + PART_BYTES };
        let expected = whole.slice(range.start as usize..range.end as usize);
        tokio::spawn(async move {
            let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
            let number = u32::try_from(place).unwrap() + 1;
            let options = CopyPartOptions { range: Some(range) };
            let part = store.copy_part(&Context::background(), &source, upload, number, options).await;
            assert_eq!(part.unwrap().etag, ETag::from_md5(Md5::digest(&expected)));
        })
    });
    let copies: Vec<_> = copies.collect();
    let all = async {
        for copy in copies {
            copy.await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("copies hang");
    store.abort_upload(&cx, UploadRef { bucket: &bucket, key: &to, id: &id }).await.unwrap();
}
