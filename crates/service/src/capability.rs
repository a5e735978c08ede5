use s3_model::{ErrorCode, S3Error};
use store::Support;
use types::ObjectMetadata;

/// Refuses what the bucket's store does not do, with its reason.
pub(crate) fn require(support: Support) -> Result<(), S3Error> {
    match support {
        Support::Yes => Ok(()),
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
    capabilities: &store::Capabilities,
    metadata: &ObjectMetadata,
) -> Result<(), S3Error> {
    if !metadata.tags.is_empty() {
        require(capabilities.object_tags)?;
    }
    let headers = types::ObjectHeaders {
        content_type: metadata.headers.content_type.clone(),
        ..types::ObjectHeaders::default()
    };
    if metadata.user.is_empty() && metadata.headers == headers {
        return Ok(());
    }
    require(capabilities.metadata)
}
