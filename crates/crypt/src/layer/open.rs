use store::{
    Bucket, ListParts, ObjectInfo, ObjectParts, OpenOptions, Opened, PartProblem, PartSpan, StoreError,
    StoreErrorKind,
};
use types::{ByteRange, Context, ETag, ObjectKey, RangeSpec};

use super::content::{Laid, Plain};
use super::core::{Core, Place, stored};
use super::look::Found;
use super::options::Foreign;
use crate::error::{FOREIGN, corrupt};
use crate::format::{HEADER_BYTES, Manifest, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, Shape};
use crate::state::{Entry, SealedEntry};

/// The entity tag that callers see.
pub(super) fn etag_of(entry: &Entry, stored_etag: &ETag) -> ETag {
    match entry {
        Entry::Foreign { .. } => stored_etag.clone(),
        Entry::Sealed(sealed) => sealed.etag.clone(),
    }
}

/// An opened object before callers see it.
pub(super) struct OpenedSealed {
    pub(super) opened: Opened,
    pub(super) found: Found,
}

/// The hint in stored bytes, as if the object were in one piece; another one is fetched when it is read.
fn hint(range: RangeSpec) -> Option<RangeSpec> {
    let segment = |byte: u64| byte / SEGMENT_BYTES as u64;
    let place = |index: u64| index.checked_mul(SEALED_SEGMENT_BYTES as u64)?.checked_add(HEADER_BYTES as u64);
    match range {
        RangeSpec::FromTo { first, last } => {
            let last = place(segment(last).checked_add(1)?)?.checked_sub(1)?;
            Some(RangeSpec::FromTo { first: place(segment(first))?, last })
        }
        RangeSpec::From(first) => Some(RangeSpec::From(place(segment(first))?)),
        RangeSpec::Suffix(_) => None,
    }
}

impl Core {
    /// Opens a stored object and knows what it is.
    pub(super) async fn open_sealed(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        options: &OpenOptions,
        operation: &'static str,
    ) -> Result<OpenedSealed, StoreError> {
        let inner = OpenOptions {
            version_id: options.version_id.clone(),
            part_number: None,
            range_hint: options.range_hint.and_then(hint),
        };
        let opened = self.inner.open(cx, bucket, &place.stored, inner).await?;
        let mut found = match self.known(cx, (bucket, place), &opened.info, operation).await? {
            Some(found) => found,
            None => self.look(cx, (bucket, place), &opened, operation).await?,
        };
        let is_table = matches!(&found.entry, Entry::Sealed(sealed) if sealed.envelope.shape == Shape::Parts);
        if is_table && found.table.is_none() {
            found.table = self.index.table(stored(bucket, place, &opened.info.etag)).await;
            if !found.table.as_ref().is_some_and(|table| agrees(&found.entry, table)) {
                found = self.look(cx, (bucket, place), &opened, operation).await?;
            }
        }
        Ok(OpenedSealed { opened, found })
    }

    pub(super) async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        const OPERATION: &str = "open object";
        let place = self.place_to_read(cx, bucket, key, OPERATION).await?;
        let OpenedSealed { opened, found } =
            self.open_sealed(cx, (bucket, &place), &options, OPERATION).await?;
        let Entry::Sealed(entry) = found.entry else {
            self.hold_foreign(OPERATION)?;
            if options.part_number.is_none() {
                return Ok(opened);
            }
            return self.inner.open(cx, bucket, &place.stored, options).await;
        };
        let data_key = found.data_key.ok_or_else(|| corrupt(OPERATION))?;
        let part = options.part_number.map(|number| part_of(&entry, found.table.as_ref(), number, OPERATION));
        let info = self.shown_info(opened.info, &entry, part.transpose()?);
        let laid = match found.table {
            Some(table) => Laid::Parts(table),
            None => Laid::Whole(entry.size_bytes),
        };
        let (budget, stats) = (self.options.budget.clone(), self.stats.clone());
        let plain = Plain { inner: opened.content, envelope: entry.envelope, data_key, laid, budget, stats };
        Ok(Opened { info, content: Box::new(plain) })
    }

    pub(super) async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        const OPERATION: &str = "head object";
        let place = self.place_to_read(cx, bucket, key, OPERATION).await?;
        if options.part_number.is_none() {
            let inner = OpenOptions { version_id: options.version_id.clone(), ..OpenOptions::default() };
            let info = self.inner.head(cx, bucket, &place.stored, inner).await?;
            match self.known(cx, (bucket, &place), &info, OPERATION).await? {
                Some(Found { entry: Entry::Sealed(entry), .. }) => {
                    return Ok(self.shown_info(info, &entry, None));
                }
                Some(_) => return self.hold_foreign(OPERATION).map(|()| info),
                None => {}
            }
        }
        Ok(self.open(cx, bucket, key, options).await?.info)
    }

    pub(super) async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        const OPERATION: &str = "list parts of object";
        let place = self.place_to_read(cx, bucket, key, OPERATION).await?;
        let found = self.open_sealed(cx, (bucket, &place), &options, OPERATION).await?.found;
        if matches!(found.entry, Entry::Foreign { .. }) {
            self.hold_foreign(OPERATION)?;
            return self.inner.parts(cx, bucket, &place.stored, options, page).await;
        }
        let Some(table) = found.table else { return Ok(ObjectParts::default()) };
        let mut parts: Vec<PartSpan> =
            table.spans().filter(|(part, _)| part.number > page.after).map(span).collect();
        let more = parts.len() > page.limit;
        parts.truncate(page.limit);
        Ok(ObjectParts { parts, more })
    }

    /// # Errors
    /// `Forbidden` where foreign objects are refused.
    pub(super) fn hold_foreign(&self, operation: &'static str) -> Result<(), StoreError> {
        match self.options.foreign {
            Foreign::Pass => Ok(()),
            Foreign::Refuse => Err(StoreError::new(StoreErrorKind::Forbidden(FOREIGN), operation)),
        }
    }

    /// An object as callers see it.
    pub(super) fn shown_info(
        &self,
        info: ObjectInfo,
        entry: &SealedEntry,
        part: Option<PartSpan>,
    ) -> ObjectInfo {
        ObjectInfo {
            etag: entry.etag.clone(),
            size_bytes: entry.size_bytes,
            checksum: entry.checksum,
            part_count: entry.part_count,
            part,
            metadata: self.stripped(info.metadata),
            modified_at: info.modified_at,
            version_id: info.version_id,
        }
    }
}

/// Whether a table is that of an entry.
fn agrees(entry: &Entry, table: &Manifest) -> bool {
    let Entry::Sealed(entry) = entry else { return false };
    let stored = table.streams_bytes().and_then(|streams| streams.checked_add(table.stored_bytes()));
    stored == Some(entry.stored_bytes) && table.size_bytes() == Some(entry.size_bytes)
}

fn span((part, range): (crate::format::PartRow, ByteRange)) -> PartSpan {
    PartSpan { number: part.number, range, checksum: part.checksum }
}

/// The part of this number; number 1 of an object without a part table is all of it.
fn part_of(
    entry: &SealedEntry,
    table: Option<&Manifest>,
    number: u32,
    operation: &'static str,
) -> Result<PartSpan, StoreError> {
    let found = match table.filter(|table| !table.parts.is_empty()) {
        Some(table) => table.spans().find(|(part, _)| part.number == number).map(span),
        None => (number == 1).then(|| {
            let range = ByteRange::whole(entry.size_bytes);
            PartSpan { number, range, checksum: entry.checksum }
        }),
    };
    found.ok_or_else(|| StoreError::new(StoreErrorKind::Part(PartProblem::NoSuchPart), operation))
}
