//! Signatures of requests with HMAC keys. Source: "Signatures" and "Simple migration from Amazon S3" of the Cloud Storage
//! documentation, and "Authenticating Requests (AWS Signature Version 4)" of Amazon's.
//!
//! It is written from the documents, and shares nothing with what signs: a stand-in that verified with the client's own code
//! would agree with its mistakes.

use aws_lc_rs::{digest, hmac};
use types::{Clock, SystemClock};

use crate::gcs::request::Asked;

/// The id and the secret of an HMAC key.
pub(in crate::gcs) const ACCESS_KEY: &str = "GOOG1EXAMPLEEXAMPLEEXAMPLE";
pub(in crate::gcs) const SECRET_KEY: &str = "example/secret+of0the1stand2in3of4the5key";
/// How far the clock of whoever signs may be off.
const SKEW_SECS: u64 = 15 * 60;
const SCHEME: &str = "AWS4-HMAC-SHA256 ";

/// Whether a request bears such a signature, good or not.
pub(in crate::gcs) fn is_signed(asked: &Asked) -> bool {
    asked.header("authorization").is_some_and(|value| value.starts_with(SCHEME))
}

/// What a signature says of itself.
struct Claims<'a> {
    scope: Vec<&'a str>,
    headers: Vec<&'a str>,
    signature: &'a str,
}

fn claims(asked: &Asked) -> Option<Claims<'_>> {
    let fields = asked.header("authorization")?.strip_prefix(SCHEME)?;
    let field =
        |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    Some(Claims {
        scope: field("Credential")?.split('/').collect(),
        headers: field("SignedHeaders")?.split(';').collect(),
        signature: field("Signature")?,
    })
}

/// Verifies who sent a request and that it came as it was sent. The code of the refusal.
pub(in crate::gcs) fn verify(asked: &Asked) -> Result<(), &'static str> {
    let claims = claims(asked).ok_or("AuthorizationHeaderMalformed")?;
    let [id, date, region, service, "aws4_request"] = claims.scope[..] else {
        return Err("AuthorizationHeaderMalformed");
    };
    if id != ACCESS_KEY {
        return Err("InvalidAccessKeyId");
    }
    if region != "auto" || service != "s3" {
        return Err("AuthorizationHeaderMalformed");
    }
    let moment =
        asked.header("x-amz-date").filter(|moment| moment.starts_with(date)).ok_or("AccessDenied")?;
    if seconds_of(moment).is_none_or(|moment| moment.abs_diff(SystemClock.now().as_secs()) > SKEW_SECS) {
        return Err("RequestTimeTooSkewed");
    }
    hold_body(asked)?;
    let is_covered = |name: &str| claims.headers.contains(&name);
    let needed = asked.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    if !is_covered("host") || !needed.into_iter().all(is_covered) {
        return Err("AccessDenied");
    }
    let scope = claims.scope[1..].join("/");
    let request = hex(digest::digest(&digest::SHA256, canonical(asked, &claims.headers).as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request}");
    let key = [date, region, service, "aws4_request"]
        .into_iter()
        .fold(format!("AWS4{SECRET_KEY}").into_bytes(), |key, step| sign(&key, step));
    match hex(&sign(&key, &text)) == claims.signature {
        true => Ok(()),
        false => Err("SignatureDoesNotMatch"),
    }
}

/// The body is the one that was signed, where one was.
fn hold_body(asked: &Asked) -> Result<(), &'static str> {
    match asked.header("x-amz-content-sha256").ok_or("AccessDenied")? {
        "UNSIGNED-PAYLOAD" => Ok(()),
        // Chunks that bear no signatures are none of its ways.
        streaming if streaming.starts_with("STREAMING-") => Err("InvalidArgument"),
        stated if stated == hex(digest::digest(&digest::SHA256, &asked.body).as_ref()) => Ok(()),
        _ => Err("XAmzContentSHA256Mismatch"),
    }
}

fn canonical(asked: &Asked, names: &[&str]) -> String {
    let mut query: Vec<&str> = asked.raw_query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let query: Vec<String> = query
        .into_iter()
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    let header = |name: &&str| {
        let values = asked.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<&str> = values.map(str::trim).collect();
        format!("{name}:{}\n", values.join(","))
    };
    let headers: String = names.iter().map(header).collect();
    let payload = asked.header("x-amz-content-sha256").unwrap_or_default();
    let (method, path) = (&asked.method, &asked.raw_path);
    format!("{method}\n{path}\n{}\n{headers}\n{}\n{payload}", query.join("&"), names.join(";"))
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `YYYYMMDDTHHMMSSZ` in seconds since 1970.
fn seconds_of(moment: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| moment.get(range)?.parse::<u8>().ok();
    let year = moment.get(0..4)?.parse::<i32>().ok()?;
    let month = time::Month::try_from(number(4..6)?).ok()?;
    let date = time::Date::from_calendar_date(year, month, number(6..8)?).ok()?;
    let time = time::Time::from_hms(number(9..11)?, number(11..13)?, number(13..15)?).ok()?;
    u64::try_from(time::PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp()).ok()
}
