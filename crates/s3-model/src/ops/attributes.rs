use types::{Checksum, ETag, StorageClass, Timestamp, VersionId};

/// One of the attributes that GetObjectAttributes can return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectAttribute {
    /// `ETag`.
    ETag,
    /// `Checksum`.
    Checksum,
    /// `ObjectParts`.
    ObjectParts,
    /// `StorageClass`.
    StorageClass,
    /// `ObjectSize`.
    ObjectSize,
}

/// GetObjectAttributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectAttributesInput {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// What to return, at least one.
    pub attributes: Vec<ObjectAttribute>,
    /// The most parts to return, at most 1,000.
    pub max_parts: u32,
    /// Only parts with numbers above this one.
    pub part_number_marker: u32,
}

impl GetObjectAttributesInput {
    /// Whether the attribute is asked for.
    #[must_use]
    pub fn wants(&self, attribute: ObjectAttribute) -> bool {
        self.attributes.contains(&attribute)
    }
}

/// An object's attributes: those asked for that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectAttributesOutput {
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// The entity tag.
    pub etag: Option<ETag>,
    /// The checksum.
    pub checksum: Option<Checksum>,
    /// The parts, of an object uploaded in parts.
    pub parts: Option<AttributeParts>,
    /// The storage class.
    pub storage_class: Option<StorageClass>,
    /// The size.
    pub size_bytes: Option<u64>,
}

/// A page of an object's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeParts {
    /// How many parts the object has.
    pub total_count: u32,
    /// The marker asked for.
    pub part_number_marker: u32,
    /// The most parts asked for.
    pub max_parts: u32,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The parts. S3 lists them only where the object has a composite checksum or parts with checksums of their own.
    pub parts: Vec<AttributePart>,
}

/// One part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePart {
    /// Its number.
    pub number: u32,
    /// Its size.
    pub size_bytes: u64,
    /// Its own checksum.
    pub checksum: Option<Checksum>,
}
