use bytes::Bytes;
use mirror::Mirror;
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions,
    DeleteOptions, Directive, MultipartStore, ObjectStore, OpenOptions, PartOptions, PutOptions, StoreError,
    UploadId, UploadRef, WriteCondition,
};
use types::{Body, ObjectKey, ObjectMetadata, TagSet};

use crate::world::{bucket_name, cx};

/// A write, at every step of which the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Put,
    PutLarge,
    Overwrite,
    OverwriteAlike,
    Delete,
    DeleteNothing,
    Copy,
    Tag,
    Complete,
    Abort,
}

/// What was made ready for a write, in an earlier life.
pub(crate) type Ready = Option<(UploadId, Vec<CompletedPart>)>;

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn bytes(fill: u8, len: usize) -> Bytes {
    vec![fill; len].into()
}

pub(crate) async fn put(mirror: &Mirror, bucket: &Bucket, name: &str, fill: u8) -> Result<(), StoreError> {
    let body = Body::from_bytes(bytes(fill, 100));
    mirror.put(&cx(), bucket, &key(name), body, PutOptions::default()).await.map(|_| ())
}

/// Makes ready what the write goes on from.
pub(crate) async fn set_up(mirror: &Mirror, work: Work) -> Ready {
    if !matches!(work, Work::Complete | Work::Abort) {
        return None;
    }
    let (bucket, key) = (mirror.bucket(&cx(), &bucket_name()).await.unwrap(), key("k"));
    let id = mirror.create_upload(&cx(), &bucket, &key, CreateUploadOptions::default()).await.unwrap();
    let mut parts = Vec::new();
    for number in 1..=2 {
        let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
        let body = Body::from_bytes(bytes(number as u8, 200));
        let part = mirror.put_part(&cx(), upload, number, body, PartOptions::default()).await.unwrap();
        parts.push(CompletedPart { number, etag: part.etag, checksum: None });
    }
    Some((id, parts))
}

impl Work {
    pub(crate) async fn run(self, mirror: &Mirror, bucket: &Bucket, ready: Ready) -> Result<(), StoreError> {
        match self {
            Self::Put => put(mirror, bucket, "new", 5).await,
            Self::PutLarge => {
                let frames = (0..6).map(|fill| bytes(fill, 50_000)).collect();
                let options = PutOptions::default();
                mirror.put(&cx(), bucket, &key("new"), Body::from_frames(frames), options).await.map(|_| ())
            }
            Self::Overwrite => put(mirror, bucket, "k", 6).await,
            Self::OverwriteAlike => {
                let mut metadata = ObjectMetadata::default();
                metadata.headers.content_type = Some("text/plain".to_owned());
                let options = PutOptions { metadata, ..PutOptions::default() };
                let body = Body::from_bytes(bytes(3, 100));
                mirror.put(&cx(), bucket, &key("k"), body, options).await.map(|_| ())
            }
            Self::Delete => delete(mirror, bucket, "k").await,
            Self::DeleteNothing => delete(mirror, bucket, "none").await,
            Self::Copy => copy(mirror, bucket).await,
            Self::Tag => {
                let tags = TagSet::new(vec![("a".to_owned(), "b".to_owned())], 10).unwrap();
                mirror.set_tags(&cx(), bucket, &key("k"), None, tags).await.map(|_| ())
            }
            Self::Complete => complete(mirror, bucket, ready).await,
            Self::Abort => abort(mirror, bucket, ready).await,
        }
    }
}

async fn delete(mirror: &Mirror, bucket: &Bucket, name: &str) -> Result<(), StoreError> {
    mirror.delete(&cx(), bucket, &key(name), DeleteOptions::default()).await.map(|_| ())
}

/// One commit settles all keys of a call, so together they are there or not.
async fn copy(mirror: &Mirror, bucket: &Bucket) -> Result<(), StoreError> {
    let source = key("source");
    let etag = mirror.head(&cx(), bucket, &source, OpenOptions::default()).await?.etag;
    let source = CopySource { bucket: bucket.clone().into(), key: source, version_id: None, etag };
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    mirror.copy(&cx(), &source, bucket, &key("k"), options).await.map(|_| ())
}

async fn complete(mirror: &Mirror, bucket: &Bucket, ready: Ready) -> Result<(), StoreError> {
    let (id, parts) = ready.unwrap();
    let upload = UploadRef { bucket, key: &key("k"), id: &id };
    mirror.complete_upload(&cx(), upload, parts, CompleteOptions::default()).await.map(|_| ())
}

async fn abort(mirror: &Mirror, bucket: &Bucket, ready: Ready) -> Result<(), StoreError> {
    let (id, _) = ready.unwrap();
    mirror.abort_upload(&cx(), UploadRef { bucket, key: &key("k"), id: &id }).await
}
