//! What the signer makes is what the verifier takes, for odd names and hosts too.

use std::time::Duration;

use proptest::prelude::*;
use s3_auth::{AuthSettings, PayloadForm, Scheme};
use types::Body;

use crate::support::*;

#[test]
fn the_signer_makes_the_published_signatures() {
    let mut parts = request("GET /?lifecycle\nHost: examplebucket.s3.amazonaws.com");
    let _ = signer().sign(&mut parts, PayloadForm::of_bytes(b""), MAY_2013);
    let authorization = parts.headers["authorization"].to_str().unwrap();
    assert!(
        authorization.ends_with("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    );
    let parts = request("GET /test.txt\nHost: examplebucket.s3.amazonaws.com");
    let uri = signer().presign(&parts, Duration::from_secs(86_400), MAY_2013).to_string();
    assert!(
        uri.ends_with("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    );
}

#[test]
fn a_target_without_a_path_is_presigned_as_the_root() {
    for target in ["*", "localhost:9000"] {
        let parts = request(&format!("OPTIONS {target}\nHost: localhost:9000"));
        assert_eq!(signer().presign(&parts, Duration::from_secs(1), MAY_2013).path(), "/");
    }
}

#[test]
fn parameters_are_added_behind_a_query_that_ends_in_a_question_mark() {
    let mut parts = request("GET /bucket/key?a=?\nHost: localhost");
    parts.uri = signer().presign(&parts, Duration::from_secs(60), MAY_2013);
    assert!(parts.uri.query().unwrap().starts_with("a=?&X-Amz-Algorithm="));
    verify(&parts, MAY_2013).unwrap();
}

#[test]
fn a_host_may_bear_its_default_port_or_not() {
    for (signed, sent, verifies) in [
        ("example.org", "example.org:80", true),
        ("example.org", "example.org:443", true),
        ("example.org:80", "example.org:80", true),
        ("example.org", "example.org:9000", false),
    ] {
        let mut parts = request(&format!("GET /bucket/key\nHost: {signed}"));
        let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
        parts.headers.insert("host", sent.parse().unwrap());
        assert_eq!(verify(&parts, MAY_2013).is_ok(), verifies, "{signed} {sent}");
    }
}

#[test]
fn the_authority_of_http2_is_the_host() {
    let mut parts = request("GET /bucket/key\nHost: example.org:9000");
    let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
    parts.headers.remove("host");
    parts.uri = "http://example.org:9000/bucket/key".parse().unwrap();
    parts.version = http::Version::HTTP_2;
    verify(&parts, MAY_2013).unwrap();
}

#[test]
fn a_path_that_was_signed_as_sent_verifies_too() {
    // Signed over the encoded form, sent with characters unescaped.
    let mut parts = request("GET /bucket/a%28b%29%21\nHost: localhost");
    let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
    parts.uri = "/bucket/a(b)!".parse().unwrap();
    verify(&parts, MAY_2013).unwrap();
    // The client below signs what it sends: neither escaped. Its canonical request begins like this one's.
    let canonical = "GET\n/bucket/a(b)!\n\nhost:localhost\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
        x-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD";
    authorize(&mut parts, "host;x-amz-content-sha256;x-amz-date", canonical);
    verify(&parts, MAY_2013).unwrap();
}

#[test]
fn a_signing_key_that_was_kept_proves_nothing_about_another_request() {
    let verifier = verifier(AuthSettings::default());
    for round in 0..3 {
        let mut parts = request(&format!("GET /bucket/{round}\nHost: localhost"));
        let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
        verify_with(&verifier, &parts, Body::empty(), MAY_2013).unwrap();
        parts.uri = "/bucket/other".parse().unwrap();
        assert!(verify_with(&verifier, &parts, Body::empty(), MAY_2013).is_err());
    }
}

#[test]
fn keys_of_one_user_are_told_apart_and_lead_to_their_user() {
    let alice =
        s3_auth::sign::Signer::new("alice-key", s3_auth::Secret::new("alice-secret-text"), "eu-west-1", "s3");
    let mut parts = request("GET /bucket/key\nHost: localhost");
    let _ = alice.sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
    let authenticated = verify(&parts, MAY_2013).unwrap();
    assert_eq!(
        (authenticated.who.name(), authenticated.access_key_id.as_deref()),
        ("alice", Some("alice-key"))
    );
}

/// A path and query as a client writes them.
fn uris() -> impl Strategy<Value = String> {
    let piece = "[a-zA-Z0-9._~!$'()*,;:@/+-]{0,12}|(%[0-9a-fA-F]{2}){0,3}";
    let query = prop::collection::vec(("[a-z-]{1,6}", "[a-zA-Z0-9._~+-]{0,6}|(%2[0-9A-F]){0,3}"), 0..5);
    (piece, query).prop_map(|(piece, query)| {
        let pairs: Vec<_> = query.into_iter().map(|(name, value)| format!("q{name}={value}")).collect();
        format!("/bucket/k{piece}?{}", pairs.join("&"))
    })
}

proptest! {
    #[test]
    fn every_mechanism_proves_every_request(uri in uris(), meta in "[ -~]{0,20}", host in "[a-z]{1,9}(:[0-9]{2,4})?") {
        let text = format!("PUT {uri}\nHost: {host}\nx-amz-meta-a: {meta}\nContent-Type: a/b");
        let mut parts = request(&text);
        // Names that do not decode to UTF-8 are refused before anything is verified.
        prop_assume!(s3_wire::route(&parts, &s3_wire::Addressing::default()).is_ok());
        let _ = signer().sign(&mut parts, PayloadForm::Unsigned, MAY_2013);
        prop_assert_eq!(verify(&parts, MAY_2013).unwrap().scheme, Scheme::V4Header);

        let mut parts = request(&text);
        parts.uri = signer().presign(&parts, Duration::from_secs(60), MAY_2013);
        prop_assert_eq!(verify(&parts, MAY_2013).unwrap().scheme, Scheme::V4Query);

        let mut parts = request(&text);
        signer().sign_v2(&mut parts, None, MAY_2013);
        prop_assert_eq!(verify(&parts, MAY_2013).unwrap().scheme, Scheme::V2Header);

        let mut parts = request(&text);
        parts.uri = signer().presign_v2(&parts, None, after(MAY_2013, 60));
        prop_assert_eq!(verify(&parts, MAY_2013).unwrap().scheme, Scheme::V2Query);
    }
}
