use aws_lc_rs::hmac;
use http::request::Parts;
use s3_model::S3Error;

use crate::error::{self, Computed};
use crate::request::{host, query};
use crate::split::split;
use crate::v4::{
    CANONICAL_BYTES, CanonicalParts, Credential, HostForm, PathForm, SigningKey, Text, canonical_request,
    string_to_sign, without_default_port,
};
use crate::{AccessKey, encode, hex};

/// What a request of Signature Version 4 claims, wherever it says so.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) credential: Credential<'a>,
    /// `yyyyMMdd'T'HHmmss'Z'`.
    pub(crate) date: &'a str,
    pub(crate) signed_headers: &'a str,
    pub(crate) signature: &'a str,
    /// The payload's hash, or what stands in its place.
    pub(crate) payload: &'a str,
}

/// Checks a claim's signature and returns the key that it was made with, for the chunks of the body.
///
/// A request that does not match as S3 prescribes is tried in the few other ways in which clients are known to sign it;
/// each covers the same request, so nothing can be changed under a signature by it.
pub(crate) fn check(claim: &Claim<'_>, parts: &Parts, key: &AccessKey) -> Result<SigningKey, S3Error> {
    check_all_signed(claim.signed_headers, parts)?;
    let canonical = CanonicalParts {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: query(parts),
        headers: &parts.headers,
        host: host(parts),
        signed_headers: claim.signed_headers,
        payload: claim.payload,
    };
    let mut prescribed = Text::with_capacity(CANONICAL_BYTES);
    canonical_request(&canonical, PathForm::Encoded, HostForm::AsSent, &mut prescribed);
    let is_valid = |signing_key: &SigningKey| {
        matches(claim, signing_key, &prescribed) || matches_otherwise(claim, signing_key, &canonical)
    };
    key.signing_key(&claim.credential, is_valid).ok_or_else(|| {
        error::mismatch(&Computed {
            key_id: claim.credential.key_id,
            signature: claim.signature,
            string_to_sign: &string_to_sign(claim.date, &claim.credential, &prescribed),
            canonical_request: Some(&prescribed),
        })
    })
}

/// Whether the signature is that of this canonical request. The comparison takes the same time for every signature.
fn matches(claim: &Claim<'_>, key: &SigningKey, canonical: &[u8]) -> bool {
    let Some(signature) = hex::decode(claim.signature.as_bytes()) else { return false };
    hmac::verify(key, &string_to_sign(claim.date, &claim.credential, canonical), &signature).is_ok()
}

fn matches_otherwise(claim: &Claim<'_>, key: &SigningKey, canonical: &CanonicalParts<'_>) -> bool {
    let path_differs = !encode::is_canonical(canonical.path.as_bytes(), Some(b'/'));
    let host_differs = without_default_port(canonical.host).is_some();
    let others = [
        (path_differs, PathForm::AsSent, HostForm::AsSent),
        (host_differs, PathForm::Encoded, HostForm::WithoutDefaultPort),
        (path_differs && host_differs, PathForm::AsSent, HostForm::WithoutDefaultPort),
    ];
    let mut text = Text::with_capacity(CANONICAL_BYTES);
    others.into_iter().filter(|(differs, ..)| *differs).any(|(_, path, host)| {
        canonical_request(canonical, path, host, &mut text);
        matches(claim, key, &text)
    })
}

/// S3 wants the host and every `x-amz-` header signed; `x-amz-content-sha256` may be left out, since what it says is a part
/// of the canonical request itself.
fn check_all_signed(signed_headers: &str, parts: &Parts) -> Result<(), S3Error> {
    let is_signed = |name: &str| split(signed_headers, b';').any(|signed| signed == name);
    let must_be = |name: &str| name.starts_with("x-amz-") && name != "x-amz-content-sha256";
    let mut missing: Vec<&str> = Vec::new();
    if !is_signed("host") {
        missing.push("host");
    }
    missing.extend(
        parts.headers.keys().map(|name| name.as_str()).filter(|name| must_be(name) && !is_signed(name)),
    );
    if missing.is_empty() { Ok(()) } else { Err(error::not_signed(&missing)) }
}
