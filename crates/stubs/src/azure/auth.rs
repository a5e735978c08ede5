use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use types::Timestamp;

use super::answer::Refusal;
use super::message::{Message, Target};
use super::state::State;
use super::{ACCOUNT, KEY};

/// How far a request's date may be from the service's, in seconds. Source: "Authorize with Shared Key".
const SKEW_MAX_SECS: u64 = 15 * 60;

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn sign(text: &str) -> String {
    let key = STANDARD.decode(KEY).unwrap_or_default();
    base64(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes()).as_ref())
}

/// Whether whoever sent the request may do what it asks.
pub(super) fn check(state: &State, message: &Message<'_>) -> Result<(), Refusal> {
    if message.target.account != ACCOUNT {
        return Err(Refusal(400, "InvalidUri"));
    }
    let authorization = message.header("authorization").unwrap_or_default();
    if let Some(proof) = authorization.strip_prefix(&format!("SharedKey {ACCOUNT}:")) {
        let date = message.header("x-ms-date").and_then(read_date).ok_or(FAILED)?;
        let skew = date.since(state.now()).max(state.now().since(date));
        let fits = skew.as_secs() <= SKEW_MAX_SECS && sign(&string_to_sign(message)) == proof;
        return if fits { Ok(()) } else { Err(FAILED) };
    }
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        let good = state.tokens.is_good(token, state.now());
        return if good { Ok(()) } else { Err(Refusal(401, "InvalidAuthenticationInfo")) };
    }
    if message.target.param("sig").is_some() {
        return shared_access(state, &message.target, needed(message));
    }
    Err(Refusal(401, "NoAuthenticationInformation"))
}

const FAILED: Refusal = Refusal(403, "AuthenticationFailed");

/// Whether the reading of a URL that a copy names is allowed.
pub(super) fn check_source(state: &State, message: &Message<'_>, source: &Target) -> Result<(), Refusal> {
    if source.param("sig").is_some() {
        return shared_access(state, source, 'r').map_err(|_| Refusal(403, "CannotVerifyCopySource"));
    }
    let bearer =
        message.header("x-ms-copy-source-authorization").and_then(|text| text.strip_prefix("Bearer "));
    match bearer {
        Some(token) if state.tokens.is_good(token, state.now()) => Ok(()),
        _ => Err(Refusal(401, "CannotVerifyCopySource")),
    }
}

fn needed(message: &Message<'_>) -> char {
    match (message.request.method().as_str(), message.target.param("comp")) {
        (_, Some("list")) => 'l',
        (_, Some("tags")) => 't',
        ("GET" | "HEAD", _) => 'r',
        ("DELETE", _) => 'd',
        _ => 'w',
    }
}

/// Source: "Authorize with Shared Key", "Constructing the signature string".
fn string_to_sign(message: &Message<'_>) -> String {
    let standard = [
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "if-modified-since",
        "if-match",
        "if-none-match",
        "if-unmodified-since",
        "range",
    ];
    let mut text = message.request.method().as_str().to_owned();
    for name in standard {
        text.push('\n');
        let value = message.header(name).unwrap_or_default();
        if name != "content-length" || value != "0" {
            text.push_str(value);
        }
    }
    let mut own: Vec<_> =
        message.request.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-ms-")).collect();
    own.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in own {
        text.push_str(&format!("\n{name}:{}", value.to_str().unwrap_or_default().trim()));
    }
    text.push_str(&format!("\n/{ACCOUNT}{}", message.target.raw_path));
    let mut query: Vec<_> =
        message.target.query.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    query.sort();
    for (name, value) in query {
        text.push_str(&format!("\n{name}:{value}"));
    }
    text
}

/// Source: "Create an account SAS", "Create a service SAS".
fn shared_access(state: &State, target: &Target, needed: char) -> Result<(), Refusal> {
    let part = |name: &str| target.param(name).unwrap_or_default().to_owned();
    let text = if part("ss").is_empty() {
        let resource = match part("sr").as_str() {
            "b" => format!("/blob/{ACCOUNT}/{}/{}", target.container, target.blob),
            _ => format!("/blob/{ACCOUNT}/{}", target.container),
        };
        let head = [part("sp"), part("st"), part("se"), resource, part("si"), part("sip"), part("spr")];
        let tail = [part("sv"), part("sr"), String::new(), part("ses")];
        let answers = [part("rscc"), part("rscd"), part("rsce"), part("rscl"), part("rsct")];
        [&head[..], &tail[..], &answers[..]].concat().join("\n")
    } else {
        account_string(&["sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"].map(part))
    };
    let in_time = read_iso(&part("se")).is_some_and(|end| end > state.now());
    if !in_time || sign(&text) != part("sig") {
        return Err(FAILED);
    }
    let may = part("sp").contains(needed) || needed == 'w' && part("sp").contains('c');
    if may { Ok(()) } else { Err(Refusal(403, "AuthorizationPermissionMismatch")) }
}

fn account_string(parts: &[String; 9]) -> String {
    format!("{ACCOUNT}\n{}\n", parts.join("\n"))
}

/// A signature over the whole account.
pub(super) fn account_sas(permissions: &str, expiry: &str) -> String {
    let version = "2022-11-02";
    let parts = [permissions, "b", "sco", "", expiry, "", "", version, ""].map(str::to_owned);
    let signature = sign(&account_string(&parts)).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let expiry = expiry.replace(':', "%3A");
    format!("sv={version}&ss=b&srt=sco&sp={permissions}&se={expiry}&sig={signature}")
}

/// `Fri, 26 Jun 2015 23:39:12 GMT`.
fn read_date(text: &str) -> Option<Timestamp> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let moment = time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some(Timestamp::from_secs(u64::try_from(moment.unix_timestamp()).ok()?))
}

/// `2015-06-26T23:39:12Z`.
fn read_iso(text: &str) -> Option<Timestamp> {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let moment = time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some(Timestamp::from_secs(u64::try_from(moment.unix_timestamp()).ok()?))
}

/// A moment as headers have it.
pub(super) fn write_date(moment: Timestamp) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let moment = i64::try_from(moment.as_secs())
        .ok()
        .and_then(|secs| time::OffsetDateTime::from_unix_timestamp(secs).ok());
    moment.and_then(|moment| moment.format(format).ok()).unwrap_or_default()
}
