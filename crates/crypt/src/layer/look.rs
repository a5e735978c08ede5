use bytes::Bytes;
use store::{Bucket, Content, ObjectInfo, Opened, StoreError, StoreErrorKind};
use types::{Body, ByteRange, Context, Frame};

use super::core::{Core, Place, keeps, stored};
use crate::error::{During, corrupt, from_stored_body};
use crate::format::{
    Beginning, Envelope, FOOTER_BYTES, FOOTER_MAGIC, Footer, HEADER_BYTES, Header, MANIFEST_MAGIC,
    MANIFEST_TAIL_BYTES, Manifest, ManifestTail, OpeningManifest, Role, Secret, Shape, plain_size,
};
use crate::state::{Entry, SealedEntry};

/// What is read of an object's end to know what it is: the manifest of a hundred parts fits, and a small object wholly.
const END_BYTES: u64 = 16 * 1024;

/// A stored object, known.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) entry: Entry,
    /// Read with it, where it was just looked at.
    pub(super) table: Option<Manifest>,
    /// The key of a sealed object.
    pub(super) data_key: Option<Secret>,
}

/// The end of an object that is read once, for all that stands in it.
struct End {
    bytes: Bytes,
    starts_at: u64,
}

impl End {
    /// The bytes from `place` to `end`, where they were read.
    fn slice(&self, place: u64, end: u64) -> Option<Bytes> {
        let start = place.checked_sub(self.starts_at)?;
        let end = end.checked_sub(self.starts_at)?;
        (end as usize <= self.bytes.len()).then(|| self.bytes.slice(start as usize..end as usize))
    }
}

async fn read(content: &dyn Content, range: ByteRange, operation: &'static str) -> Result<Bytes, StoreError> {
    let body = content.read(range).await?;
    let bytes =
        body.collect(range.len() as usize).await.map_err(|error| from_stored_body(error, operation))?;
    if bytes.len() as u64 == range.len() { Ok(bytes) } else { Err(corrupt(operation)) }
}

impl Core {
    /// What the index knows of an object; `None` where it does not, or knows it otherwise.
    pub(super) async fn known(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        info: &ObjectInfo,
        operation: &'static str,
    ) -> Result<Option<Found>, StoreError> {
        let Some(entry) = self.index.get(stored(bucket, place, &info.etag)).await else { return Ok(None) };
        if entry.stored_bytes() != info.size_bytes {
            // Another size under the same tag is not what was stored.
            return if matches!(entry, Entry::Sealed(_)) { Err(corrupt(operation)) } else { Ok(None) };
        }
        let named = self.envelope_of(info, operation)?;
        let Entry::Sealed(mut sealed) = entry else {
            return Ok(named.is_none().then_some(Found { entry, table: None, data_key: None }));
        };
        if let Some(named) = named {
            if (named.object, named.shape) != (sealed.envelope.object, sealed.envelope.shape) {
                return Ok(None);
            }
            sealed.envelope = named;
        }
        let data_key = self.data_key(cx, (bucket, place), &sealed.envelope, operation).await?;
        self.stats.index_hits.add(1);
        Ok(Some(Found { entry: Entry::Sealed(sealed), table: None, data_key: Some(data_key) }))
    }

    /// Looks at an object itself: its beginning and its end, in at most three reads whose sizes are bounded.
    pub(super) async fn look(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        opened: &Opened,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        self.stats.looks.add(1);
        let found = self.look_closely(cx, (bucket, place), opened, operation).await;
        match &found {
            Ok(found) => {
                if matches!(found.entry, Entry::Foreign { .. }) {
                    self.stats.foreign.add(1);
                }
                let object = stored(bucket, place, &opened.info.etag);
                self.index.put(object, &found.entry, found.table.as_ref(), keeps(bucket)).await;
            }
            Err(error) if matches!(error.kind, StoreErrorKind::Corrupt) => self.stats.corrupt.add(1),
            Err(_) => {}
        }
        found
    }

    async fn look_closely(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        opened: &Opened,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let (info, content) = (&opened.info, &*opened.content);
        let size = info.size_bytes;
        let named = self.envelope_of(info, operation)?;
        let foreign = || Found { entry: Entry::Foreign { stored_bytes: size }, table: None, data_key: None };
        if size < HEADER_BYTES as u64 {
            return if named.is_none() { Ok(foreign()) } else { Err(corrupt(operation)) };
        }
        let starts_at = size.saturating_sub(END_BYTES);
        let bytes = read(content, ByteRange { start: starts_at, end: size }, operation).await?;
        let end = End { bytes, starts_at };
        let shape = match &end.bytes[end.bytes.len() - FOOTER_MAGIC.len()..] {
            tail if tail == FOOTER_MAGIC => Some(Shape::Whole),
            tail if tail == MANIFEST_MAGIC => Some(Shape::Parts),
            _ => None,
        };
        let envelope = match named {
            Some(envelope) => envelope,
            None => match (self.beginning(content, &end, operation).await?, shape) {
                (Beginning::Ours(header), _) => header.envelope,
                (Beginning::Foreign, None) => return Ok(foreign()),
                (Beginning::Foreign, Some(_)) => return Err(corrupt(operation)),
            },
        };
        if shape != Some(envelope.shape) {
            return Err(corrupt(operation));
        }
        let data_key = self.data_key(cx, (bucket, place), &envelope, operation).await?;
        let (entry, table) = match envelope.shape {
            Shape::Whole => (whole(&envelope, &data_key, &end, size).during(operation)?, None),
            Shape::Parts => {
                let table = manifest(content, &envelope, &data_key, (&end, size), operation).await?;
                (parts(&envelope, &table, size), Some(table))
            }
        };
        Ok(Found { entry: Entry::Sealed(entry), table, data_key: Some(data_key) })
    }

