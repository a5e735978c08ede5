use std::sync::Arc;

use aws_lc_rs::hmac;
use s3_model::S3Error;
use types::{BucketName, Timestamp};

use super::policy::Policy;
use crate::error::{self, Computed};
use crate::post::FormGrant;
use crate::v4::{ALGORITHM, Credential, SigningKey};
use crate::{AccessKey, Scheme, SigV2, Verifier, date, hex, v2};

/// The fields of an upload form, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct PostForm<'a> {
    /// Every field before the file, in the order sent: the name in any letter case, the value as sent.
    pub fields: &'a [(String, String)],
    /// The bucket that the request names.
    pub bucket: &'a BucketName,
    /// The key that the object will have: the field's value, `${filename}` replaced.
    pub key: &'a str,
}

impl PostForm<'_> {
    /// The values of a field, whose name is compared in any letter case.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn required(&self, name: &'static str) -> Result<&str, S3Error> {
        self.value(name).ok_or_else(|| {
            S3Error::invalid_argument(
                format!(
                    "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
                ),
                name,
                "",
            )
        })
    }
}

impl Verifier {
    /// Checks who allows an upload form, and that the form is what that policy allows. A form without a policy is
    /// anonymous.
    ///
    /// # Errors
    /// The refusal that S3 gives: `SignatureDoesNotMatch`, `InvalidPolicyDocument`, `AccessDenied` with the condition that
    /// does not hold.
    pub fn verify_form(&self, form: &PostForm<'_>, now: Timestamp) -> Result<FormGrant, S3Error> {
        let has = |names: &[&str]| names.iter().any(|name| form.value(name).is_some());
        if has(&["x-amz-security-token"]) {
            return Err(error::session_token());
        }
        let (key, scheme) = if has(&["x-amz-algorithm", "x-amz-credential", "x-amz-signature"]) {
            (self.check_form_v4(form)?, Scheme::V4Form)
        } else if has(&["AWSAccessKeyId", "signature", "policy"]) {
            (self.check_form_v2(form)?, Scheme::V2Form)
        } else {
            let who = Arc::clone(self.anonymous_principal());
            return Ok(FormGrant { who, access_key_id: None, scheme: Scheme::Anonymous, size_bytes: None });
        };
        let size_bytes = Policy::parse(form.required("policy")?)?.check(form, now)?;
        Ok(FormGrant {
            who: Arc::clone(key.who()),
            access_key_id: Some(Arc::clone(key.id())),
            scheme,
            size_bytes,
        })
    }

    fn check_form_v4(&self, form: &PostForm<'_>) -> Result<&AccessKey, S3Error> {
        let policy = form.required("policy")?;
        let algorithm = form.required("X-Amz-Algorithm")?;
        let credential_text = form.required("X-Amz-Credential")?;
        let moment = form.required("X-Amz-Date")?;
        let signature = form.required("X-Amz-Signature")?;
        if algorithm.starts_with("AWS4-ECDSA-P256-SHA256") {
            return Err(error::sigv4a());
        }
        if algorithm != ALGORITHM {
            let message = "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"";
            return Err(S3Error::invalid_argument(message, "X-Amz-Algorithm", algorithm));
        }
        if date::parse_basic(moment).is_none() {
            let message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"";
            return Err(S3Error::invalid_argument(message, "X-Amz-Date", moment));
        }
        let malformed = |how: String| {
            let message = format!("Error parsing the X-Amz-Credential parameter; {how}");
            S3Error::invalid_argument(message, "X-Amz-Credential", credential_text)
        };
        let service = self.settings().service;
        let credential = Credential::parse(credential_text, service)
            .map_err(|problem| malformed(problem.describe(service)))?;
        self.check_region(credential.region).map_err(|expected| {
            malformed(format!("the region '{}' is wrong; expecting '{expected}'", credential.region))
                .detail("Region", expected)
        })?;
        let key = self.key(credential.key_id)?;
        let tag = hex::decode(signature.as_bytes());
        let is_valid = |signing_key: &SigningKey| {
            // The policy as it was sent is what is signed.
            tag.is_some_and(|tag| hmac::verify(signing_key, policy.as_bytes(), &tag).is_ok())
        };
        key.signing_key(&credential, is_valid).ok_or_else(|| mismatch(key, policy, signature))?;
        Ok(key)
    }

    fn check_form_v2(&self, form: &PostForm<'_>) -> Result<&AccessKey, S3Error> {
        if self.settings().sigv2 == SigV2::Off {
            return Err(error::sigv2_off());
        }
        let id = form.required("AWSAccessKeyId")?;
        let signature = form.required("Signature")?;
        let policy = form.required("policy")?;
        let key = self.key(id)?;
        if v2::matches(policy.as_bytes(), signature, key) {
            return Ok(key);
        }
        Err(mismatch(key, policy, signature))
    }
}

fn mismatch(key: &AccessKey, policy: &str, signature: &str) -> S3Error {
    error::mismatch(&Computed {
        key_id: key.id(),
        signature,
        string_to_sign: policy.as_bytes(),
        canonical_request: None,
    })
}
