use std::collections::HashSet;

use http::Method;
use http::header::SERVER;
use remote::RemoteError;
use store::{
    Bucket, ListParts, ListUploads, PartOutcome, PartSummary, PartsPage, StoreError, UploadEntry, UploadId,
    UploadInfo, UploadPage, UploadRef, UploadSummary,
};
use types::{Context, ETag, ObjectMetadata};

use crate::store::list::{is_encoded, key, name, next};
use crate::store::uploads::metadata_of;
use crate::store::walk::{Place, Placed, Walk, folded};
use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Document, Seen};
use crate::{checksum, date, headers, xml};

const OPERATION: &str = "list uploads";

impl Inner {
    pub(super) async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let (prefix, delimiter) = (options.prefix.as_str(), options.delimiter.as_deref());
        let mut walk = Walk::new(options.after, options.after_upload.map(|id| id.as_str().to_owned()));
        let wanted = options.limit.max(1);
        let mut page = UploadPage::default();
        loop {
            let size = (wanted - page.entries.len()).min(PAGE_MAX).to_string();
            let marker = walk.token().cloned().or_else(|| walk.marker());
            let asked =
                Asked { cx, bucket: bucket.name.as_str(), delimiter, size: &size, marker: marker.as_ref() };
            let Document { root, headers } = self.uploads_document(&asked, prefix).await?;
            let mut found = entries(&root, prefix, delimiter).map_err(|error| error.into_store(OPERATION))?;
            page.more = root.flag("IsTruncated");
            if !prefix.is_empty() && headers.get(SERVER).is_some_and(|name| name == "MinIO") {
                // It takes a prefix for a whole key, and lists all uploads where there is none.
                let all = self.uploads_document(&asked, "").await?.root;
                let all = entries(&all, prefix, delimiter).map_err(|error| error.into_store(OPERATION))?;
                found = joined(all, found);
            }
            let count = walk.take(found, &mut page.entries);
            if !page.more || page.entries.len() >= wanted {
                break;
            }
            let turned = walk.turn(count, || next(&root, "NextUploadIdMarker"));
            turned.map_err(|error| error.into_store(OPERATION))?;
        }
        if options.limit == 0 {
            return Ok(UploadPage { more: !page.entries.is_empty(), entries: Vec::new() });
        }
        page.more |= page.entries.len() > wanted;
        page.entries.truncate(wanted);
        Ok(page)
    }

    async fn uploads_document(&self, asked: &Asked<'_>, prefix: &str) -> Result<Document, StoreError> {
        let call = Call::bucket(Method::GET, asked.bucket)
            .of("uploads")
            .with("encoding-type", "url")
            .with("max-uploads", asked.size)
            .with("prefix", prefix)
            .with_some("delimiter", asked.delimiter)
            .with_some("key-marker", asked.marker.map(|(key, _)| key.as_str()))
            .with_some("upload-id-marker", asked.marker.and_then(|(_, upload)| upload.as_deref()));
        let document = self.wire.document(asked.cx, call).await;
        document.map_err(|failure| failure.into_store(Seen::default(), OPERATION))
    }

    pub(super) async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let wanted = page.limit.max(1);
        let mut parts: Vec<PartSummary> = Vec::new();
        let (mut after, mut more);
        let root = loop {
            after = parts.last().map_or(page.after, |part| part.number);
            let size = (wanted - parts.len()).min(PAGE_MAX);
            let root = self.parts_document(cx, upload, after, size).await?;
            for element in root.all("Part") {
                parts.push(part(element).map_err(|error| error.into_store("list parts"))?);
            }
            more = root.flag("IsTruncated");
            if !more || parts.len() >= wanted {
                break root;
            }
        };
        if page.limit == 0 {
            more = !parts.is_empty();
            parts.clear();
        }
        Ok(PartsPage { upload: self.upload_info(upload, &root).await?, parts, more })
    }

    /// An upload as it was begun; of one that was begun elsewhere, what the service tells.
    async fn upload_info(
        &self,
        upload: UploadRef<'_>,
        root: &xml::Element,
    ) -> Result<UploadInfo, StoreError> {
        if let Some(record) = self.upload_record(upload).await? {
            return Ok(UploadInfo {
                initiated_at: record.initiated_at,
                metadata: metadata_of(&record.headers),
                checksum: record.begun.named,
            });
        }
        let storage_class = headers::storage_class(root.get("StorageClass"));
        let checksum =
            checksum::named(root).map(|(algorithm, kind)| store::UploadChecksum { algorithm, kind });
        Ok(UploadInfo {
            initiated_at: root.get("Initiated").and_then(date::of_document).unwrap_or_default(),
            metadata: ObjectMetadata { storage_class, ..ObjectMetadata::default() },
            checksum,
        })
    }
}

fn part(element: &xml::Element) -> Result<PartSummary, RemoteError> {
    Ok(PartSummary {
        number: u32::try_from(element.number("PartNumber")?).unwrap_or(u32::MAX),
        size_bytes: element.number("Size")?,
        outcome: PartOutcome {
            etag: ETag::from_text(element.need("ETag")?),
            checksum: checksum::of_element(element),
            modified_at: element.get("LastModified").and_then(date::of_document).unwrap_or_default(),
        },
    })
}

/// What a page of uploads is asked for with.
struct Asked<'a> {
    cx: &'a Context,
    bucket: &'a str,
    delimiter: Option<&'a str>,
    size: &'a str,
    marker: Option<&'a (String, Option<String>)>,
}

/// Both lists in one, in order; what is in both stands as in the first.
fn joined(mut first: Vec<UploadEntry>, second: Vec<UploadEntry>) -> Vec<UploadEntry> {
    let known: HashSet<Place<'_>> = first.iter().map(Placed::place).collect();
    let missing: Vec<_> = second.into_iter().filter(|entry| !known.contains(&entry.place())).collect();
    first.extend(missing);
    first.sort_by(|a, b| a.place().text().cmp(b.place().text()));
    first
}

/// The entries of a page. Not every service folds, nor keeps to the prefix.
fn entries(
    root: &xml::Element,
    prefix: &str,
    delimiter: Option<&str>,
) -> Result<Vec<UploadEntry>, RemoteError> {
    let encoded = is_encoded(root);
    let mut entries = Vec::new();
    for element in root.all("Upload") {
        let key = key(element.need("Key")?, encoded)?;
        if !key.as_str().starts_with(prefix) {
            continue;
        }
        if let Some(folded) = folded(key.as_str(), prefix, delimiter) {
            entries.push(UploadEntry::Prefix(folded.to_owned()));
            continue;
        }
        entries.push(UploadEntry::Upload(UploadSummary {
            key,
            upload_id: UploadId::from_text(element.need("UploadId")?),
            initiated_at: element.get("Initiated").and_then(date::of_document).unwrap_or_default(),
            storage_class: headers::storage_class(element.get("StorageClass")),
            checksum: checksum::named(element),
        }));
    }
    for prefix in root.all("CommonPrefixes") {
        entries.push(UploadEntry::Prefix(name(prefix.need("Prefix")?, encoded)?));
    }
    // Uploads of one key stay in the order told.
    entries.sort_by(|a, b| a.place().text().cmp(b.place().text()));
    entries.dedup_by(|a, b| matches!(a.place(), Place::Prefix(_)) && a.place() == b.place());
    Ok(entries)
}

impl Placed for UploadEntry {
    fn place(&self) -> Place<'_> {
        match self {
            Self::Upload(upload) => Place::Key(upload.key.as_str(), Some(upload.upload_id.as_str())),
            Self::Prefix(prefix) => Place::Prefix(prefix),
        }
    }
}
