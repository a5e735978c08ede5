use std::borrow::Cow;

use s3_model::S3Error;
use types::Timestamp;

use crate::encode::{decode, pairs};
use crate::v4::{ALGORITHM, Credential, MAX_EXPIRES_SECONDS, MAX_SKEW_SECONDS};
use crate::{date, error};

/// What the query of a presigned URL says, decoded.
#[derive(Default)]
pub(crate) struct Presigned<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    pub(crate) content_sha256: Option<Cow<'a, str>>,
}

/// What a presigned URL claims, checked for form.
pub(crate) struct PresignedClaim<'a> {
    pub(crate) credential: Credential<'a>,
    pub(crate) date: &'a str,
    pub(crate) signed_at: Timestamp,
    pub(crate) life_seconds: u64,
    pub(crate) signed_headers: &'a str,
    pub(crate) signature: &'a str,
}

/// Collects the parameters from a raw query.
pub(crate) fn parse_presigned(query: &str) -> Result<Presigned<'_>, S3Error> {
    let mut found = Presigned::default();
    for (name, value) in pairs(query) {
        let place = match name {
            "X-Amz-Algorithm" => &mut found.algorithm,
            "X-Amz-Credential" => &mut found.credential,
            "X-Amz-Date" => &mut found.date,
            "X-Amz-Expires" => &mut found.expires,
            "X-Amz-SignedHeaders" => &mut found.signed_headers,
            "X-Amz-Signature" => &mut found.signature,
            "X-Amz-Content-Sha256" => &mut found.content_sha256,
            _ => continue,
        };
        if place.replace(decode(value)).is_some() {
            return Err(error::query_malformed(format!("The {name} parameter must be given once.")));
        }
    }
    Ok(found)
}

impl Presigned<'_> {
    /// Checks the form of all that is needed.
    pub(crate) fn claim(&self, service: &str) -> Result<PresignedClaim<'_>, S3Error> {
        let fields = (
            &self.algorithm,
            &self.credential,
            &self.date,
            &self.expires,
            &self.signed_headers,
            &self.signature,
        );
        let (
            Some(algorithm),
            Some(credential),
            Some(date),
            Some(expires),
            Some(signed_headers),
            Some(signature),
        ) = fields
        else {
            return Err(error::query_malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
                 X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            ));
        };
        if algorithm.starts_with("AWS4-ECDSA-P256-SHA256") {
            return Err(error::sigv4a());
        }
        if algorithm != ALGORITHM {
            return Err(error::query_malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
        }
        let credential = Credential::parse(credential, service).map_err(|problem| {
            let how = problem.describe(service);
            error::query_malformed(format!("Error parsing the X-Amz-Credential parameter; {how}"))
        })?;
        let signed_at = date::parse_basic(date).ok_or_else(|| {
            error::query_malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        })?;
        if !credential.is_of_day(date) {
            return Err(error::query_malformed(format!(
                "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
                credential.date,
                date.get(..8).unwrap_or_default()
            )));
        }
        let life_seconds = life(expires)?;
        Ok(PresignedClaim { credential, date, signed_at, life_seconds, signed_headers, signature })
    }
}

impl PresignedClaim<'_> {
    /// Checks that the URL is alive: from a quarter of an hour before it was signed (clocks differ) to its end.
    pub(crate) fn check_life(&self, now: Timestamp) -> Result<(), S3Error> {
        let expires = Timestamp::from_secs(self.signed_at.as_secs() + self.life_seconds);
        if self.signed_at.as_secs() > now.as_secs() + MAX_SKEW_SECONDS {
            return Err(error::not_yet_valid(self.signed_at, expires, now));
        }
        if now.as_secs() > expires.as_secs() {
            return Err(error::expired(Some(self.life_seconds), expires, now));
        }
        Ok(())
    }
}

/// Reads `X-Amz-Expires`: whole seconds, at most seven days.
fn life(expires: &str) -> Result<u64, S3Error> {
    let digits = expires.strip_prefix('-').unwrap_or(expires);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error::query_malformed("X-Amz-Expires should be a number"));
    }
    if digits.len() < expires.len() {
        return Err(error::query_malformed("X-Amz-Expires must be non-negative"));
    }
    match digits.parse() {
        Ok(seconds @ 0..=MAX_EXPIRES_SECONDS) => Ok(seconds),
        _ => Err(error::query_malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
             seconds",
        )),
    }
}
