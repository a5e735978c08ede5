//! Upload forms: AWS's own example, and each rule of a policy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use s3_auth::{AuthSettings, FormGrant, PostForm, Scheme, SigV2};
use s3_model::{ErrorCode, S3Error};
use types::{Body, BodyErrorKind, BucketName, Timestamp};

use crate::support::*;

fn check(fields: &[(&str, &str)], now: Timestamp) -> Result<FormGrant, S3Error> {
    check_with(AuthSettings::default(), fields, now)
}

fn check_with(settings: AuthSettings, fields: &[(&str, &str)], now: Timestamp) -> Result<FormGrant, S3Error> {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let key = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("key"));
    let key = key.map_or(String::new(), |(_, value)| value.replace("${filename}", "photo.jpg"));
    let bucket = BucketName::new("sigv4examplebucket").unwrap();
    verifier(settings).verify_form(&PostForm { fields: &fields, bucket: &bucket, key: &key }, now)
}

/// Signs a policy of these conditions for five minutes and sends these fields with it.
fn form(conditions: &str, fields: &[(&str, &str)], now: Timestamp) -> Result<FormGrant, S3Error> {
    let policy = format!("{{\"expiration\": \"2013-05-24T00:05:00Z\", \"conditions\": [{conditions}]}}");
    let signed = signer().sign_policy_v2(&policy);
    let signed = signed.iter().map(|(name, value)| (*name, value.as_str()));
    check(&fields.iter().copied().chain(signed).collect::<Vec<_>>(), now)
}

/// Why a form of these conditions and fields is refused.
fn why(conditions: &str, fields: &[(&str, &str)]) -> String {
    let error = form(conditions, fields, MAY_2013).unwrap_err();
    let prefix = match error.code {
        ErrorCode::AccessDenied => "Invalid according to Policy: ",
        _ => "Invalid Policy: ",
    };
    error.message.strip_prefix(prefix).unwrap_or_else(|| panic!("{error:?}")).to_owned()
}

/// Source: "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
const EXAMPLE_POLICY: &str = "{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r\n  \"conditions\": [\r\n    {\"bucket\": \"sigv4examplebucket\"},\r\n    [\"starts-with\", \"$key\", \"user/user1/\"],\r\n    {\"acl\": \"public-read\"},\r\n    {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r\n    [\"starts-with\", \"$Content-Type\", \"image/\"],\r\n    {\"x-amz-meta-uuid\": \"14365123651274\"},\r\n    {\"x-amz-server-side-encryption\": \"AES256\"},\r\n    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r\n\r\n    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r\n    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r\n    {\"x-amz-date\": \"20151229T000000Z\" }\r\n  ]\r\n}";
/// 2015-12-30T12:00:00Z.
const EXAMPLE_END: Timestamp = Timestamp::from_secs(1_451_476_800);

fn example(change: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&str, String)> = [
        ("key", "user/user1/${filename}"),
        ("acl", "public-read"),
        ("success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"),
        ("Content-Type", "image/jpeg"),
        ("x-amz-meta-uuid", "14365123651274"),
        ("x-amz-server-side-encryption", "AES256"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20151229T000000Z"),
        ("x-amz-meta-tag", ""),
        ("X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"),
        ("x-ignore-submit", "Upload to Amazon S3"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    fields.push(("Policy", STANDARD.encode(EXAMPLE_POLICY)));
    for (name, value) in change {
        fields.retain(|(field, _)| field != name);
        fields.push((*name, (*value).to_owned()));
    }
    fields
}

fn check_example(change: &[(&'static str, &'static str)], now: Timestamp) -> Result<FormGrant, S3Error> {
    let fields = example(change);
    check(&fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), now)
}

#[test]
fn the_published_example() {
    let grant = check_example(&[], EXAMPLE_END).unwrap();
    assert_eq!((grant.scheme, grant.who.name()), (Scheme::V4Form, "root"));
    assert_eq!(grant.size_bytes, None);
    let error = check_example(&[], after(EXAMPLE_END, 1)).unwrap_err();
    assert_eq!(error.message, "Invalid according to Policy: Policy expired.");
}

#[test]
fn each_changed_field_of_the_example_is_refused() {
    for (name, value) in [
        ("key", "user/user2/${filename}"),
        ("acl", "private"),
        ("success_action_redirect", "http://elsewhere/"),
        ("Content-Type", "text/html"),
        ("x-amz-meta-uuid", "1"),
        ("x-amz-meta-other", "1"),
        ("X-Amz-Date", "20151229T000001Z"),
    ] {
        let error = check_example(&[(name, value)], EXAMPLE_END).unwrap_err();
        assert_eq!(error.code, ErrorCode::AccessDenied, "{name}");
    }
    let error = check_example(&[("acl", "private")], EXAMPLE_END).unwrap_err();
    assert_eq!(
        error.message,
        "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$acl\", \"public-read\"]"
    );
    for (name, value, code) in [
        ("X-Amz-Credential", "NOBODY/20151229/us-east-1/s3/aws4_request", ErrorCode::InvalidAccessKeyId),
        (
            "X-Amz-Credential",
            "AKIAIOSFODNN7EXAMPLE/20151228/us-east-1/s3/aws4_request",
            ErrorCode::SignatureDoesNotMatch,
        ),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE", ErrorCode::InvalidArgument),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA1", ErrorCode::InvalidArgument),
        ("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256", ErrorCode::NotImplemented),
        ("X-Amz-Date", "today", ErrorCode::InvalidArgument),
        ("X-Amz-Signature", "0", ErrorCode::SignatureDoesNotMatch),
        ("Policy", "e30=", ErrorCode::SignatureDoesNotMatch),
        ("x-amz-security-token", "t", ErrorCode::InvalidToken),
    ] {
        assert_eq!(check_example(&[(name, value)], EXAMPLE_END).unwrap_err().code, code, "{name}={value}");
    }
}

