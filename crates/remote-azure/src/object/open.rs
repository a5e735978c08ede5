use http::StatusCode;
use store::{
    Bucket, Missing, ObjectInfo, OpenOptions, Opened, PartProblem, PartSpan, StoreError, StoreErrorKind,
};
use types::{Body, ByteRange, Context, ObjectKey, RangeSpec};

use super::KnownObject;
use super::content::{BlobContent, Bytes};
use super::look::{hold_version, not_found};
use crate::api::{Failure, Seen};
use crate::encode::is_storable;
use crate::store::Azure;

/// What was asked for along with the headers.
struct Fetched {
    seen: Seen,
    first: Option<(ByteRange, Body)>,
}

impl Azure {
    pub(crate) async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        const OPERATION: &str = "find object";
        let found = self.look(cx, bucket, key, options.version_id.as_ref(), OPERATION).await?;
        into_info(found, options.part_number, OPERATION)
    }

    /// One request where the range can be asked for beforehand; the body that comes with it is kept for the reader.
    pub(crate) async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        const OPERATION: &str = "open object";
        let version_id = options.version_id.as_ref();
        hold_version(version_id, OPERATION)?;
        if !is_storable(key) {
            return Err(StoreError::missing(Missing::Key, OPERATION));
        }
        let fetched = self.fetch(cx, bucket, key, &options).await.map_err(|failure| {
            self.note_missing(bucket, &failure);
            not_found(failure, version_id, OPERATION)
        })?;
        let bytes = Bytes {
            api: self.api.clone(),
            cx: cx.clone(),
            container: bucket.name.as_str().to_owned(),
            blob: key.as_str().to_owned(),
            azure_etag: fetched.seen.azure_etag.clone(),
        };
        let found = self.complete_look(cx, bucket, key, fetched.seen, OPERATION).await?;
        let info = into_info(found, options.part_number, OPERATION)?;
        Ok(Opened { info, content: Box::new(BlobContent::new(bytes, fetched.first)) })
    }

    async fn fetch(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
    ) -> Result<Fetched, Failure> {
        let place = (bucket.name.as_str(), key.as_str());
        let range = match (options.part_number, options.range_hint) {
            // Where a part lies, and where the last bytes do, is known only afterwards.
            (Some(_), _) | (None, Some(RangeSpec::Suffix(_))) => {
                return Ok(Fetched { seen: self.api.head(cx, place.0, place.1).await?, first: None });
            }
            (None, None) => None,
            (None, Some(RangeSpec::FromTo { first, last })) => {
                Some(ByteRange { start: first, end: last.saturating_add(1) })
            }
            (None, Some(RangeSpec::From(first))) => Some(ByteRange { start: first, end: u64::MAX }),
        };
        let response = match self.api.get(cx, place, range, None).await {
            Ok(response) => response,
            // No byte of the object is asked for: that is for the caller to say, who wants to know its size.
            Err(Failure::Refused(refused)) if refused.status == StatusCode::RANGE_NOT_SATISFIABLE => {
                return Ok(Fetched { seen: self.api.head(cx, place.0, place.1).await?, first: None });
            }
            Err(failure) => return Err(failure),
        };
        let seen = Seen::of_headers(&response.headers)?;
        let whole = ByteRange::whole(seen.size_bytes);
        let given = range.map_or(whole, |range| ByteRange { end: range.end.min(whole.end), ..range });
        Ok(Fetched { seen, first: Some((given, response.body)) })
    }
}

/// An object as it is shown, with the part that was asked for.
fn into_info(
    found: KnownObject,
    number: Option<u32>,
    operation: &'static str,
) -> Result<ObjectInfo, StoreError> {
    let part = number.map(|number| part(&found, number, operation)).transpose()?;
    Ok(ObjectInfo { part, ..found.seen.into_info() })
}

fn part(found: &KnownObject, number: u32, operation: &'static str) -> Result<PartSpan, StoreError> {
    let none = || StoreError::new(StoreErrorKind::Part(PartProblem::NoSuchPart), operation);
    match &found.table {
        Some(table) => {
            let part = table.parts().iter().find(|part| part.number == number).ok_or_else(none)?;
            Ok(PartSpan { number, range: part.range, checksum: part.checksum })
        }
        None if found.seen.part_count().is_some() => {
            let why = "the sizes of this object's parts were lost with the state directory";
            Err(StoreError::new(StoreErrorKind::Unsupported(why), operation))
        }
        None if number == 1 => {
            let range = ByteRange::whole(found.seen.size_bytes);
            Ok(PartSpan { number, range, checksum: found.seen.checksum() })
        }
        None => Err(none()),
    }
}
