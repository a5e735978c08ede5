//! What is refused, and with which code and words.

use s3_auth::{AuthSettings, PayloadForm, Scheme, SigV2};
use s3_model::{ErrorCode, S3Error};
use types::Body;

use crate::support::*;

const GET: &str = "GET /bucket/key?versionId=1
    Host: localhost:9000
    x-amz-meta-b: two
    Range: bytes=0-1";

fn signed(text: &str) -> http::request::Parts {
    let mut parts = request(text);
    let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
    parts
}

fn refusal(parts: &http::request::Parts) -> S3Error {
    verify(parts, MAY_2013).unwrap_err()
}

fn with_authorization(change: impl Fn(&str) -> String) -> http::request::Parts {
    let mut parts = signed(GET);
    let text = parts.headers["authorization"].to_str().unwrap().to_owned();
    parts.headers.insert("authorization", change(&text).parse().unwrap());
    parts
}

#[test]
fn every_signed_part_is_covered() {
    verify(&signed(GET), MAY_2013).unwrap();
    let changed = |change: fn(&mut http::request::Parts)| {
        let mut parts = signed(GET);
        change(&mut parts);
        refusal(&parts).code
    };
    let mismatch = ErrorCode::SignatureDoesNotMatch;
    assert_eq!(changed(|parts| parts.method = http::Method::PUT), mismatch);
    assert_eq!(changed(|parts| parts.uri = "/bucket/Key?versionId=1".parse().unwrap()), mismatch);
    assert_eq!(changed(|parts| parts.uri = "/bucket/key?versionId=2".parse().unwrap()), mismatch);
    assert_eq!(changed(|parts| parts.uri = "/bucket/key?versionId=1&x-id=a".parse().unwrap()), mismatch);
    assert_eq!(changed(|parts| parts.uri = "/bucket/key".parse().unwrap()), mismatch);
    for (name, value) in [
        ("host", "localhost:9001"),
        ("range", "bytes=0-2"),
        ("x-amz-meta-b", "three"),
        ("x-amz-date", "20130524T000001Z"),
        ("x-amz-content-sha256", &"0".repeat(64)),
    ] {
        let mut parts = signed(GET);
        parts.headers.insert(name, value.parse().unwrap());
        assert_eq!(refusal(&parts).code, mismatch, "{name}");
    }
    let mut parts = signed(GET);
    parts.headers.append("x-amz-meta-b", "more".parse().unwrap());
    assert_eq!(refusal(&parts).code, mismatch);
    assert_eq!(refusal(&with_authorization(|text| text.replace("us-east-1", "us-east-2"))).code, mismatch);
    let truncated = with_authorization(|text| text[..text.len() - 1].to_owned());
    assert_eq!(refusal(&truncated).code, mismatch);
}

#[test]
fn a_mismatch_shows_what_was_computed() {
    let mut parts = signed("GET /bucket/key\nHost: localhost:9000");
    parts.headers.insert("host", "proxy".parse().unwrap());
    let error = refusal(&parts);
    let names: Vec<_> = error.details.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "AWSAccessKeyId",
            "StringToSign",
            "SignatureProvided",
            "StringToSignBytes",
            "CanonicalRequest",
            "CanonicalRequestBytes"
        ]
    );
    let canonical = "GET\n/bucket/key\n\nhost:proxy\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
        x-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD";
    assert_eq!(detail(&error, "CanonicalRequest"), Some(canonical));
    assert!(detail(&error, "CanonicalRequestBytes").unwrap().starts_with("47 45 54 0a 2f"));
    let to_sign = detail(&error, "StringToSign").unwrap();
    assert!(to_sign.starts_with("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"));
    assert!(!format!("{error:?}").contains(SECRET));
}

