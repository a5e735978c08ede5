use s3_model::{ErrorCode, S3Error};
use store::{Capabilities, Support};
use types::{ObjectHeaders, ObjectMetadata, StorageClass, TagSet};

/// Refuses what the bucket's store does not do, with its reason.
pub(crate) fn require(support: Support) -> Result<(), S3Error> {
    match support {
        Support::Yes | Support::Supplied(_) => Ok(()),
        Support::No(reason) => Err(not_implemented(reason)),
    }
}

/// `NotImplemented` with the reason that a store gives.
pub(crate) fn not_implemented(reason: &'static str) -> S3Error {
    S3Error::with_message(
        ErrorCode::NotImplemented,
        format!("The store of this bucket does not implement what you asked for: {reason}"),
    )
}

/// Refuses metadata that the store would lose: it is never dropped silently. A content type alone is no loss, since one
/// is guessed for reading.
pub(crate) fn require_metadata(
    capabilities: &Capabilities,
    metadata: &ObjectMetadata,
) -> Result<(), S3Error> {
    let ObjectHeaders {
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        content_type: _,
        expires,
        website_redirect_location,
    } = &metadata.headers;
    let headers = [
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        expires,
        website_redirect_location,
    ];
    if metadata.user.is_empty() && headers.iter().all(|header| header.is_none()) {
        return Ok(());
    }
    require(capabilities.metadata)
}

/// Refuses tags that the store would lose.
pub(crate) fn require_tags(capabilities: &Capabilities, tags: &TagSet) -> Result<(), S3Error> {
    if tags.is_empty() { Ok(()) } else { require(capabilities.object_tags) }
}

/// Refuses a storage class that the store would lose.
pub(crate) fn require_storage_class(capabilities: &Capabilities, class: StorageClass) -> Result<(), S3Error> {
    if class == StorageClass::Standard { Ok(()) } else { require(capabilities.storage_classes) }
}
