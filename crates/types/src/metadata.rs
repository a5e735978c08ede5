use crate::TagSet;

/// User metadata: names in lower case without `x-amz-meta-`, with their values, in the order sent.
pub type UserMetadata = Vec<(String, String)>;

/// S3's storage classes, kept as labels: Sluice stores every class alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StorageClass {
    /// `STANDARD`.
    #[default]
    Standard,
    /// `REDUCED_REDUNDANCY`.
    ReducedRedundancy,
    /// `STANDARD_IA`.
    StandardIa,
    /// `ONEZONE_IA`.
    OneZoneIa,
    /// `INTELLIGENT_TIERING`.
    IntelligentTiering,
    /// `GLACIER`.
    Glacier,
    /// `DEEP_ARCHIVE`.
    DeepArchive,
    /// `OUTPOSTS`.
    Outposts,
    /// `GLACIER_IR`.
    GlacierIr,
    /// `SNOW`.
    Snow,
    /// `EXPRESS_ONEZONE`.
    ExpressOneZone,
    /// `FSX_OPENZFS`.
    FsxOpenZfs,
    /// `FSX_ONTAP`.
    FsxOntap,
}

impl StorageClass {
    const ALL: [(Self, &'static str); 13] = [
        (Self::Standard, "STANDARD"),
        (Self::ReducedRedundancy, "REDUCED_REDUNDANCY"),
        (Self::StandardIa, "STANDARD_IA"),
        (Self::OneZoneIa, "ONEZONE_IA"),
        (Self::IntelligentTiering, "INTELLIGENT_TIERING"),
        (Self::Glacier, "GLACIER"),
        (Self::DeepArchive, "DEEP_ARCHIVE"),
        (Self::Outposts, "OUTPOSTS"),
        (Self::GlacierIr, "GLACIER_IR"),
        (Self::Snow, "SNOW"),
        (Self::ExpressOneZone, "EXPRESS_ONEZONE"),
        (Self::FsxOpenZfs, "FSX_OPENZFS"),
        (Self::FsxOntap, "FSX_ONTAP"),
    ];

    /// Reads the name that S3 gives the class; `None` for any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| *name == text).map(|(class, _)| class)
    }

    /// The name that S3 gives the class.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(class, _)| *class == self).map_or("STANDARD", |(_, name)| name)
    }
}

/// The system headers that S3 keeps with an object and returns as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectHeaders {
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Expires`, as sent.
    pub expires: Option<String>,
    /// `x-amz-website-redirect-location`.
    pub website_redirect_location: Option<String>,
}

/// What a client says about an object beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// System headers.
    pub headers: ObjectHeaders,
    /// User metadata.
    pub user: UserMetadata,
    /// The storage class label.
    pub storage_class: StorageClass,
    /// Object tags.
    pub tags: TagSet,
}
