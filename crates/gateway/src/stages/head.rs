use http::request::Parts;
use http::{HeaderMap, Version, header};
use s3_model::{ErrorCode, S3Error};

use crate::exchange::{Expectation, expectation};
use crate::settings::HEAD_MAX_BYTES;

/// Bytes of punctuation beside each header's name and value.
const HEADER_EXTRA_BYTES: usize = 4;

/// Refuses heads that are too large, or that two parties could read differently.
///
/// # Errors
/// `RequestHeaderSectionTooLarge`; `BadRequest` where the body's length is told twice. Source: RFC 9112, section 6.3.
pub(super) fn check(parts: &Parts) -> Result<(), S3Error> {
    let query_and_path = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let headers =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_EXTRA_BYTES);
    if query_and_path + headers.sum::<usize>() > HEAD_MAX_BYTES {
        return Err(S3Error::new(ErrorCode::RequestHeaderSectionTooLarge)
            .detail("MaxSizeAllowed", HEAD_MAX_BYTES.to_string()));
    }
    if is_ambiguous(&parts.headers) {
        return Err(S3Error::with_message(
            ErrorCode::BadRequest,
            "The length of the request's body is ambiguous.",
        ));
    }
    Ok(())
}

/// Whether the head tells the body's length in two ways; no further request on that connection can be trusted.
pub(super) fn is_ambiguous(headers: &HeaderMap) -> bool {
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter().count();
    lengths > 1 || codings > 1 || (lengths == 1 && codings == 1)
}

/// Whether the head says how long the body is, or that it tells as it goes. HTTP/2 always does.
pub(super) fn tells_length(parts: &Parts) -> bool {
    parts.version >= Version::HTTP_2
        || parts.headers.contains_key(header::CONTENT_LENGTH)
        || parts.headers.contains_key(header::TRANSFER_ENCODING)
}

/// Whether the client waits for word to send nothing. S3 gives the word even so; hyper does not, and clients exist (the
/// botocore of aws-cli) that misread the next answer on that connection.
pub(super) fn waits_to_send_nothing(parts: &Parts) -> bool {
    let is_empty = parts.headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    expectation(parts) == Expectation::Continue
        && is_empty
        && !parts.headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Request};

    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let (mut parts, ()) = Request::builder().uri("/b/k").body(()).unwrap().into_parts();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            parts.headers.append(name, HeaderValue::try_from(*value).unwrap());
        }
        parts
    }

    #[test]
    fn a_length_told_twice_is_refused() {
        for headers in [
            &[("content-length", "1"), ("content-length", "1")][..],
            &[("content-length", "1"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        ] {
            assert_eq!(check(&parts(headers)).unwrap_err().code, ErrorCode::BadRequest);
        }
        assert!(check(&parts(&[("content-length", "1")])).is_ok());
        assert!(check(&parts(&[("transfer-encoding", "chunked")])).is_ok());
    }

    #[test]
    fn the_size_limit_fits_and_one_past_it_does_not() {
        let used = "/b/k".len() + "a".len() + HEADER_EXTRA_BYTES;
        let fits = "v".repeat(HEAD_MAX_BYTES - used);
        assert!(check(&parts(&[("a", &fits)])).is_ok());
        let code = check(&parts(&[("a", &format!("{fits}v"))])).unwrap_err().code;
        assert_eq!(code, ErrorCode::RequestHeaderSectionTooLarge);
    }

    #[test]
    fn waiting_to_send_nothing_is_noticed() {
        let expects = ("expect", "100-Continue");
        assert!(waits_to_send_nothing(&parts(&[expects, ("content-length", "0")])));
        assert!(!waits_to_send_nothing(&parts(&[expects, ("content-length", "1")])));
        assert!(!waits_to_send_nothing(&parts(&[expects, ("transfer-encoding", "chunked")])));
        assert!(!waits_to_send_nothing(&parts(&[("content-length", "0")])));
    }

    #[test]
    fn http_1_must_tell_a_length() {
        assert!(!tells_length(&parts(&[])));
        assert!(tells_length(&parts(&[("content-length", "0")])));
    }
}
