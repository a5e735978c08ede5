use bytes::Bytes;
use store::{
    Bucket, BucketStore, BucketUpdate, CompleteOptions, CompletedPart, CopyOptions, CopyPartOptions,
    CopySource, CreateUploadOptions, DeleteOptions, DeleteTarget, Directive, MultipartStore, ObjectStore,
    OpenOptions, PartOptions, PutOptions, StoreError, UploadId, UploadRef, Versioning, WriteCondition,
};
use types::{Body, BucketName, Context, ObjectKey, TagSet, VersionId};

use super::owner;
use crate::NativeStore;

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn bytes(fill: u8, size: usize) -> Bytes {
    vec![fill; size].into()
}

struct Worker<'a> {
    store: &'a NativeStore,
    cx: Context,
    bucket: Bucket,
}

/// Does some of everything: objects inline and in blobs, in parts, copied, versioned, deleted. Stops at the first error.
pub(crate) async fn workload(store: &NativeStore) -> Result<(), StoreError> {
    let cx = Context::background();
    for (name, versioning) in [
        ("unversioned", Versioning::Off),
        ("versioned", Versioning::Enabled),
        ("suspended", Versioning::Suspended),
    ] {
        let name = BucketName::new(name).unwrap();
        let mut bucket = store.create_bucket(&cx, &name, &owner(), &TagSet::default()).await?;
        if versioning != Versioning::Off {
            let worker = Worker { store, cx: cx.clone(), bucket: bucket.clone() };
            worker.objects().await?;
            bucket = store.update_bucket(&cx, &bucket, BucketUpdate::Versioning(versioning)).await?;
        }
        let worker = Worker { store, cx: cx.clone(), bucket };
        worker.objects().await?;
        worker.parts().await?;
        worker.copies().await?;
        worker.many().await?;
        store.collect_once().await?;
    }
    let name = BucketName::new("passing").unwrap();
    let bucket = store.create_bucket(&cx, &name, &owner(), &TagSet::default()).await?;
    let worker = Worker { store, cx: cx.clone(), bucket };
    worker.begin("left", 3).await?;
    store.delete_bucket(&cx, &worker.bucket).await
}

impl Worker<'_> {
    async fn put(&self, name: &str, fill: u8, size: usize) -> Result<Option<VersionId>, StoreError> {
        let body = Body::from_bytes(bytes(fill, size));
        let put = self.store.put(&self.cx, &self.bucket, &key(name), body, PutOptions::default()).await?;
        Ok(put.version_id)
    }

    async fn delete(&self, name: &str, version_id: Option<VersionId>) -> Result<(), StoreError> {
        let options = DeleteOptions { version_id, condition: WriteCondition::Always };
        self.store.delete(&self.cx, &self.bucket, &key(name), options).await.map(drop)
    }

    async fn objects(&self) -> Result<(), StoreError> {
        for (name, sizes) in [("small", [10, 20, 0]), ("large", [100, 200, 10]), ("grown", [0, 10, 300])] {
            let mut versions = Vec::new();
            for (fill, size) in (0..).zip(sizes) {
                versions.push(self.put(name, fill, size).await?);
            }
            let tags = TagSet::new(vec![("a".into(), "b".into())], 10).unwrap();
            self.store.set_tags(&self.cx, &self.bucket, &key(name), None, tags).await?;
            if let Some(version @ VersionId::Id(_)) = versions.swap_remove(1) {
                self.delete(name, Some(version)).await?;
            }
        }
        self.delete("large", None).await?;
        self.delete("never", None).await?;
        self.delete("large", Some(VersionId::Null)).await?;
        self.put("large", 9, 500).await.map(drop)
    }

    async fn begin(&self, name: &str, parts: u32) -> Result<(UploadId, Vec<CompletedPart>), StoreError> {
        let options = CreateUploadOptions::default();
        let id = self.store.create_upload(&self.cx, &self.bucket, &key(name), options).await?;
        let mut listed = Vec::new();
        for number in 1..=parts {
            let size = if number % 2 == 0 { 40 } else { 100 };
            listed.push(self.put_part(name, &id, number, size).await?);
        }
        Ok((id, listed))
    }

    async fn put_part(
        &self,
        name: &str,
        id: &UploadId,
        number: u32,
        size: usize,
    ) -> Result<CompletedPart, StoreError> {
        let key = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &key, id };
        let body = Body::from_bytes(bytes(number as u8, size));
        let part = self.store.put_part(&self.cx, upload, number, body, PartOptions::default()).await?;
        Ok(CompletedPart { number, etag: part.etag, checksum: part.checksum })
    }

    async fn parts(&self) -> Result<(), StoreError> {
        let (id, mut parts) = self.begin("parts", 5).await?;
        parts[1] = self.put_part("parts", &id, 2, 200).await?;
        parts.remove(3);
        let name = key("parts");
        let upload = UploadRef { bucket: &self.bucket, key: &name, id: &id };
        for _ in 0..2 {
            let options = CompleteOptions::default();
            self.store.complete_upload(&self.cx, upload, parts.clone(), options).await?;
        }
        let (id, _) = self.begin("aborted", 3).await?;
        let name = key("aborted");
        self.store.abort_upload(&self.cx, UploadRef { bucket: &self.bucket, key: &name, id: &id }).await?;
        self.begin("open", 2).await.map(drop)
    }

    async fn source(&self, name: &str) -> Result<CopySource, StoreError> {
        let info = self.store.head(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await?;
        let bucket = self.bucket.clone().into();
        Ok(CopySource { bucket, key: key(name), version_id: None, etag: info.etag })
    }

    async fn copies(&self) -> Result<(), StoreError> {
        for (from, to) in
            [("small", "small-copy"), ("large", "large-copy"), ("parts", "parts-copy"), ("large", "large")]
        {
            let options = CopyOptions {
                metadata: Directive::Copy,
                storage_class: None,
                tags: Directive::Copy,
                checksum: None,
                condition: WriteCondition::Always,
            };
            let source = self.source(from).await?;
            self.store.copy(&self.cx, &source, &self.bucket, &key(to), options).await?;
        }
        let (source, name) = (self.source("large").await?, key("of-parts"));
        let (id, mut parts) = self.begin("of-parts", 1).await?;
        let upload = UploadRef { bucket: &self.bucket, key: &name, id: &id };
        for number in [2, 3, 2] {
            let options = CopyPartOptions::default();
            let part = self.store.copy_part(&self.cx, &source, upload, number, options).await?;
            parts.retain(|part| part.number != number);
            parts.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
        }
        parts.sort_by_key(|part| part.number);
        self.store.complete_upload(&self.cx, upload, parts, CompleteOptions::default()).await?;
        self.delete("parts", None).await?;
        self.delete("large", None).await
    }

    async fn many(&self) -> Result<(), StoreError> {
        self.put("many", 1, 80).await?;
        let targets = ["many", "small-copy", "many", "parts-copy"];
        let target = |name| DeleteTarget { key: key(name), options: DeleteOptions::default() };
        let targets = targets.into_iter().map(target).collect();
        for outcome in self.store.delete_many(&self.cx, &self.bucket, targets).await? {
            outcome?;
        }
        Ok(())
    }
}
