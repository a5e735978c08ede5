use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::DATE;
use http::request::Parts;
use s3_model::S3Error;
use types::Timestamp;

use crate::encode::{decode, pairs};
use crate::error::{self, Computed};
use crate::names::X_AMZ_DATE;
use crate::request::{header, query};
use crate::v2::{DateLine, EmptyValue, SignedParts, string_to_sign};
use crate::verify::check_skew;
use crate::{AccessKey, Keyring, date};

/// Checks a request that is signed in its `Authorization` header; `text` follows the scheme's name there.
pub(crate) fn check_header<'k>(
    text: &str,
    parts: &Parts,
    virtual_bucket: Option<&str>,
    keyring: &'k Keyring,
    now: Timestamp,
) -> Result<&'k AccessKey, S3Error> {
    let (id, signature) = text.trim().split_once(':').ok_or_else(|| {
        S3Error::invalid_argument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            "Authorization",
            format!("AWS {text}"),
        )
    })?;
    let missing = || error::denied("AWS authentication requires a valid Date or x-amz-date header");
    let sent = header(parts, X_AMZ_DATE).or_else(|| header(parts, DATE)).ok_or_else(missing)?;
    let moment = date::parse_http(sent).or_else(|| date::parse_basic(sent)).ok_or_else(missing)?;
    let key = keyring.find(id).ok_or_else(|| error::unknown_key(id))?;
    check_skew(sent, moment, now)?;
    check(&signed_parts(parts, virtual_bucket, DateLine::Header), signature, key)?;
    Ok(key)
}

/// Checks a presigned URL.
pub(crate) fn check_query<'k>(
    parts: &Parts,
    virtual_bucket: Option<&str>,
    keyring: &'k Keyring,
    now: Timestamp,
) -> Result<&'k AccessKey, S3Error> {
    let find = |name: &str| pairs(query(parts)).find(|pair| pair.0 == name).map(|pair| decode(pair.1));
    let (Some(id), Some(signature), Some(expires)) =
        (find("AWSAccessKeyId"), find("Signature"), find("Expires"))
    else {
        return Err(error::denied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ));
    };
    let seconds: u64 = expires
        .parse()
        .map_err(|_| error::denied(format!("Invalid date (should be seconds since epoch): {expires}")))?;
    let key = keyring.find(&id).ok_or_else(|| error::unknown_key(&id))?;
    if now.as_secs() > seconds {
        return Err(error::expired(None, Timestamp::from_secs(seconds), now));
    }
    // A `+` of the signature that was sent unescaped reads as a space.
    let signature = signature.replace(' ', "+");
    check(&signed_parts(parts, virtual_bucket, DateLine::Expires(&expires)), &signature, key)?;
    Ok(key)
}

fn signed_parts<'a>(
    parts: &'a Parts,
    virtual_bucket: Option<&'a str>,
    date: DateLine<'a>,
) -> SignedParts<'a> {
    SignedParts {
        method: parts.method.as_str(),
        headers: &parts.headers,
        virtual_bucket,
        path: parts.uri.path(),
        query: query(parts),
        date,
    }
}

fn check(parts: &SignedParts<'_>, signature: &str, key: &AccessKey) -> Result<(), S3Error> {
    let text = string_to_sign(parts, EmptyValue::AsSent);
    if matches(&text, signature, key) || matches(&string_to_sign(parts, EmptyValue::Dropped), signature, key)
    {
        return Ok(());
    }
    Err(error::mismatch(&Computed {
        key_id: key.id(),
        signature,
        string_to_sign: &text,
        canonical_request: None,
    }))
}

/// Whether a Base64 signature is that of the text. The comparison takes the same time for every signature.
pub(crate) fn matches(text: &[u8], signature: &str, key: &AccessKey) -> bool {
    STANDARD.decode(signature).is_ok_and(|tag| hmac::verify(key.v2(), text, &tag).is_ok())
}
