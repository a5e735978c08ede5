use std::borrow::Cow;
use std::sync::Arc;

use http::header::DATE;
use http::request::Parts;
use iam::Principal;
use s3_model::S3Error;
use s3_wire::{AddressingStyle, Routed};
use types::{Body, Timestamp};

use crate::body::{ChunkSeed, EMPTY_SHA256, open};
use crate::mechanism::Mechanism;
use crate::names::{X_AMZ_CONTENT_SHA256, X_AMZ_DATE};
use crate::payload::{PayloadForm, UNSIGNED};
use crate::request::{header, query};
use crate::v4::{self, Claim, MAX_SKEW_SECONDS, SigningKey};
use crate::{AccessKey, AuthSettings, Authenticated, Keyring, Scheme, SigV2, date, error, v2};

/// Checks who makes a request.
#[derive(Debug)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    settings: AuthSettings,
    anonymous: Arc<Principal>,
}

impl Verifier {
    /// A verifier for these keys.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, settings: AuthSettings) -> Self {
        Self { keyring, settings, anonymous: Arc::new(Principal::Anonymous) }
    }

    /// Checks a request of the S3 API by whichever proof it brings. A form upload brings its proof in its fields: here it
    /// passes as anonymous, and [`Self::verify_form`] tells who sends it.
    ///
    /// # Errors
    /// The refusal that S3 gives, such as `SignatureDoesNotMatch`.
    pub fn verify(
        &self,
        parts: &Parts,
        routed: &Routed,
        body: Body,
        now: Timestamp,
    ) -> Result<Authenticated, S3Error> {
        let virtual_bucket = match routed.style() {
            AddressingStyle::VirtualHost => routed.bucket().map(types::BucketName::as_str),
            AddressingStyle::Path => None,
        };
        match Mechanism::of(parts)? {
            Mechanism::Anonymous => self.anonymous(parts, body),
            Mechanism::V4Header(text) => self.v4_header(parts, text, body, now),
            Mechanism::V4Query => self.v4_query(parts, body, now),
            Mechanism::V2Header(_) | Mechanism::V2Query if self.settings.sigv2 == SigV2::Off => {
                Err(error::sigv2_off())
            }
            Mechanism::V2Header(text) => {
                let key = v2::check_header(text, parts, virtual_bucket, &self.keyring, now)?;
                without_seed(parts, key, Scheme::V2Header, body)
            }
            Mechanism::V2Query => {
                let key = v2::check_query(parts, virtual_bucket, &self.keyring, now)?;
                without_seed(parts, key, Scheme::V2Query, body)
            }
        }
    }

    /// Checks a request that must be signed with Signature Version 4 in the `Authorization` header, as calls to the admin
    /// listener are.
    ///
    /// # Errors
    /// `AccessDenied` for any other proof, and the refusals of [`Self::verify`].
    pub fn verify_header(&self, parts: &Parts, body: Body, now: Timestamp) -> Result<Authenticated, S3Error> {
        match Mechanism::of(parts)? {
            Mechanism::V4Header(text) => self.v4_header(parts, text, body, now),
            _ => Err(error::denied(
                "The request must be signed with Signature Version 4 in its Authorization header.",
            )),
        }
    }

    pub(crate) fn settings(&self) -> &AuthSettings {
        &self.settings
    }

    pub(crate) fn anonymous_principal(&self) -> &Arc<Principal> {
        &self.anonymous
    }

    /// The access key of an id.
    pub(crate) fn key(&self, id: &str) -> Result<&AccessKey, S3Error> {
        self.keyring.find(id).ok_or_else(|| error::unknown_key(id))
    }

    /// Whether a scope's region is one that this server answers for; else the one it should be.
    pub(crate) fn check_region(&self, region: &str) -> Result<(), &str> {
        match &self.settings.region {
            Some(expected) if expected != region => Err(expected),
            _ => Ok(()),
        }
    }

    fn anonymous(&self, parts: &Parts, body: Body) -> Result<Authenticated, S3Error> {
        let body = open(parts, body, optional_form(parts)?, || None)?;
        Ok(Authenticated {
            who: Arc::clone(&self.anonymous),
            access_key_id: None,
            scheme: Scheme::Anonymous,
            body,
        })
    }

    fn v4_header(
        &self,
        parts: &Parts,
        text: &str,
        body: Body,
        now: Timestamp,
    ) -> Result<Authenticated, S3Error> {
        let authorization = v4::parse_authorization(text, self.settings.service)?;
        let credential = authorization.credential;
        self.check_region(credential.region).map_err(|expected| {
            let given = credential.region;
            error::header_malformed(&format!("the region '{given}' is wrong; expecting '{expected}'"))
                .detail("Region", expected)
        })?;
        let (date, signed_at) = request_date(parts)?;
        if !credential.is_of_day(&date) {
            return Err(error::header_malformed(&format!(
                "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
                credential.date,
                date.get(..8).unwrap_or_default()
            )));
        }
        let key = self.key(credential.key_id)?;
        check_skew(&date, signed_at, now)?;
        let payload = header_payload(parts, &body)?;
        let form = PayloadForm::parse(payload)?;
        let claim = Claim {
            credential,
            date: &date,
            signed_headers: authorization.signed_headers,
            signature: authorization.signature,
            payload,
        };
        let signing_key = v4::check(&claim, parts, key)?;
        let body = open(parts, body, form, || seed(&claim, signing_key))?;
        Ok(authenticated(key, Scheme::V4Header, body))
    }

    fn v4_query(&self, parts: &Parts, body: Body, now: Timestamp) -> Result<Authenticated, S3Error> {
        let presigned = v4::parse_presigned(query(parts))?;
        let claimed = presigned.claim(self.settings.service)?;
        let credential = claimed.credential;
        self.check_region(credential.region).map_err(|expected| {
            let given = credential.region;
            error::query_malformed(format!(
                "Error parsing the X-Amz-Credential parameter; the region '{given}' is wrong; expecting '{expected}'"
            ))
            .detail("Region", expected)
        })?;
        let key = self.key(credential.key_id)?;
        claimed.check_life(now)?;
        let payload =
            header(parts, X_AMZ_CONTENT_SHA256).or(presigned.content_sha256.as_deref()).unwrap_or(UNSIGNED);
        let form = PayloadForm::parse(payload)?;
        let claim = Claim {
            credential,
            date: claimed.date,
            signed_headers: claimed.signed_headers,
            signature: claimed.signature,
            payload,
        };
        let signing_key = v4::check(&claim, parts, key)?;
        let body = open(parts, body, form, || seed(&claim, signing_key))?;
        Ok(authenticated(key, Scheme::V4Query, body))
    }
}

