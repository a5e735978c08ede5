use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::request::Parts;
use iam::Principal;
use s3_auth::sign::Signer;
use s3_auth::{AccessKey, AuthSettings, Keyring, PayloadForm, PostForm, Scheme, Secret, Verifier};
use s3_model::S3Error;
use s3_wire::Addressing;
use types::{Body, BucketName, Timestamp};

use crate::request::head;

/// 2013-05-24T00:00:00Z, which the kept inputs are signed for.
const NOW: Timestamp = Timestamp::from_secs(1_369_353_600);
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let key = AccessKey::new(KEY_ID, Secret::new(SECRET), Arc::new(Principal::root())).expect("a legal key");
    Verifier::new(Arc::new(Keyring::new([key]).expect("one key")), AuthSettings::default())
});
static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::new(KEY_ID, Secret::new(SECRET), "us-east-1", "s3"));

/// Verifies; `None` where the router refuses the request before.
fn verify(parts: &Parts) -> Option<Result<Scheme, S3Error>> {
    let routed = s3_wire::route(parts, &Addressing::new(["example.net".to_owned()])).ok()?;
    Some(VERIFIER.verify(parts, &routed, Body::empty(), NOW).map(|authenticated| authenticated.scheme))
}

/// A request's head with any proof of identity.
pub fn sigv4(data: &[u8]) {
    if let Some(parts) = std::str::from_utf8(data).ok().and_then(head) {
        let _ = verify(&parts);
    }
}

/// A head that bears no proof yet is signed in each way, and verifies in each.
pub fn sign_verify(data: &[u8]) {
    let Some(mut parts) = std::str::from_utf8(data).ok().and_then(head) else { return };
    for name in ["authorization", "x-amz-date", "x-amz-content-sha256", "date"] {
        parts.headers.remove(name);
    }
    // Only a request that is anonymous by itself; one authority, as HTTP/1.1 has it.
    if !matches!(verify(&parts), Some(Ok(Scheme::Anonymous)))
        || parts.headers.get_all("host").iter().count() > 1
    {
        return;
    }
    let mut signed = parts.clone();
    let _ = SIGNER.sign(&mut signed, PayloadForm::Unsigned, NOW);
    assert_eq!(verify(&signed), Some(Ok(Scheme::V4Header)), "{signed:?}");

    // The form of a request line that only CONNECT has leaves a URL nowhere to put its path.
    if parts.uri.path().is_empty() {
        return;
    }
    let mut presigned = parts;
    presigned.uri = SIGNER.presign(&presigned, Duration::from_secs(60), NOW);
    // A router that takes the parameters for something else refuses; a signature never does.
    assert!(matches!(verify(&presigned), None | Some(Ok(Scheme::V4Query))), "{presigned:?}");
}

/// A form whose policy and other fields are arbitrary, signed as it is. What passes fulfils at least the bucket.
pub fn post_policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (policy, fields) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut fields: Vec<_> = fields
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    fields.extend(SIGNER.sign_policy_v2(policy).into_iter().map(|(name, value)| (name.to_owned(), value)));
    let check = |bucket: &str| {
        let bucket = BucketName::new(bucket).expect("a legal name");
        let form = PostForm { fields: &fields, bucket: &bucket, key: "key" };
        VERIFIER.verify_form(&form, NOW)
    };
    let (here, there) = (check("bucket"), check("other"));
    if here.is_ok() && there.is_ok() {
        // Both pass only where no condition names either bucket exactly.
        assert!(!policy.contains("{\"bucket\": \"bucket\"}"), "{policy}");
    }
}
