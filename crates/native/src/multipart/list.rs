use bytes::Bytes;
use meta::{Record, ScanItem};
use store::{
    Bucket, ListParts, ListUploads, PartSummary, PartsPage, Position, StoreError, UploadEntry, UploadInfo,
    UploadPage, UploadRef, UploadSummary,
};
use types::{ObjectKey, Timestamp};

use super::put_part::outcome;
use crate::error::{During, contradiction};
use crate::ids::UploadNumber;
use crate::keys::{self, BUCKET_PREFIX_LEN, Family};
use crate::native::Native;
use crate::object::{Window, page_limit};
use crate::record::UploadRecord;

const LIST_UPLOADS: &str = "list uploads";
const LIST_PARTS: &str = "list parts";

impl Native {
    pub(crate) async fn list_uploads(
        &self,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let delimiter = options.delimiter.as_deref();
        let window = |after| Window::new(Family::Upload, bucket, &options.prefix, delimiter, after);
        let window = match resumed_row(bucket, &options) {
            Some(row) => window(None).starting_at(row),
            None => window(options.after.as_ref()),
        };
        if window.range.start >= window.range.end {
            return Ok(UploadPage::default());
        }
        let limit = page_limit(options.limit);
        if limit == 0 {
            let more = !self.is_empty(&window.range, LIST_UPLOADS).await?;
            return Ok(UploadPage { entries: Vec::new(), more });
        }
        let page = self.meta.scan(window.scan(limit)).await.during(LIST_UPLOADS)?;
        let entries = page.items.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(UploadPage { entries, more: page.more })
    }

    pub(crate) async fn list_parts(
        &self,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let found = self.find_upload(upload, LIST_PARTS).await?;
        // At least one is read, to know whether there are more.
        let (parts, limit) = (found.record.parts, page_limit(page.limit));
        let (mut entries, mut more) = self.scan_parts(parts, page.after, limit.max(1), LIST_PARTS).await?;
        more |= entries.len() > limit;
        entries.truncate(limit);
        let summary = |(number, part): (u32, crate::record::PartRecord)| PartSummary {
            number,
            size_bytes: part.size_bytes,
            outcome: outcome(&part),
        };
        let upload = UploadInfo {
            initiated_at: Timestamp::from_nanos(found.number.initiated_nanos),
            metadata: found.record.metadata,
            checksum: found.record.checksum,
        };
        Ok(PartsPage { upload, parts: entries.into_iter().map(summary).collect(), more })
    }
}

/// The row behind the upload that a listing goes on behind, if it goes on inside a key.
fn resumed_row(bucket: &Bucket, options: &ListUploads) -> Option<Bytes> {
    let (Some(Position::Key(key)), Some(upload)) = (&options.after, &options.after_upload) else {
        return None;
    };
    let number = UploadNumber::from_id(upload)?;
    Some(keys::behind_key(&keys::upload(bucket, key, number)))
}

fn entry(item: &ScanItem) -> Result<UploadEntry, StoreError> {
    match item {
        ScanItem::Prefix(row) => {
            let prefix = keys::unescape(row.get(BUCKET_PREFIX_LEN..).unwrap_or_default());
            prefix.map(UploadEntry::Prefix).ok_or_else(|| contradiction(LIST_UPLOADS))
        }
        ScanItem::Record(record) => summary(record).map(UploadEntry::Upload),
    }
}

fn summary(record: &Record) -> Result<UploadSummary, StoreError> {
    let parsed =
        keys::parse_upload(&record.key).and_then(|(key, number)| Some((ObjectKey::new(&key).ok()?, number)));
    let (key, number) = parsed.ok_or_else(|| contradiction(LIST_UPLOADS))?;
    let upload = UploadRecord::decode(&record.value).during(LIST_UPLOADS)?;
    Ok(UploadSummary {
        key,
        upload_id: number.id(),
        initiated_at: Timestamp::from_nanos(number.initiated_nanos),
        storage_class: upload.metadata.storage_class,
        checksum: upload.checksum.map(|named| (named.algorithm, named.kind)),
    })
}