    async fn beginning(
        &self,
        content: &dyn Content,
        end: &End,
        operation: &'static str,
    ) -> Result<Beginning, StoreError> {
        let bytes = match end.slice(0, HEADER_BYTES as u64) {
            Some(bytes) => bytes,
            None => read(content, ByteRange { start: 0, end: HEADER_BYTES as u64 }, operation).await?,
        };
        Header::decode(&bytes).during(operation)
    }

    /// The plain size of a sealed object whose key is gone or whose bytes are damaged, as far as its stored bytes tell: where
    /// they have no end that says it, that of an object in one piece of so many stored bytes, or 0.
    pub(super) async fn size_told(&self, opened: &Opened) -> u64 {
        let size = opened.info.size_bytes;
        let starts_at = size.saturating_sub(MANIFEST_TAIL_BYTES as u64);
        let end = read(&*opened.content, ByteRange { start: starts_at, end: size }, "list").await;
        match end.map(|end| ManifestTail::decode(&end)) {
            Ok(Ok(tail)) if tail.size_bytes <= size => tail.size_bytes,
            _ => plain_size(size).unwrap_or(0),
        }
    }
}

fn whole(
    envelope: &Envelope,
    data_key: &Secret,
    end: &End,
    size: u64,
) -> Result<SealedEntry, crate::format::Damaged> {
    let plain = plain_size(size).ok_or(crate::format::Damaged)?;
    let sealed = end.slice(size - FOOTER_BYTES as u64, size).ok_or(crate::format::Damaged)?;
    let footer = Footer::open(&sealed, &whole_header(envelope).key(data_key), plain)?;
    Ok(SealedEntry {
        envelope: *envelope,
        etag: footer.etag,
        checksum: footer.checksum,
        size_bytes: plain,
        stored_bytes: size,
        part_count: None,
    })
}

/// The header of an object in one piece: its stream has the object's own number.
pub(super) fn whole_header(envelope: &Envelope) -> Header {
    Header { envelope: *envelope, stream: envelope.object, part: 0, role: Role::Data }
}

async fn manifest(
    content: &dyn Content,
    envelope: &Envelope,
    data_key: &Secret,
    (end, size): (&End, u64),
    operation: &'static str,
) -> Result<Manifest, StoreError> {
    let tail = ManifestTail::decode(&end.bytes).during(operation)?;
    let start = size.checked_sub(tail.stored_bytes()).ok_or_else(|| corrupt(operation))?;
    let mut body = match end.slice(start, size) {
        Some(bytes) => Body::from_bytes(bytes),
        None => content.read(ByteRange { start, end: size }).await?,
    };
    let mut first = Vec::with_capacity(HEADER_BYTES);
    let mut rest = Bytes::new();
    while first.len() < HEADER_BYTES {
        let mut piece = next(&mut body, operation).await?.ok_or_else(|| corrupt(operation))?;
        let count = piece.len().min(HEADER_BYTES - first.len());
        first.extend_from_slice(&piece.split_to(count));
        rest = piece;
    }
    let Beginning::Ours(header) = Header::decode(&first).during(operation)? else {
        return Err(corrupt(operation));
    };
    // The envelope in metadata counts where there is one: after a copy the manifest's own is the source's.
    let header = Header { envelope: *envelope, ..header };
    let mut opening = OpeningManifest::new(tail, &header, data_key).during(operation)?;
    opening.push(&rest).during(operation)?;
    while let Some(piece) = next(&mut body, operation).await? {
        opening.push(&piece).during(operation)?;
    }
    let manifest = opening.finish().during(operation)?;
    if manifest.streams_bytes() == Some(start) { Ok(manifest) } else { Err(corrupt(operation)) }
}

/// The next bytes of a stored body.
async fn next(body: &mut Body, operation: &'static str) -> Result<Option<Bytes>, StoreError> {
    loop {
        match body.next_frame().await.transpose().map_err(|error| from_stored_body(error, operation))? {
            Some(Frame::Data(data)) => return Ok(Some(data)),
            Some(Frame::Trailer(_)) => {}
            None => return Ok(None),
        }
    }
}

/// The entry of an object that has a part table.
pub(super) fn parts(envelope: &Envelope, table: &Manifest, stored_bytes: u64) -> SealedEntry {
    SealedEntry {
        envelope: *envelope,
        etag: table.etag.clone(),
        checksum: table.checksum,
        size_bytes: table.size_bytes().unwrap_or_default(),
        stored_bytes,
        part_count: u32::try_from(table.parts.len()).ok().filter(|count| *count > 0),
    }
}
