//! Whatever a request says, it is refused or taken; nothing panics.

use proptest::prelude::*;
use s3_auth::{AuthSettings, PostForm};
use types::{Body, BucketName};

use crate::support::*;

const NAMES: [&str; 14] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Content-Sha256",
    "AWSAccessKeyId",
    "Signature",
    "Expires",
    "policy",
    "key",
    "uploadId",
    "x-amz-acl",
];

/// Values that are almost right.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        Just("AWS4-HMAC-SHA256".to_owned()),
        Just(format!("{KEY_ID}/20130524/us-east-1/s3/aws4_request")),
        Just("20130524T000000Z".to_owned()),
        Just("host;x-amz-date".to_owned()),
        Just(KEY_ID.to_owned()),
        "[0-9]{1,22}",
        "[0-9a-f]{64}",
        "[A-Za-z0-9+/]{0,30}={0,2}",
        Just("eyJleHBpcmF0aW9uIjoiMjAzMC0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbXX0=".to_owned()),
    ]
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn headers(scheme in "AWS4-HMAC-SHA256 |AWS |[ -~]{0,8}", rest in "[ -~]{0,80}", date in values(), sha in values()) {
        let mut parts = request("GET /bucket/key\nHost: localhost");
        for (name, value) in [("authorization", scheme + &rest), ("x-amz-date", date), ("x-amz-content-sha256", sha)] {
            parts.headers.insert(name, value.parse().unwrap());
        }
        let _ = verify(&parts, MAY_2013);
    }

    #[test]
    fn almost_right_headers(credential in values(), signed in values(), signature in values(), date in values()) {
        let mut parts = request("GET /bucket/key\nHost: localhost\nx-amz-content-sha256: UNSIGNED-PAYLOAD");
        let text = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}");
        parts.headers.insert("authorization", text.parse().unwrap());
        parts.headers.insert("x-amz-date", date.parse().unwrap());
        let _ = verify(&parts, MAY_2013);
    }

    #[test]
    fn queries(pairs in prop::collection::vec((prop::sample::select(&NAMES[..]), values()), 0..9)) {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let parts = request(&format!("GET /bucket/key?{}\nHost: localhost", pairs.join("&")));
        let _ = verify(&parts, MAY_2013);
    }

    #[test]
    fn forms(fields in prop::collection::vec((prop::sample::select(&NAMES[..]), values()), 0..9)) {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let bucket = BucketName::new("bucket").unwrap();
        let form = PostForm { fields: &fields, bucket: &bucket, key: "key" };
        let _ = verifier(AuthSettings::default()).verify_form(&form, MAY_2013);
    }

    #[test]
    fn chunked_bodies(body in prop::collection::vec(any::<u8>(), 0..200), framed in "[0-9a-f]{1,3}\r\n[ -~\r\n]{0,80}") {
        let parts = request(
            "PUT /bucket/key\nHost: localhost\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\n\
             x-amz-decoded-content-length: 10\nx-amz-trailer: x-amz-checksum-crc32",
        );
        for body in [body, framed.into_bytes()] {
            let verifier = verifier(AuthSettings::default());
            let body = Body::from_bytes(body.into());
            let _ = read(verify_with(&verifier, &parts, body, MAY_2013).unwrap().body);
        }
    }
}