#[test]
fn a_missing_field_of_the_proof_is_named() {
    for name in ["Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"] {
        let mut fields = example(&[]);
        fields.retain(|(field, _)| *field != name);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let error = check(&fields, EXAMPLE_END).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
        assert!(
            error.message.to_lowercase().contains(&format!("'{}'", name.to_lowercase())),
            "{}",
            error.message
        );
    }
    let error = check(&[("key", "k"), ("policy", "e30=")], MAY_2013).unwrap_err();
    assert!(error.message.contains("'AWSAccessKeyId'"));
}

#[test]
fn version_2_forms() {
    let grant = form("{\"key\": \"a\"}", &[("key", "a")], after(MAY_2013, 300)).unwrap();
    assert_eq!(grant.scheme, Scheme::V2Form);
    let policy = "{\"expiration\": \"2013-05-24T00:05:00Z\", \"conditions\": []}";
    let signed = signer().sign_policy_v2(policy);
    let fields: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let off = AuthSettings { sigv2: SigV2::Off, ..AuthSettings::default() };
    assert!(check_with(off, &fields, MAY_2013).unwrap_err().message.contains("s3v4"));
    let mut wrong = fields.clone();
    wrong.retain(|(name, _)| *name != "signature");
    wrong.push(("signature", "AAAA"));
    let error = check(&wrong, MAY_2013).unwrap_err();
    assert_eq!(error.code, ErrorCode::SignatureDoesNotMatch);
    assert_eq!(detail(&error, "StringToSign"), Some(&*STANDARD.encode(policy)));
}

