use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use types::Timestamp;

use crate::sign::Signer;
use crate::v4::ALGORITHM;
use crate::{date, hex};

/// The fields of a form that prove who allows it, to be sent before the file.
pub type FormFields = Vec<(&'static str, String)>;

impl Signer {
    /// Signs a policy document with Signature Version 4. The document must allow the fields `x-amz-algorithm`,
    /// `x-amz-credential` (see [`Self::credential`]) and `x-amz-date`.
    #[must_use]
    pub fn sign_policy(&self, policy: &str, now: Timestamp) -> FormFields {
        let policy = STANDARD.encode(policy);
        let moment = date::basic(now);
        let key = self.0.key(&self.0.credential_of(&moment));
        let tag = hmac::sign(&key, policy.as_bytes());
        let signature = hex::text(tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes"));
        vec![
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", self.credential(now)),
            ("x-amz-date", moment),
            ("policy", policy),
            ("x-amz-signature", signature),
        ]
    }

    /// Signs a policy document with Signature Version 2.
    #[must_use]
    pub fn sign_policy_v2(&self, policy: &str) -> FormFields {
        let policy = STANDARD.encode(policy);
        let signature = self.sign_text_v2(policy.as_bytes());
        vec![
            ("AWSAccessKeyId", self.0.access_key_id().to_owned()),
            ("policy", policy),
            ("signature", signature),
        ]
    }
}
