use blob::BlobId;
use bytes::{BufMut, Bytes, BytesMut};
use types::Timestamp;

use super::v1;
use crate::ids::{DataId, UploadNumber};
use crate::keys::{self, Family};
use ::record::{Malformed, Reader, Writer};

/// Work that a commit leaves to the collector. Its whole content is the key, so that asking twice is asking once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToDo {
    /// Remove the blob if nothing refers to it.
    Blob(BlobId),
    /// Remove the part table, and what only it holds, if nothing refers to it.
    Table(DataId),
    /// Remove the part records of an ended upload, and the parts themselves where its table does not hold them.
    Upload(DataId),
    /// End the uploads that a removed bucket has left.
    Bucket(u64),
    /// Forget a completed upload when its time has come.
    Completed {
        /// When.
        due_at: Timestamp,
        /// The bucket.
        bucket_handle: u64,
        /// The upload.
        upload: UploadNumber,
    },
}

const BLOB: u8 = b'b';
const BUCKET: u8 = b'h';
const COMPLETED: u8 = b'a';
const TABLE: u8 = b't';
const UPLOAD: u8 = b'u';

impl ToDo {
    /// All rows of work that is due at once, and those of later work up to `now`.
    pub(crate) fn ranges(now: Timestamp) -> [keys::KeyRange; 2] {
        let kind = |byte: u8| keys::KeyRange::of_prefix(&[Family::ToDo as u8, byte]);
        let (timed, all) = (kind(COMPLETED), keys::KeyRange::of_prefix(&[Family::ToDo as u8]));
        let mut due = BytesMut::from(&timed.start[..]);
        due.put_u64(now.as_nanos());
        let due = keys::behind_prefix(&due);
        [keys::KeyRange { start: timed.start, end: due }, keys::KeyRange { start: timed.end, end: all.end }]
    }

    /// Its row.
    pub(crate) fn key(&self) -> Bytes {
        let mut key = BytesMut::with_capacity(40);
        key.put_u8(Family::ToDo as u8);
        match self {
            Self::Blob(id) => {
                key.put_u8(BLOB);
                key.put_slice(&id.to_bytes());
            }
            Self::Table(id) => {
                key.put_u8(TABLE);
                key.put_slice(&id.to_bytes());
            }
            Self::Upload(id) => {
                key.put_u8(UPLOAD);
                key.put_slice(&id.to_bytes());
            }
            Self::Bucket(handle) => {
                key.put_u8(BUCKET);
                key.put_u64(*handle);
            }
            Self::Completed { due_at, bucket_handle, upload } => {
                key.put_u8(COMPLETED);
                key.put_u64(due_at.as_nanos());
                key.put_u64(*bucket_handle);
                key.put_u64(upload.initiated_nanos);
                key.put_u64(upload.random);
            }
        }
        key.freeze()
    }

    /// The row's value.
    pub(crate) fn value() -> Bytes {
        Writer::new(v1::TO_DO, 1).finish()
    }

    /// Reads a row.
    pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<Self, Malformed> {
        Reader::open(value, v1::TO_DO)?.finish()?;
        let (kind, rest) = key.get(1..).and_then(<[u8]>::split_first).ok_or(Malformed)?;
        let number = |place: usize| {
            let bytes = rest.get(8 * place..8 * place + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u64::from_be_bytes).ok_or(Malformed)
        };
        let id = || rest.try_into().map_err(|_| Malformed);
        match *kind {
            BLOB => id().map(|id| Self::Blob(BlobId::from_bytes(id))),
            TABLE => id().map(|id| Self::Table(DataId::from_bytes(id))),
            UPLOAD => id().map(|id| Self::Upload(DataId::from_bytes(id))),
            BUCKET => Ok(Self::Bucket(number(0)?)),
            COMPLETED => Ok(Self::Completed {
                due_at: Timestamp::from_nanos(number(0)?),
                bucket_handle: number(1)?,
                upload: UploadNumber { initiated_nanos: number(2)?, random: number(3)? },
            }),
            _ => Err(Malformed),
        }
    }
}