#[test]
fn a_region_that_is_set_must_be_named() {
    let fields = example(&[]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let settings = AuthSettings { region: Some("eu-west-1".to_owned()), ..AuthSettings::default() };
    let error = check_with(settings, &fields, EXAMPLE_END).unwrap_err();
    assert_eq!(detail(&error, "Region"), Some("eu-west-1"));
}

#[test]
fn a_form_without_a_policy_is_anonymous() {
    let grant = check(&[("key", "a"), ("acl", "private")], MAY_2013).unwrap();
    assert_eq!((grant.scheme, grant.who.name()), (Scheme::Anonymous, "anonymous"));
}

#[test]
fn conditions_compare_exactly_or_by_prefix() {
    let ok = |conditions, fields: &[(&str, &str)]| form(conditions, fields, MAY_2013).is_ok();
    assert!(ok("[\"eq\", \"$key\", \"a/b\"]", &[("key", "a/b")]));
    assert!(ok("[\"EQ\", \"$KEY\", \"a/b\"]", &[("Key", "a/b")]));
    assert!(!ok("[\"eq\", \"$key\", \"a/b\"]", &[("key", "a/B")]));
    assert!(ok("[\"starts-with\", \"$key\", \"\"]", &[("key", "anything")]));
    assert!(!ok("[\"starts-with\", \"$key\", \"a/\"]", &[("key", "b/a/")]));
    assert!(ok("[\"starts-with\", \"$key\", \"a\"], [\"starts-with\", \"$key\", \"ab\"]", &[("key", "abc")]));
    assert!(!ok("[\"starts-with\", \"$key\", \"a\"], [\"starts-with\", \"$key\", \"b\"]", &[("key", "abc")]));
    // A field that is asked for must be there, even where any value will do.
    assert_eq!(
        why("[\"starts-with\", \"$Content-Type\", \"\"], {\"key\": \"a\"}", &[("key", "a")]),
        "Policy Condition failed: [\"starts-with\", \"$Content-Type\", \"\"]"
    );
    // Every value of a repeated field counts.
    let tag = "[\"starts-with\", \"$x-amz-meta-tag\", \"a\"]";
    assert!(ok(tag, &[("x-amz-meta-tag", "a1"), ("x-amz-meta-tag", "a2")]));
    assert!(!ok(tag, &[("x-amz-meta-tag", "a1"), ("x-amz-meta-tag", "b2")]));
}

#[test]
fn a_list_of_content_types_is_held_to_the_prefix_with_each() {
    let images = "[\"starts-with\", \"$Content-Type\", \"image/\"]";
    assert!(form(images, &[("Content-Type", "image/png, image/jpeg")], MAY_2013).is_ok());
    assert!(form(images, &[("Content-Type", "image/png,text/html")], MAY_2013).is_err());
}

#[test]
fn the_bucket_is_that_of_the_request_and_the_key_is_the_final_one() {
    let ok = |conditions, fields: &[(&str, &str)]| form(conditions, fields, MAY_2013).is_ok();
    assert!(ok("{\"bucket\": \"sigv4examplebucket\"}", &[]));
    assert!(!ok("{\"bucket\": \"other\"}", &[("bucket", "other")]));
    assert!(ok("[\"eq\", \"$key\", \"a/photo.jpg\"]", &[("key", "a/${filename}")]));
    assert!(ok("[\"eq\", \"$key\", \"a/${filename}\"]", &[("key", "a/${filename}")]));
    assert!(!ok("[\"starts-with\", \"$key\", \"$\"]", &[("key", "${filename}")]));
}

#[test]
fn fields_that_no_condition_covers_are_named() {
    assert_eq!(
        why("{\"key\": \"a\"}", &[("key", "a"), ("acl", "private"), ("bucket", "sigv4examplebucket")]),
        "Extra input fields: acl, bucket"
    );
    assert!(form("{\"key\": \"a\"}", &[("key", "a"), ("X-Ignore-Me", "1"), ("file", "")], MAY_2013).is_ok());
}

#[test]
fn policies_that_are_none_are_told_apart_from_those_not_fulfilled() {
    for (conditions, words) in [
        ("{\"a\": \"1\", \"b\": \"2\"}", "exactly one property"),
        ("{\"a\": 1}", "value must be a string"),
        ("1", "an object or an array"),
        ("[\"eq\", \"$a\"]", "wrong number of arguments"),
        ("[\"like\", \"$a\", \"b\"]", "unknown operation"),
        ("[\"eq\", \"a\", \"b\"]", "a field's name after a '$'"),
        ("[\"content-length-range\", -1, 2]", "whole numbers"),
        ("{", "Invalid JSON."),
    ] {
        assert!(why(conditions, &[]).contains(words), "{conditions}");
    }
    let document = |policy: &str| {
        let signed = signer().sign_policy_v2(policy);
        let fields: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let error = check(&fields, MAY_2013).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPolicyDocument);
        error.message
    };
    assert_eq!(document("{\"conditions\": []}"), "Invalid Policy: Policy missing expiration.");
    assert_eq!(
        document("{\"expiration\": \"2030-01-01T00:00:00Z\"}"),
        "Invalid Policy: Policy missing conditions."
    );
    assert!(document("{\"expiration\": \"later\", \"conditions\": []}").contains("'expiration'"));
    assert_eq!(document(&" ".repeat(20 * 1024)), "Invalid Policy: Policy is too large.");
    assert_eq!(document(&"[".repeat(10_000)), "Invalid Policy: Invalid JSON.");
}

#[test]
fn the_file_is_held_to_its_range() {
    let grant = form("[\"content-length-range\", 2, \"4\"]", &[], MAY_2013).unwrap();
    assert_eq!(grant.size_bytes, Some(2..=4));
    let file = |len: usize| read(grant.limit(Body::from_bytes(Bytes::from(vec![0; len]))));
    assert_eq!(file(1), Err(BodyErrorKind::TooSmall { min_bytes: 2 }));
    assert!(file(2).is_ok() && file(4).is_ok());
    assert_eq!(file(5), Err(BodyErrorKind::TooLarge { max_bytes: 4 }));
    let both = "[\"content-length-range\", 0, 9], [\"content-length-range\", 3, 20]";
    assert_eq!(form(both, &[], MAY_2013).unwrap().size_bytes, Some(3..=9));
}