fn authenticated(key: &AccessKey, scheme: Scheme, body: Body) -> Authenticated {
    Authenticated { who: Arc::clone(key.who()), access_key_id: Some(Arc::clone(key.id())), scheme, body }
}

/// Opens the body of a request whose chunks cannot be signed.
fn without_seed(
    parts: &Parts,
    key: &AccessKey,
    scheme: Scheme,
    body: Body,
) -> Result<Authenticated, S3Error> {
    Ok(authenticated(key, scheme, open(parts, body, optional_form(parts)?, || None)?))
}

/// What `x-amz-content-sha256` says where it may be left out.
fn optional_form(parts: &Parts) -> Result<PayloadForm, S3Error> {
    header(parts, X_AMZ_CONTENT_SHA256).map_or(Ok(PayloadForm::Unsigned), PayloadForm::parse)
}

/// What `x-amz-content-sha256` says of a request that is signed in its header. S3 wants it always; older releases of curl
/// leave it out, and for a body that is known to be empty there is only one hash it can be.
fn header_payload<'a>(parts: &'a Parts, body: &Body) -> Result<&'a str, S3Error> {
    if !parts.headers.contains_key(X_AMZ_CONTENT_SHA256) && body.length_bytes() == Some(0) {
        return Ok(EMPTY_SHA256);
    }
    header(parts, X_AMZ_CONTENT_SHA256).ok_or_else(|| {
        S3Error::invalid_request("Missing required header for this request: x-amz-content-sha256")
    })
}

fn seed(claim: &Claim<'_>, key: SigningKey) -> Option<ChunkSeed> {
    let signature = claim.signature.as_bytes().try_into().ok()?;
    Some(ChunkSeed::new(key, claim.date, &claim.credential, signature))
}

/// The date of a signed request as the string to sign has it: `x-amz-date`, else `Date`.
fn request_date(parts: &Parts) -> Result<(Cow<'_, str>, Timestamp), S3Error> {
    let missing = || error::denied("AWS authentication requires a valid Date or x-amz-date header");
    if let Some(text) = header(parts, X_AMZ_DATE) {
        let moment = date::parse_basic(text).ok_or_else(missing)?;
        return Ok((Cow::Borrowed(text), moment));
    }
    let text = header(parts, DATE).ok_or_else(missing)?;
    let moment = date::parse_basic(text).or_else(|| date::parse_http(text)).ok_or_else(missing)?;
    Ok((Cow::Owned(date::basic(moment)), moment))
}

/// A request's date may lie a quarter of an hour from the server's, on either side.
pub(crate) fn check_skew(date: &str, signed_at: Timestamp, now: Timestamp) -> Result<(), S3Error> {
    if signed_at.as_secs().abs_diff(now.as_secs()) > MAX_SKEW_SECONDS {
        return Err(error::skewed(date, now, MAX_SKEW_SECONDS));
    }
    Ok(())
}
