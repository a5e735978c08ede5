use s3_model::{ErrorCode, S3Error, limits};
use types::{ObjectHeaders, ObjectMetadata, StorageClass, UserMetadata};

use super::{rfc2047, tagging};
use crate::fields::Fields;

const USER_PREFIX: &str = "x-amz-meta-";

/// All that a request says about an object beside its bytes. The content type stays empty where none is named.
///
/// # Errors
/// `InvalidStorageClass`, `MetadataTooLarge`, `InvalidRedirectLocation`, and those of tags.
pub(super) fn decode(fields: Fields<'_>) -> Result<ObjectMetadata, S3Error> {
    Ok(ObjectMetadata {
        headers: headers(fields)?,
        user: user(fields)?,
        storage_class: storage_class(fields)?.unwrap_or_default(),
        tags: tagging::header(fields)?,
    })
}

/// The system headers kept with an object.
pub(super) fn headers(fields: Fields<'_>) -> Result<ObjectHeaders, S3Error> {
    let text = |name: &str| fields.trimmed(name).map(|value| value.into_owned());
    Ok(ObjectHeaders {
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding").and_then(|value| without_chunked(&value)),
        content_language: text("content-language"),
        content_type: text("content-type"),
        expires: text("expires"),
        website_redirect_location: redirect(fields)?,
    })
}

/// `x-amz-website-redirect-location`.
pub(super) fn redirect(fields: Fields<'_>) -> Result<Option<String>, S3Error> {
    let Some(location) = fields.trimmed("x-amz-website-redirect-location") else { return Ok(None) };
    if ["/", "http://", "https://"].iter().any(|start| location.starts_with(start)) {
        return Ok(Some(location.into_owned()));
    }
    Err(ErrorCode::InvalidRedirectLocation.into())
}

/// `aws-chunked` describes how the request is framed, not the object.
fn without_chunked(value: &str) -> Option<String> {
    let is_chunked = |piece: &str| piece.trim().eq_ignore_ascii_case("aws-chunked");
    if !value.split(',').any(is_chunked) {
        return Some(value.to_owned());
    }
    let kept: Vec<_> = value.split(',').filter(|piece| !is_chunked(piece)).map(str::trim).collect();
    let kept = kept.join(",");
    (!kept.is_empty()).then_some(kept)
}

/// `x-amz-storage-class`.
pub(super) fn storage_class(fields: Fields<'_>) -> Result<Option<StorageClass>, S3Error> {
    let Some(name) = fields.trimmed("x-amz-storage-class") else { return Ok(None) };
    StorageClass::from_text(&name)
        .map(Some)
        .ok_or_else(|| S3Error::new(ErrorCode::InvalidStorageClass).detail("StorageClassRequested", name))
}

/// `x-amz-meta-…`: names in lower case, values as Unicode.
pub(super) fn user(fields: Fields<'_>) -> Result<UserMetadata, S3Error> {
    let mut metadata = UserMetadata::new();
    for (name, value) in fields.amz() {
        let Some(name) = name.strip_prefix(USER_PREFIX) else { continue };
        let value = value.trim();
        let value = rfc2047::decode(value).unwrap_or_else(|| value.to_owned());
        match metadata.iter_mut().find(|(known, _)| known == name) {
            // Headers of one name are joined by commas.
            Some((_, joined)) => {
                joined.push(',');
                joined.push_str(&value);
            }
            None => metadata.push((name.to_owned(), value)),
        }
    }
    let size_bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size_bytes > limits::USER_METADATA_MAX_BYTES {
        return Err(S3Error::new(ErrorCode::MetadataTooLarge)
            .detail("Size", size_bytes.to_string())
            .detail("MaxSizeAllowed", limits::USER_METADATA_MAX_BYTES.to_string()));
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_fields;

    fn read(headers: &[(&str, &str)]) -> Result<ObjectMetadata, ErrorCode> {
        with_fields(headers, |fields| decode(fields).map_err(|error| error.code))
    }

    #[test]
    fn headers_and_user_metadata_are_kept() {
        let metadata = read(&[
            ("content-type", "text/plain"),
            ("content-encoding", "aws-chunked,gzip"),
            ("cache-control", "no-store"),
            ("expires", "never"),
            ("x-amz-meta-MTime", " 12.5 "),
            ("x-amz-meta-a", "1"),
            ("x-amz-meta-a", "2"),
            ("x-amz-meta-utf", "é"),
            ("x-amz-meta-word", "=?UTF-8?B?w6k=?="),
            ("x-amz-storage-class", "GLACIER"),
        ])
        .unwrap();
        assert_eq!(metadata.headers.content_encoding.as_deref(), Some("gzip"));
        assert_eq!(metadata.headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(metadata.headers.expires.as_deref(), Some("never"));
        assert_eq!(metadata.storage_class, StorageClass::Glacier);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("mtime", "12.5"), pair("a", "1,2"), pair("utf", "é"), pair("word", "é")];
        assert_eq!(metadata.user, expected);
    }

    #[test]
    fn framing_is_no_encoding_of_the_object() {
        for (sent, kept) in [
            ("aws-chunked", None),
            ("AWS-Chunked", None),
            ("gzip, br", Some("gzip, br")),
            ("gzip, aws-chunked, br", Some("gzip,br")),
        ] {
            assert_eq!(without_chunked(sent).as_deref(), kept, "{sent}");
        }
    }

    #[test]
    fn the_limit_of_user_metadata_holds_at_and_past_it() {
        let at = "v".repeat(limits::USER_METADATA_MAX_BYTES - 1);
        assert!(read(&[("x-amz-meta-a", &at)]).is_ok());
        assert_eq!(read(&[("x-amz-meta-ab", &at)]), Err(ErrorCode::MetadataTooLarge));
    }

    #[test]
    fn labels_and_redirects_that_are_none_are_refused() {
        assert_eq!(read(&[("x-amz-storage-class", "COLD")]), Err(ErrorCode::InvalidStorageClass));
        assert_eq!(
            read(&[("x-amz-website-redirect-location", "elsewhere")]),
            Err(ErrorCode::InvalidRedirectLocation)
        );
        assert!(read(&[("x-amz-website-redirect-location", "/there")]).is_ok());
    }
}
