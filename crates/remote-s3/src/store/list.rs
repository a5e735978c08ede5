use http::Method;
use remote::{Pages, RemoteError, RemoteErrorKind};
use sigv4::encode;
use store::{Bucket, ListEntry, ListObjects, ListPage, ObjectSummary, Position, StoreError};
use types::{Context, ETag, KEY_MAX_BYTES, ObjectKey};

use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Seen};
use crate::{checksum, date, headers, xml};

const OPERATION: &str = "list objects";

impl Inner {
    pub(super) async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let start = options.after.as_ref().map(|after| start_after(after, options.delimiter.as_deref()));
        let wanted = options.limit.max(1);
        let mut page = ListPage::default();
        let mut pages = Pages::<String>::new(None);
        loop {
            let size = (wanted - page.entries.len()).min(PAGE_MAX).to_string();
            let call = Call::bucket(Method::GET, bucket.name.as_str())
                .with("list-type", "2")
                .with("encoding-type", "url")
                .with("max-keys", &size)
                .with("prefix", &options.prefix)
                .with_some("delimiter", options.delimiter.as_deref())
                .with_some("start-after", start.as_deref().filter(|_| pages.token().is_none()))
                .with_some("continuation-token", pages.token().map(String::as_str));
            let document = self.wire.document(cx, call).await;
            let root = document.map_err(|failure| failure.into_store(Seen::default(), OPERATION))?.root;
            let found = entries(&root).map_err(|error| error.into_store(OPERATION))?;
            let before = page.entries.len();
            page.entries.extend(found.into_iter().filter(|entry| is_behind(entry, options.after.as_ref())));
            page.more = root.flag("IsTruncated");
            if !page.more || page.entries.len() >= wanted {
                break;
            }
            let next = root.need("NextContinuationToken").map_err(|error| error.into_store(OPERATION))?;
            let turned = pages.turn(Some(next.to_owned()), page.entries.len() - before);
            turned.map_err(|error| error.into_store(OPERATION))?;
        }
        if options.limit == 0 {
            return Ok(ListPage { more: !page.entries.is_empty(), entries: Vec::new() });
        }
        page.more |= page.entries.len() > wanted;
        page.entries.truncate(wanted);
        Ok(page)
    }
}

/// The marker behind which a listing goes on. Behind a prefix there is no last key: the largest text that a key could be
/// stands for it. A marker that ends with the delimiter is read as a whole prefix by services, so the smallest text behind
/// it stands for a key of that name.
pub(super) fn start_after(position: &Position, delimiter: Option<&str>) -> String {
    match position {
        Position::Key(key) if delimiter.is_some_and(|delimiter| key.ends_with(delimiter)) => {
            format!("{key}\0")
        }
        Position::Key(key) => key.clone(),
        Position::Prefix(prefix) => {
            let mut marker = prefix.clone();
            while marker.len() + char::MAX.len_utf8() <= KEY_MAX_BYTES {
                marker.push(char::MAX);
            }
            marker
        }
    }
}

fn entries(root: &xml::Element) -> Result<Vec<ListEntry>, RemoteError> {
    let encoded = is_encoded(root);
    let mut entries = Vec::new();
    for element in root.all("Contents") {
        entries.push(ListEntry::Object(object(element, encoded)?));
    }
    for prefix in root.all("CommonPrefixes") {
        entries.push(ListEntry::Prefix(name(prefix.need("Prefix")?, encoded)?));
    }
    entries.sort_by(|a, b| place(a).cmp(place(b)));
    Ok(entries)
}

/// Whether an entry lies behind a position: not every service skips a prefix whose last key it is told.
fn is_behind(entry: &ListEntry, after: Option<&Position>) -> bool {
    match (after, entry) {
        (None, _) => true,
        (Some(Position::Key(marker)), ListEntry::Object(object)) => object.key.as_str() > marker.as_str(),
        // Keys behind the marker may begin so.
        (Some(Position::Key(marker)), ListEntry::Prefix(prefix)) => {
            prefix > marker || marker.starts_with(prefix.as_str())
        }
        (Some(Position::Prefix(marker)), entry) => {
            let place = place(entry);
            let is_wider = matches!(entry, ListEntry::Prefix(_)) && place.len() < marker.len();
            (is_wider && marker.starts_with(place))
                || (place > marker.as_str() && !place.starts_with(marker.as_str()))
        }
    }
}

fn place(entry: &ListEntry) -> &str {
    match entry {
        ListEntry::Object(object) => object.key.as_str(),
        ListEntry::Prefix(prefix) => prefix,
    }
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
        let entries = entries(&root).unwrap();
        let [ListEntry::Prefix(prefix), ListEntry::Object(object)] = &entries[..] else {
            panic!("{entries:?}")
        };
        assert_eq!((prefix.as_str(), object.key.as_str(), object.etag.as_str()), ("a/", "a/b c\0", "e"));
        assert_eq!(object.modified_at.as_secs(), 1_369_353_600);
    }

    #[test]
    fn what_a_service_repeats_is_left_out() {
        let behind = |prefix: &str, after| is_behind(&ListEntry::Prefix(prefix.to_owned()), Some(&after));
        let (key, folded) =
            (|text: &str| Position::Key(text.to_owned()), |text: &str| Position::Prefix(text.to_owned()));
        assert!(behind("a/", folded("a/1")) && behind("a/", key("a/1")) && behind("b/", folded("a/")));
        assert!(!behind("a/", folded("a/")) && !behind("a/b/", folded("a/")) && !behind("a/", key("b")));
    }

    #[test]
    fn a_position_behind_a_prefix_lies_behind_all_its_keys() {
        let key = |delimiter| start_after(&Position::Key("a/".to_owned()), delimiter);
        assert_eq!(
            (key(None).as_str(), key(Some("-")).as_str(), key(Some("/")).as_str()),
            ("a/", "a/", "a/\0")
        );
        let marker = start_after(&Position::Prefix("a/".to_owned()), Some("/"));
        assert!(marker.len() <= KEY_MAX_BYTES && marker.len() > KEY_MAX_BYTES - 4);
        assert!(marker.as_str() > "a/\u{10FFFF}\u{10FFFF}" && marker.as_str() < "a0");
    }
}
