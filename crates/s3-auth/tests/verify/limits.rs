//! Times at their limits and one second past them.

use std::time::Duration;

use s3_auth::PayloadForm;
use s3_model::{ErrorCode, S3Error};

use crate::support::*;

fn presigned(life_seconds: u64) -> http::request::Parts {
    let mut parts = request("GET /bucket/key\nHost: localhost");
    parts.uri = signer().presign(&parts, Duration::from_secs(life_seconds), MAY_2013);
    parts
}

fn at(parts: &http::request::Parts, seconds: i64) -> Result<(), S3Error> {
    verify(parts, after(MAY_2013, seconds)).map(|_| ())
}

#[test]
fn a_header_may_be_a_quarter_of_an_hour_off() {
    let mut v4 = request("GET /bucket/key\nHost: localhost");
    let _ = signer().sign(&mut v4, PayloadForm::Unsigned, MAY_2013);
    let mut v2 = request("GET /bucket/key\nHost: localhost");
    signer().sign_v2(&mut v2, None, MAY_2013);
    for (parts, sent) in [(v4, "20130524T000000Z"), (v2, "Fri, 24 May 2013 00:00:00 GMT")] {
        for seconds in [-900, 0, 900] {
            assert_eq!(at(&parts, seconds), Ok(()), "{seconds}");
        }
        for (seconds, server_time) in [(-901, "2013-05-23T23:44:59Z"), (901, "2013-05-24T00:15:01Z")] {
            let error = at(&parts, seconds).unwrap_err();
            assert_eq!(error.code, ErrorCode::RequestTimeTooSkewed);
            let expected = [
                ("RequestTime", sent.to_owned()),
                ("ServerTime", server_time.to_owned()),
                ("MaxAllowedSkewMilliseconds", "900000".to_owned()),
            ];
            assert_eq!(error.details, expected);
        }
    }
}

#[test]
fn a_date_header_serves_where_x_amz_date_is_absent() {
    for date in ["Fri, 24 May 2013 00:00:00 GMT", "20130524T000000Z"] {
        let mut parts = request(&format!(
            "GET /bucket/key\nHost: localhost\nDate: {date}\nx-amz-content-sha256: UNSIGNED-PAYLOAD"
        ));
        let canonical = format!(
            "GET\n/bucket/key\n\ndate:{date}\nhost:localhost\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\n\
             date;host;x-amz-content-sha256\nUNSIGNED-PAYLOAD"
        );
        authorize(&mut parts, "date;host;x-amz-content-sha256", &canonical);
        assert_eq!(at(&parts, 0), Ok(()));
        assert_eq!(at(&parts, 901).unwrap_err().code, ErrorCode::RequestTimeTooSkewed);
    }
}

