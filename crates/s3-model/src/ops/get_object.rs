use types::{
    Body, ByteRange, Checksum, ETag, ObjectHeaders, RangeSpec, StorageClass, Timestamp, UserMetadata,
    VersionId,
};

use crate::{IfRange, ReadConditions};

/// Whether the answer bears the object's checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChecksumMode {
    /// It does not.
    #[default]
    Off,
    /// `x-amz-checksum-mode: ENABLED`.
    Enabled,
}

/// Headers of the answer that the request replaces (`response-…`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseOverrides {
    /// `response-cache-control`.
    pub cache_control: Option<String>,
    /// `response-content-disposition`.
    pub content_disposition: Option<String>,
    /// `response-content-encoding`.
    pub content_encoding: Option<String>,
    /// `response-content-language`.
    pub content_language: Option<String>,
    /// `response-content-type`.
    pub content_type: Option<String>,
    /// `response-expires`.
    pub expires: Option<String>,
}

impl ResponseOverrides {
    /// Whether nothing is replaced. S3 refuses replacements in anonymous requests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts the replacements over an object's own headers.
    pub fn apply(self, headers: &mut ObjectHeaders) {
        let replace = |slot: &mut Option<String>, value: Option<String>| {
            if value.is_some() {
                *slot = value;
            }
        };
        replace(&mut headers.cache_control, self.cache_control);
        replace(&mut headers.content_disposition, self.content_disposition);
        replace(&mut headers.content_encoding, self.content_encoding);
        replace(&mut headers.content_language, self.content_language);
        replace(&mut headers.content_type, self.content_type);
        replace(&mut headers.expires, self.expires);
    }
}

/// GetObject and HeadObject. A range and a part number do not come together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetObjectInput {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// One range of bytes.
    pub range: Option<RangeSpec>,
    /// The state of the object for which the range holds.
    pub if_range: Option<IfRange>,
    /// One part, 1 to 10,000.
    pub part_number: Option<u32>,
    /// Read conditions.
    pub conditions: ReadConditions,
    /// Whether to return the checksum.
    pub checksum_mode: ChecksumMode,
    /// Headers to replace.
    pub overrides: ResponseOverrides,
}

/// What the headers of GetObject and HeadObject tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// The entity tag.
    pub etag: ETag,
    /// The size of the whole object.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// System headers, replacements applied.
    pub headers: ObjectHeaders,
    /// User metadata.
    pub user: UserMetadata,
    /// The storage class; `STANDARD` is not written.
    pub storage_class: StorageClass,
    /// How many tags it has; 0 is not written.
    pub tag_count: usize,
    /// The checksum, where it was asked for and covers what is sent.
    pub checksum: Option<Checksum>,
    /// `x-amz-mp-parts-count`, where one part was asked for.
    pub part_count: Option<u32>,
    /// The bytes sent where a range or part was asked for: 206 with `Content-Range`.
    pub range: Option<ByteRange>,
}

impl ObjectHead {
    /// How many bytes the answer has, or would have.
    #[must_use]
    pub fn content_length(&self) -> u64 {
        self.range.map_or(self.size_bytes, |range| range.len())
    }
}

/// HeadObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObjectOutput {
    /// The headers.
    pub head: ObjectHead,
}

/// GetObject.
#[derive(Debug)]
pub struct GetObjectOutput {
    /// The headers.
    pub head: ObjectHead,
    /// The bytes of the range, or of the whole.
    pub body: Body,
}