#[test]
fn headers_that_change_the_meaning_must_be_signed() {
    let mut parts = signed(GET);
    parts.headers.insert("x-amz-acl", "public-read".parse().unwrap());
    let error = refusal(&parts);
    assert_eq!(error.code, ErrorCode::AccessDenied);
    assert_eq!(error.message, "There were headers present in the request which were not signed");
    assert_eq!(detail(&error, "HeadersNotSigned"), Some("x-amz-acl"));
    let error = refusal(&with_authorization(|text| text.replace("SignedHeaders=host;", "SignedHeaders=")));
    assert_eq!(detail(&error, "HeadersNotSigned"), Some("host"));
    for name in ["x-amzn-trace-id", "user-agent", "x-forwarded-for", "if-match"] {
        let mut parts = signed(GET);
        parts.headers.insert(name, "a".parse().unwrap());
        verify(&parts, MAY_2013).unwrap();
    }
}

#[test]
fn a_malformed_header_is_told_how() {
    for (from, to, words) in [
        ("Credential=", "Credentials=", "requires three components"),
        (", Signature=", ";Signature=", "requires three components"),
        (", Signature=", ", Signature=a, Signature=", "requires three components"),
        ("/s3/", "/ec2/", "incorrect service \"ec2\". This endpoint belongs to \"s3\"."),
        ("/aws4_request", "/aws5_request", "incorrect terminal \"aws5_request\""),
        ("/20130524/", "/2013-05-24/", "incorrect date format \"2013-05-24\""),
        ("/20130524/", "/20130525/", "Invalid credential date \"20130525\""),
        (KEY_ID, "", "a non-empty Access Key (AKID) must be provided"),
        ("/us-east-1/s3/aws4_request", "/s3", "the Credential is mal-formed"),
    ] {
        let error = refusal(&with_authorization(|text| text.replace(from, to)));
        assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed, "{to}");
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[test]
fn only_one_known_mechanism_is_taken() {
    for text in ["Bearer abc", "AWS4-HMAC-SHA512 Credential=a", "Basic YTpi", "aws a:b"] {
        let error = refusal(&with_authorization(|_| text.to_owned()));
        assert_eq!(
            (error.code, &*error.message),
            (ErrorCode::InvalidArgument, "Unsupported Authorization Type")
        );
    }
    let error =
        refusal(&with_authorization(|text| text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")));
    assert_eq!(error.code, ErrorCode::NotImplemented);
    assert!(error.message.contains("Signature Version 4A"));
    let mut twice = signed(GET);
    twice.uri = "/bucket/key?X-Amz-Signature=a".parse().unwrap();
    assert!(refusal(&twice).message.starts_with("Only one auth mechanism allowed"));
    let mut repeated = signed(GET);
    let value = repeated.headers["authorization"].clone();
    repeated.headers.append("authorization", value);
    assert_eq!(refusal(&repeated).code, ErrorCode::InvalidArgument);
}

#[test]
fn session_tokens_are_refused_wherever_they_stand() {
    let mut parts = signed(GET);
    parts.headers.insert("x-amz-security-token", "token".parse().unwrap());
    assert_eq!(refusal(&parts).code, ErrorCode::InvalidToken);
    for query in ["X-Amz-Algorithm=a&X-Amz-Security-Token=t", "AWSAccessKeyId=a&x-amz-security-token=t"] {
        let parts = request(&format!("GET /bucket/key?{query}\nHost: localhost"));
        let error = refusal(&parts);
        assert_eq!(error.code, ErrorCode::InvalidToken);
        assert!(error.message.contains("no session tokens"));
    }
}

#[test]
fn keys_that_are_not_known_are_told_by_id() {
    let error = refusal(&with_authorization(|text| text.replace(KEY_ID, "NOBODY")));
    assert_eq!(error.code, ErrorCode::InvalidAccessKeyId);
    assert_eq!(detail(&error, "AWSAccessKeyId"), Some("NOBODY"));
    // A key of another's signature is no proof either.
    let error = refusal(&with_authorization(|text| text.replace(KEY_ID, "alice-key")));
    assert_eq!(error.code, ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn what_the_payload_is_must_be_said() {
    let mut parts = signed(GET);
    parts.headers.remove("x-amz-content-sha256");
    let verifier = verifier(AuthSettings::default());
    let body = Body::from_bytes("some".into());
    let error = verify_with(&verifier, &parts, body, MAY_2013).unwrap_err();
    assert_eq!(error.message, "Missing required header for this request: x-amz-content-sha256");
    parts.headers.insert("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD".parse().unwrap());
    assert_eq!(refusal(&parts).code, ErrorCode::NotImplemented);
    parts.headers.insert("x-amz-content-sha256", "sha256".parse().unwrap());
    let error = refusal(&parts);
    assert_eq!((error.code, detail(&error, "ArgumentValue")), (ErrorCode::InvalidArgument, Some("sha256")));
}

#[test]
fn a_date_is_needed() {
    for value in [None, Some("\u{7f}"), Some("yesterday"), Some("Fri, 24 May 2013 00:00:00 GMT")] {
        let mut parts = signed(GET);
        parts.headers.remove("x-amz-date");
        if let Some(value) = value {
            parts.headers.insert(
                "x-amz-date",
                http::HeaderValue::from_bytes(value.as_bytes()).unwrap_or(http::HeaderValue::from_static("")),
            );
        }
        let error = refusal(&parts);
        assert_eq!(error.code, ErrorCode::AccessDenied, "{value:?}");
        assert_eq!(error.message, "AWS authentication requires a valid Date or x-amz-date header");
    }
}

#[test]
fn a_region_that_is_set_must_be_named() {
    let settings = AuthSettings { region: Some("eu-west-1".to_owned()), ..AuthSettings::default() };
    let verifier = verifier(settings);
    let error = verify_with(&verifier, &signed(GET), Body::empty(), MAY_2013).unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed);
    assert_eq!(
        error.message,
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    );
    assert_eq!(detail(&error, "Region"), Some("eu-west-1"));
    let mut presigned = request("GET /bucket/key\nHost: localhost");
    presigned.uri = signer().presign(&presigned, std::time::Duration::from_secs(60), MAY_2013);
    let error = verify_with(&verifier, &presigned, Body::empty(), MAY_2013).unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationQueryParametersError);
    assert_eq!(detail(&error, "Region"), Some("eu-west-1"));
}

#[test]
fn version_2_can_be_switched_off_and_the_cure_is_named() {
    let off = verifier(AuthSettings { sigv2: SigV2::Off, ..AuthSettings::default() });
    let mut header = request("GET /bucket/key\nHost: localhost");
    signer().sign_v2(&mut header, None, MAY_2013);
    let mut query = request("GET /bucket/key\nHost: localhost");
    query.uri = signer().presign_v2(&query, None, after(MAY_2013, 60));
    for (parts, scheme) in [(header, Scheme::V2Header), (query, Scheme::V2Query)] {
        assert_eq!(verify(&parts, MAY_2013).unwrap().scheme, scheme);
        let error = verify_with(&off, &parts, Body::empty(), MAY_2013).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert!(
            error.message.contains("signature_version='s3v4'") && error.message.contains("sigv2 = \"on\"")
        );
    }
}

#[test]
fn version_2_covers_what_it_can() {
    let text = "PUT /bucket/key?acl&partNumber=1&other=2\nHost: localhost\nContent-Type: text/plain\n\
        Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==\nx-amz-meta-a: b";
    let mut signed = request(text);
    signer().sign_v2(&mut signed, None, MAY_2013);
    verify(&signed, MAY_2013).unwrap();
    for (name, value) in [
        ("content-type", "text/html"),
        ("content-md5", "AAAA"),
        ("x-amz-meta-a", "c"),
        ("x-amz-meta-new", "c"),
        ("date", "Fri, 24 May 2013 00:00:01 GMT"),
    ] {
        let mut parts = signed.clone();
        parts.headers.insert(name, value.parse().unwrap());
        assert_eq!(refusal(&parts).code, ErrorCode::SignatureDoesNotMatch, "{name}");
    }
    for uri in
        ["/bucket/key?acl&partNumber=2&other=2", "/bucket/key?partNumber=1", "/bucket/other?acl&partNumber=1"]
    {
        let mut parts = signed.clone();
        parts.uri = uri.parse().unwrap();
        assert_eq!(refusal(&parts).code, ErrorCode::SignatureDoesNotMatch, "{uri}");
    }
    let mut parts = signed.clone();
    parts.uri = "/bucket/key?acl&partNumber=1&unsigned=3".parse().unwrap();
    verify(&parts, MAY_2013).unwrap();
    let error = refusal(&{
        let mut parts = signed;
        parts.method = http::Method::DELETE;
        parts.uri = "/bucket/key".parse().unwrap();
        parts
    });
    assert!(
        detail(&error, "StringToSign").unwrap().starts_with("DELETE\n4gJE4saaMU4BqNR0kLY+lw==\ntext/plain\n")
    );
    assert_eq!(detail(&error, "CanonicalRequest"), None);
}

#[test]
fn version_2_presigned_needs_all_its_parameters() {
    let message =
        |query: &str| refusal(&request(&format!("GET /bucket/key?{query}\nHost: localhost"))).message;
    for query in ["AWSAccessKeyId=a", "Signature=a&Expires=1", "AWSAccessKeyId=a&Expires=1"] {
        assert!(message(query).starts_with("Query-string authentication requires"), "{query}");
    }
    let error = message(&format!("AWSAccessKeyId={KEY_ID}&Signature=a&Expires=tomorrow"));
    assert_eq!(error, "Invalid date (should be seconds since epoch): tomorrow");
}

#[test]
fn without_any_proof_a_request_is_anonymous() {
    let authenticated = verify(&request("GET /bucket/key\nHost: localhost"), MAY_2013).unwrap();
    assert_eq!((authenticated.scheme, authenticated.who.name()), (Scheme::Anonymous, "anonymous"));
    assert_eq!(authenticated.access_key_id, None);
}

#[test]
fn signed_chunks_need_version_4() {
    let text = "PUT /bucket/key\nHost: localhost\nx-amz-decoded-content-length: 1\n\
        x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let mut v2 = request(text);
    signer().sign_v2(&mut v2, None, MAY_2013);
    for parts in [request(text), v2] {
        assert_eq!(refusal(&parts).code, ErrorCode::InvalidRequest);
    }
}

#[test]
fn the_admin_listener_takes_signed_headers_of_its_own_service_only() {
    let admin = verifier(AuthSettings { service: s3_auth::ADMIN_SERVICE, ..AuthSettings::default() });
    let secret = || s3_auth::Secret::new(SECRET);
    let signer_of = |service| s3_auth::sign::Signer::new(KEY_ID, secret(), "us-east-1", service);
    let mut parts = request("POST /scrub\nHost: localhost:9001");
    let _ = signer_of(s3_auth::ADMIN_SERVICE).sign(&mut parts, PayloadForm::of_bytes(b""), MAY_2013);
    assert_eq!(admin.verify_header(&parts, Body::empty(), MAY_2013).unwrap().who.name(), "root");
    let _ = signer_of(s3_auth::S3_SERVICE).sign(&mut parts, PayloadForm::of_bytes(b""), MAY_2013);
    let code = |parts: &_| admin.verify_header(parts, Body::empty(), MAY_2013).unwrap_err().code;
    assert_eq!(code(&parts), ErrorCode::AuthorizationHeaderMalformed);
    assert_eq!(code(&request("POST /scrub\nHost: localhost:9001")), ErrorCode::AccessDenied);
}