#[test]
fn the_hash_of_the_payload_need_not_be_among_the_signed_headers() {
    let mut parts = request("GET /bucket/key\nHost: localhost\nx-amz-date: 20130524T000000Z");
    parts.headers.insert("x-amz-content-sha256", "UNSIGNED-PAYLOAD".parse().unwrap());
    let canonical = "GET\n/bucket/key\n\nhost:localhost\nx-amz-date:20130524T000000Z\n\nhost;x-amz-date\nUNSIGNED-PAYLOAD";
    authorize(&mut parts, "host;x-amz-date", canonical);
    assert_eq!(at(&parts, 0), Ok(()));
    parts.headers.insert("x-amz-content-sha256", "0".repeat(64).parse().unwrap());
    assert_eq!(at(&parts, 0).unwrap_err().code, ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn a_url_lives_from_its_date_to_its_end() {
    let parts = presigned(60);
    for seconds in [-900, 0, 60] {
        assert_eq!(at(&parts, seconds), Ok(()), "{seconds}");
    }
    let error = at(&parts, 61).unwrap_err();
    assert_eq!((error.code, &*error.message), (ErrorCode::AccessDenied, "Request has expired"));
    let expected = [
        ("X-Amz-Expires", "60".to_owned()),
        ("Expires", "2013-05-24T00:01:00Z".to_owned()),
        ("ServerTime", "2013-05-24T00:01:01Z".to_owned()),
    ];
    assert_eq!(error.details, expected);
    let error = at(&parts, -901).unwrap_err();
    assert_eq!((error.code, &*error.message), (ErrorCode::AccessDenied, "Request is not yet valid"));
    assert_eq!(detail(&error, "X-Amz-Date"), Some("1369353600000"));
}

#[test]
fn a_url_lives_seven_days_at_most() {
    assert_eq!(at(&presigned(604_800), 604_800), Ok(()));
    assert_eq!(at(&presigned(0), 0), Ok(()));
    let expires = |text: &str| {
        let mut parts = presigned(60);
        let uri = parts.uri.to_string().replace("X-Amz-Expires=60", &format!("X-Amz-Expires={text}"));
        parts.uri = uri.parse().unwrap();
        let error = at(&parts, 0).unwrap_err();
        assert_eq!(error.code, ErrorCode::AuthorizationQueryParametersError, "{text}");
        error.message
    };
    assert!(expires("604801").contains("must be less than a week"));
    assert!(expires("99999999999999999999999").contains("must be less than a week"));
    assert_eq!(expires("-1"), "X-Amz-Expires must be non-negative");
    for text in ["", "1h", "+1", "1.5", "--1"] {
        assert_eq!(expires(text), "X-Amz-Expires should be a number", "{text}");
    }
}

#[test]
fn a_url_names_what_is_missing_or_malformed() {
    let uri = presigned(60).uri.to_string();
    let message = |uri: &str| {
        let mut parts = request("GET /bucket/key\nHost: localhost");
        parts.uri = uri.parse().unwrap();
        let error = at(&parts, 0).unwrap_err();
        assert_eq!(error.code, ErrorCode::AuthorizationQueryParametersError, "{uri}");
        error.message
    };
    for name in ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] {
        let missing = uri.replace(&format!("X-Amz-{name}="), "other=");
        assert!(message(&missing).starts_with("Query-string authentication version 4 requires"), "{name}");
        let (_, query) = uri.split_once('?').unwrap();
        let twice = query.split('&').find(|pair| pair.starts_with(&format!("X-Amz-{name}="))).unwrap();
        assert_eq!(
            message(&format!("{uri}&{twice}")),
            format!("The X-Amz-{name} parameter must be given once.")
        );
    }
    assert_eq!(
        message(&uri.replace("HMAC-SHA256", "HMAC-SHA1")),
        "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""
    );
    assert!(
        message(&uri.replace("T000000Z", "")).starts_with("X-Amz-Date must be in the ISO8601 Long Format")
    );
    assert!(
        message(&uri.replace("20130524T", "20130525T")).starts_with("Invalid credential date \"20130524\"")
    );
    assert!(message(&uri.replace("%2Fs3%2F", "%2Fs4%2F")).contains("incorrect service \"s4\""));
}

#[test]
fn a_version_2_url_lives_until_its_end() {
    let mut parts = request("GET /bucket/key\nHost: localhost");
    parts.uri = signer().presign_v2(&parts, None, after(MAY_2013, 60));
    assert_eq!(at(&parts, 60), Ok(()));
    let error = at(&parts, 61).unwrap_err();
    assert_eq!((error.code, &*error.message), (ErrorCode::AccessDenied, "Request has expired"));
    assert_eq!(detail(&error, "Expires"), Some("2013-05-24T00:01:00Z"));
}

#[test]
fn an_empty_body_needs_no_hash() {
    // As curl 7.88 signs: neither the header nor its name among the signed ones.
    let mut parts = request("GET /bucket/key\nHost: localhost\nx-amz-date: 20130524T000000Z");
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let canonical =
        format!("GET\n/bucket/key\n\nhost:localhost\nx-amz-date:20130524T000000Z\n\nhost;x-amz-date\n{hash}");
    authorize(&mut parts, "host;x-amz-date", &canonical);
    assert_eq!(at(&parts, 0), Ok(()));
}
