use bytes::Bytes;
use store::{
    Bucket, CreateUploadOptions, DeleteOptions, ListEntry, ListObjects, OpenOptions, PutOptions, PutOutcome,
    SharedStore, StoreError, StoreErrorKind, UploadRef, WriteCondition,
};
use types::{Body, ByteRange, ObjectKey, Random, VersionId};

use super::report::Report;
use super::{cx, within};
use crate::failure::with_causes;

/// The bytes of the object that is put.
const SIZE: usize = 1024;

/// One object under a prefix of its own.
pub(super) struct Probe<'a> {
    store: &'a SharedStore,
    bucket: &'a Bucket,
    prefix: String,
    key: ObjectKey,
    bytes: Bytes,
    /// Versions written, where the bucket keeps them.
    written: Vec<Option<VersionId>>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(store: &'a SharedStore, bucket: &'a Bucket, prefix: &str, random: &dyn Random) -> Self {
        let prefix = format!("{prefix}.sluice-probe/{:016x}/", random.next_u64());
        let key = ObjectKey::new(&format!("{prefix}object")).expect("a prefix has at most 512 bytes");
        let mut bytes = vec![0; SIZE];
        random.fill(&mut bytes);
        Self { store, bucket, prefix, key, bytes: bytes.into(), written: Vec::new() }
    }

    /// Lists, writes, reads and removes.
    pub(super) async fn run(mut self, report: &mut Report) {
        tell(report, "list", self.list().await.map(|_| String::new()));
        let put = self.put(WriteCondition::Always).await.map(|_| String::new());
        let is_written = put.is_ok();
        tell(report, "put", put);
        if is_written {
            tell(report, "read", self.read().await);
            tell(report, "list it", self.is_listed().await);
            self.conditions(report).await;
            self.parts(report).await;
        }
        tell(report, "delete", self.delete().await);
    }

    async fn list(&self) -> Result<Vec<ListEntry>, StoreError> {
        let options = ListObjects { prefix: self.prefix.clone(), limit: 10, ..ListObjects::default() };
        Ok(within(self.store.list(&cx(), self.bucket, options)).await?.entries)
    }

    async fn put(&mut self, condition: WriteCondition) -> Result<PutOutcome, StoreError> {
        let options = PutOptions { condition, ..PutOptions::default() };
        let body = Body::from_bytes(self.bytes.clone());
        let put = within(self.store.put(&cx(), self.bucket, &self.key, body, options)).await?;
        self.written.push(put.version_id.clone());
        Ok(put)
    }

    async fn read(&self) -> Result<String, StoreError> {
        let cx = cx();
        let opened = self.store.open(&cx, self.bucket, &self.key, OpenOptions::default());
        let opened = within(opened).await?;
        let body = within(opened.content.read(ByteRange::whole(opened.info.size_bytes))).await?;
        let bytes = body.collect(SIZE * 2).await.map_err(|error| {
            StoreError::with_source(StoreErrorKind::Unavailable, "read the object", error)
        })?;
        if bytes == self.bytes {
            Ok(String::new())
        } else {
            Err(wrong("the bytes read are not those written"))
        }
    }

    async fn is_listed(&self) -> Result<String, StoreError> {
        let is_it = |entry: &ListEntry| matches!(entry, ListEntry::Object(object) if object.key == self.key);
        match self.list().await?.iter().any(is_it) {
            true => Ok(String::new()),
            false => Err(wrong("what was written is not listed")),
        }
    }

    /// A second creation must fail. A store that says that it does not decide conditions is right to refuse.
    async fn conditions(&mut self, report: &mut Report) {
        match self.put(WriteCondition::IfAbsent).await {
            Ok(_) => report.refused("conditions", "the service overwrote what must be absent"),
            Err(error) => match error.kind {
                StoreErrorKind::ConditionFailed => report.done("conditions", ""),
                StoreErrorKind::Unsupported(reason) => report.cannot("conditions", reason),
                _ => report.refused("conditions", &with_causes(&error)),
            },
        }
    }

    /// An upload in parts, begun and given up.
    async fn parts(&self, report: &mut Report) {
        let options = CreateUploadOptions::default();
        let begun = within(self.store.create_upload(&cx(), self.bucket, &self.key, options)).await;
        match begun {
            Err(StoreError { kind: StoreErrorKind::Unsupported(reason), .. }) => {
                report.cannot("uploads in parts", reason);
            }
            Err(error) => report.refused("uploads in parts", &with_causes(&error)),
            Ok(id) => {
                let upload = UploadRef { bucket: self.bucket, key: &self.key, id: &id };
                let ended = within(self.store.abort_upload(&cx(), upload)).await;
                tell(report, "uploads in parts", ended.map(|()| String::new()));
            }
        }
    }

    /// Removes every version that was written.
    async fn delete(&self) -> Result<String, StoreError> {
        // A put that failed may have taken effect all the same.
        let unknown = [None];
        let written = if self.written.is_empty() { &unknown[..] } else { &self.written[..] };
        for version_id in written {
            let options = DeleteOptions { version_id: version_id.clone(), ..DeleteOptions::default() };
            within(self.store.delete(&cx(), self.bucket, &self.key, options)).await?;
        }
        match self.list().await?.is_empty() {
            true => Ok(String::new()),
            false => Err(wrong("what was deleted is still listed")),
        }
    }
}

fn tell(report: &mut Report, what: &str, outcome: Result<String, StoreError>) {
    match outcome {
        Ok(detail) => report.done(what, &detail),
        Err(error) => report.refused(what, &with_causes(&error)),
    }
}

fn wrong(how: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Internal, "try", how)
}
