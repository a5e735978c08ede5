//! Requests written as text, a keyring with the keys of AWS's examples, and bodies read to their end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use iam::Principal;
use s3_auth::sign::Signer;
use s3_auth::{AccessKey, AuthSettings, Authenticated, Keyring, Secret, Verifier};
use s3_model::S3Error;
use s3_wire::Addressing;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Checksum, Frame, Timestamp};

pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2013-05-24T00:00:00Z, the moment of AWS's examples.
pub(crate) const MAY_2013: Timestamp = Timestamp::from_secs(1_369_353_600);

pub(crate) fn keyring() -> Arc<Keyring> {
    let key = |id: &str, secret: &str, who| AccessKey::new(id, Secret::new(secret), Arc::new(who)).unwrap();
    let keys = [
        key(KEY_ID, SECRET, Principal::root()),
        key("alice-key", "alice-secret-text", Principal::user("alice", None)),
    ];
    Arc::new(Keyring::new(keys).unwrap())
}

pub(crate) fn verifier(settings: AuthSettings) -> Verifier {
    Verifier::new(keyring(), settings)
}

pub(crate) fn signer() -> Signer {
    Signer::new(KEY_ID, Secret::new(SECRET), "us-east-1", "s3")
}

/// Reads `METHOD URI` and one header on each further line.
pub(crate) fn request(text: &str) -> Parts {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name, value.trim_start());
    }
    request.body(()).unwrap().into_parts().0
}

/// Routes and verifies, with `s3.amazonaws.com` and `johnsmith.net` as domains that buckets stand before.
pub(crate) fn verify_with(
    verifier: &Verifier,
    parts: &Parts,
    body: Body,
    now: Timestamp,
) -> Result<Authenticated, S3Error> {
    let addressing = Addressing::new(["s3.amazonaws.com".to_owned(), "example.net".to_owned()]);
    let routed = s3_wire::route(parts, &addressing).expect("the request is of the S3 API");
    verifier.verify(parts, &routed, body, now)
}

pub(crate) fn verify(parts: &Parts, now: Timestamp) -> Result<Authenticated, S3Error> {
    verify_with(&verifier(AuthSettings::default()), parts, Body::empty(), now)
}

pub(crate) fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        Timestamp::from_secs(moment.as_secs() - distance.as_secs())
    } else {
        moment.plus(distance)
    }
}

/// Reads a body whose input is at hand to its end.
pub(crate) fn read(mut body: Body) -> Result<(Vec<u8>, Vec<Checksum>), BodyErrorKind> {
    let (mut data, mut trailers) = (Vec::new(), Vec::new());
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match body.poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(Frame::Data(piece)))) => data.extend_from_slice(&piece),
            Poll::Ready(Some(Ok(Frame::Trailer(checksum)))) => trailers.push(checksum),
            Poll::Ready(Some(Err(error))) => return Err(error.kind),
            Poll::Ready(None) => return Ok((data, trailers)),
            Poll::Pending => panic!("the input is at hand"),
        }
    }
}

/// The bytes cut at these places, as a body whose length is not known beforehand.
pub(crate) fn cut(bytes: &Bytes, places: &[usize]) -> Body {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let frames = places.windows(2).map(|pair| bytes.slice(pair[0]..pair[1])).collect::<Vec<_>>();
    Body::new(Pieces(frames.into_iter()), None)
}

struct Pieces(std::vec::IntoIter<Bytes>);

impl BodyStream for Pieces {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(self.0.find(|piece| !piece.is_empty()).map(|piece| Ok(Frame::Data(piece))))
    }
}

/// The value of an element of an error.
pub(crate) fn detail<'a>(error: &'a S3Error, name: &str) -> Option<&'a str> {
    error.details.iter().find(|(element, _)| *element == name).map(|(_, value)| value.as_str())
}

/// Puts in an `Authorization` header of May 2013 for this canonical request, computed apart from the crate's own code.
pub(crate) fn authorize(parts: &mut Parts, signed_headers: &str, canonical: &str) {
    let text = format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/20130524/us-east-1/s3/aws4_request, SignedHeaders={signed_headers}, \
         Signature={}",
        reference_signature(canonical)
    );
    parts.headers.insert("authorization", text.parse().unwrap());
}

fn reference_signature(canonical: &str) -> String {
    use aws_lc_rs::{digest, hmac};
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n{hash}");
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in ["20130524", "us-east-1", "s3", "aws4_request", &text] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex(&key)
}
