use http::Method;
use remote::{RemoteError, RemoteErrorKind};
use sigv4::encode;
use store::{Bucket, ListEntry, ListObjects, ListPage, ObjectSummary, Position, StoreError};
use types::{Context, ETag, ObjectKey};

use crate::store::walk::{Place, Placed, Walk, inside};
use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Failure, Seen};
use crate::{checksum, date, headers, xml};

const OPERATION: &str = "list objects";
/// The fewest keys that are asked for: of one key under a prefix that is a key itself, MinIO says that there are no more.
const PAGE_MIN: usize = 2;

impl Inner {
    pub(super) async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let around = |after| inside(after, &options.prefix, options.delimiter.as_deref()).map(str::to_owned);
        let Some(prefix) = options.after.as_ref().and_then(around) else {
            return self.list_on(cx, bucket, options, Vec::new()).await;
        };
        // Services differ in whether a prefix is told again that has keys behind a marker inside of it.
        let rest =
            ListObjects { prefix: prefix.clone(), delimiter: None, after: options.after.clone(), limit: 0 };
        let rest = self.list_on(cx, bucket, rest, Vec::new()).await?;
        let begun = if rest.more { vec![ListEntry::Prefix(prefix.clone())] } else { Vec::new() };
        let options = ListObjects { after: Some(Position::Prefix(prefix)), ..options };
        self.list_on(cx, bucket, options, begun).await
    }

    /// A page that begins with `entries` and goes on behind its position.
    async fn list_on(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
        entries: Vec<ListEntry>,
    ) -> Result<ListPage, StoreError> {
        let delimiter = options.delimiter.as_deref();
        let wanted = options.limit.max(1);
        let mut page = ListPage { entries, more: false };
        let mut walk = Walk::<String>::new(options.after, None);
        loop {
            let size = wanted.saturating_sub(page.entries.len()).clamp(PAGE_MIN, PAGE_MAX).to_string();
            let marker = walk.marker();
            let call = Call::bucket(Method::GET, bucket.name.as_str())
                .with("list-type", "2")
                .with("encoding-type", "url")
                .with("max-keys", &size)
                .with("prefix", &options.prefix)
                .with_some("delimiter", delimiter)
                .with_some(
                    "start-after",
                    marker.as_ref().filter(|_| walk.token().is_none()).map(|(key, _)| key.as_str()),
                )
                .with_some("continuation-token", walk.token().map(String::as_str));
            let root = match self.wire.document(cx, call).await {
                Ok(document) => document.root,
                Err(failure) if marker.is_none() && is_no_name(&failure) => break,
                Err(failure) => return Err(failure.into_store(Seen::default(), OPERATION)),
            };
            let found = entries_of(&root).map_err(|error| error.into_store(OPERATION))?;
            let count = walk.take(found, &mut page.entries);
            page.more = root.flag("IsTruncated");
            if !page.more || page.entries.len() >= wanted {
                break;
            }
            let next = || root.need("NextContinuationToken").map(str::to_owned);
            walk.turn(count, next).map_err(|error| error.into_store(OPERATION))?;
        }
        if options.limit == 0 {
            return Ok(ListPage { more: !page.entries.is_empty(), entries: Vec::new() });
        }
        page.more |= page.entries.len() > wanted;
        page.entries.truncate(wanted);
        Ok(page)
    }
}

fn entries_of(root: &xml::Element) -> Result<Vec<ListEntry>, RemoteError> {
    let encoded = is_encoded(root);
    let mut entries = Vec::new();
    for element in root.all("Contents") {
        entries.push(ListEntry::Object(object(element, encoded)?));
    }
    for prefix in root.all("CommonPrefixes") {
        entries.push(ListEntry::Prefix(name(prefix.need("Prefix")?, encoded)?));
    }
    entries.sort_by(|a, b| a.place().text().cmp(b.place().text()));
    Ok(entries)
}

impl Placed for ListEntry {
    fn place(&self) -> Place<'_> {
        match self {
            Self::Object(object) => Place::Key(object.key.as_str(), None),
            Self::Prefix(prefix) => Place::Prefix(prefix),
        }
    }
}

/// Whether a prefix is refused as one that no key of the service can have. Then there is none: MinIO says so.
pub(super) fn is_no_name(failure: &Failure) -> bool {
    failure.code() == Some("XMinioInvalidObjectName")
}

/// Whether the names in a listing are encoded, as was asked for.
pub(super) fn is_encoded(root: &xml::Element) -> bool {
    root.get("EncodingType").is_some_and(|encoding| encoding.trim() == "url")
}

/// Where a listing of versions or uploads goes on: behind this key, and behind the entry of it that the element `id` names.
pub(super) fn next(root: &xml::Element, id: &str) -> Result<(String, Option<String>), RemoteError> {
    let key = name(root.need("NextKeyMarker")?, is_encoded(root))?;
    Ok((key, root.get(id).filter(|id| !id.is_empty()).map(str::to_owned)))
}

/// A name of a listing.
pub(super) fn name(text: &str, encoded: bool) -> Result<String, RemoteError> {
    if !encoded {
        return Ok(text.to_owned());
    }
    let decoded = encode::decode(text);
    // The decoder replaces what is no UTF-8: no key has such bytes.
    if decoded.contains('\u{fffd}') && !text.contains("%EF%BF%BD") && !text.contains('\u{fffd}') {
        return Err(RemoteErrorKind::Malformed("a key is not UTF-8").into());
    }
    Ok(decoded.into_owned())
}

/// A key of a listing.
pub(super) fn key(text: &str, encoded: bool) -> Result<ObjectKey, RemoteError> {
    let name = name(text, encoded)?;
    ObjectKey::new(&name)
        .map_err(|error| RemoteError::with_source(RemoteErrorKind::Malformed("a key is none"), error))
}

/// One object of a listing, or one version that is an object.
pub(super) fn object(element: &xml::Element, encoded: bool) -> Result<ObjectSummary, RemoteError> {
    Ok(ObjectSummary {
        key: key(element.need("Key")?, encoded)?,
        etag: ETag::from_text(element.need("ETag")?),
        size_bytes: element.number("Size")?,
        modified_at: element.get("LastModified").and_then(date::of_document).unwrap_or_default(),
        storage_class: headers::storage_class(element.get("StorageClass")),
        checksum: checksum::named(element),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_byte_order() {
        let root = xml::parse(
            b"<ListBucketResult><EncodingType>url</EncodingType>\
            <Contents><Key>a%2Fb+c%00</Key><ETag>&quot;e&quot;</ETag><Size>3</Size>\
            <LastModified>2013-05-24T00:00:00.000Z</LastModified><StorageClass>STANDARD_IA</StorageClass>\
            <ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType></Contents>\
            <CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes></ListBucketResult>",
        )
        .unwrap();
        let entries = entries_of(&root).unwrap();
        let [ListEntry::Prefix(prefix), ListEntry::Object(object)] = &entries[..] else {
            panic!("{entries:?}")
        };
        assert_eq!((prefix.as_str(), object.key.as_str(), object.etag.as_str()), ("a/", "a/b c\0", "e"));
        assert_eq!(object.modified_at.as_secs(), 1_369_353_600);
    }
}
