//! Bodies that are checked while they pass: however they are cut, and whichever part of them is changed.

use bytes::Bytes;
use http::request::Parts;
use proptest::prelude::*;
use s3_auth::{AuthSettings, PayloadForm, TrailerForm};
use s3_model::{ErrorCode, S3Error};
use s3_wire::chunked::ChunkSigning;
use types::{Body, BodyErrorKind, ChecksumAlgorithm};

use crate::support::*;

const SIGNED: PayloadForm =
    PayloadForm::Chunked { signing: ChunkSigning::Signed, trailer: TrailerForm::None };
const SIGNED_TRAILER: PayloadForm =
    PayloadForm::Chunked { signing: ChunkSigning::Signed, trailer: TrailerForm::Trailer };
const UNSIGNED_TRAILER: PayloadForm =
    PayloadForm::Chunked { signing: ChunkSigning::Unsigned, trailer: TrailerForm::Trailer };
const FORMS: [PayloadForm; 3] = [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER];
const DATA: &[u8] = b"The quick brown fox jumps over the lazy dog, and then again.";
/// The CRC-32 of [`DATA`] does not matter here: it is checked where digests are.
const TRAILER: (&str, &str) = ("x-amz-checksum-crc32", "AAECAw==");

/// A signed PUT in chunks of 16 bytes, and its body.
fn chunked(form: PayloadForm, announced: Option<&str>, trailers: &[(&str, &str)]) -> (Parts, Bytes) {
    let mut parts = request("PUT /bucket/key\nHost: localhost:9000\nContent-Encoding: aws-chunked");
    parts.headers.insert("x-amz-decoded-content-length", DATA.len().into());
    if let Some(names) = announced {
        parts.headers.insert("x-amz-trailer", names.parse().unwrap());
    }
    let body = signer().sign(&mut parts, form, MAY_2013).body(DATA, 16, trailers);
    (parts, body)
}

fn usual(form: PayloadForm) -> (Parts, Bytes) {
    match form {
        SIGNED => chunked(form, None, &[]),
        _ => chunked(form, Some(TRAILER.0), &[TRAILER]),
    }
}

fn opened(parts: &Parts, body: Body) -> Result<Body, S3Error> {
    let verifier = verifier(AuthSettings::default());
    verify_with(&verifier, parts, body, MAY_2013).map(|authenticated| authenticated.body)
}

fn outcome(parts: &Parts, body: &Bytes) -> Result<(Vec<u8>, usize), BodyErrorKind> {
    let (data, trailers) = read(opened(parts, Body::from_bytes(body.clone())).unwrap())?;
    Ok((data, trailers.len()))
}

#[test]
fn every_form_yields_the_data_and_the_announced_checksum() {
    for form in FORMS {
        let (parts, body) = usual(form);
        let body = opened(&parts, Body::from_bytes(body)).unwrap();
        assert_eq!(body.length_bytes(), Some(DATA.len() as u64));
        let (data, trailers) = read(body).unwrap();
        assert_eq!(data, DATA);
        let algorithms: Vec<_> = trailers.iter().map(|checksum| checksum.algorithm).collect();
        assert_eq!(algorithms, if form == SIGNED { vec![] } else { vec![ChecksumAlgorithm::Crc32] });
    }
}

#[test]
fn every_checksum_can_come_as_a_trailer() {
    for algorithm in ChecksumAlgorithm::ALL {
        let name = format!("x-amz-checksum-{}", algorithm.name().to_lowercase());
        let value = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            vec![7; algorithm.value_len()],
        );
        let (parts, body) = chunked(UNSIGNED_TRAILER, Some(&name), &[(&name, &value)]);
        let (_, trailers) = read(opened(&parts, Body::from_bytes(body)).unwrap()).unwrap();
        assert_eq!((trailers.len(), trailers[0].algorithm), (1, algorithm));
    }
}

#[test]
fn a_flipped_bit_anywhere_fails_or_changes_nothing_but_the_unsigned() {
    for form in [SIGNED, SIGNED_TRAILER] {
        let (parts, body) = usual(form);
        for at in 0..body.len() {
            for bit in [0, 5] {
                let mut flipped = body.to_vec();
                flipped[at] ^= 1 << bit;
                match outcome(&parts, &flipped.into()) {
                    // Names and sizes are read in any letter case, and `\r` may be left out.
                    Ok((data, _)) => {
                        let harmless = body[at].is_ascii_alphabetic() || body[at] == b'\r';
                        assert!(data == DATA && harmless, "{form:?} {at}");
                    }
                    Err(_) => continue,
                }
            }
        }
    }
}

#[test]
fn a_cut_off_body_fails() {
    for form in FORMS {
        let (parts, body) = usual(form);
        for end in 0..body.len() - 1 {
            assert_eq!(outcome(&parts, &body.slice(..end)), Err(BodyErrorKind::Incomplete), "{form:?} {end}");
        }
        let longer = [&body[..], b"x"].concat();
        assert!(matches!(outcome(&parts, &longer.into()), Err(BodyErrorKind::Malformed(_))));
    }
}

#[test]
fn chunks_are_chained_in_their_order() {
    let (parts, body) = usual(SIGNED);
    let chunk = 16 + 2 + "10;chunk-signature=\r\n".len() + 64;
    let swapped = [&body[chunk..2 * chunk], &body[..chunk], &body[2 * chunk..]].concat();
    assert_eq!(outcome(&parts, &swapped.into()), Err(BodyErrorKind::SignatureMismatch));
    let repeated = [&body[..chunk], &body[..chunk], &body[2 * chunk..]].concat();
    assert_eq!(outcome(&parts, &repeated.into()), Err(BodyErrorKind::SignatureMismatch));
}

#[test]
fn trailers_are_what_was_announced() {
    let crc32 = TRAILER;
    let sha1 = ("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for form in [SIGNED_TRAILER, UNSIGNED_TRAILER] {
        let with = |announced, trailers: &[(&str, &str)]| {
            let (parts, body) = chunked(form, announced, trailers);
            outcome(&parts, &body)
        };
        assert_eq!(with(Some("x-amz-checksum-crc32"), &[crc32]), Ok((DATA.to_vec(), 1)));
        assert_eq!(with(Some("X-Amz-Checksum-CRC32 "), &[crc32]), Ok((DATA.to_vec(), 1)));
        assert_eq!(
            with(Some("x-amz-checksum-crc32"), &[]),
            Err(BodyErrorKind::TrailerMissing(ChecksumAlgorithm::Crc32))
        );
        let malformed = |result| matches!(result, Err(BodyErrorKind::MalformedTrailer(_)));
        assert!(malformed(with(Some("x-amz-checksum-crc32"), &[sha1])), "another one");
        assert!(malformed(with(Some("x-amz-checksum-crc32"), &[crc32, sha1])), "one more");
        assert!(malformed(with(Some("x-amz-checksum-crc32"), &[crc32, crc32])), "twice");
        assert!(malformed(with(None, &[crc32])), "not announced");
        assert!(
            malformed(with(Some("x-amz-checksum-crc32"), &[("x-amz-checksum-crc32", "AAEC")])),
            "too short"
        );
        assert!(malformed(with(Some("x-amz-checksum-crc32"), &[("x-amz-checksum-crc32", "?")])), "no Base64");
        assert!(
            malformed(with(Some("x-amz-checksum-crc32"), &[crc32, ("x-amz-meta-a", "b")])),
            "no checksum"
        );
    }
    let (parts, body) = usual(UNSIGNED_TRAILER);
    let signed = String::from_utf8(body.to_vec()).unwrap();
    let signed = signed.replace("==\r\n", &format!("==\r\nx-amz-trailer-signature:{}\r\n", "0".repeat(64)));
    assert!(matches!(outcome(&parts, &signed.into()), Err(BodyErrorKind::MalformedTrailer(_))));
}

#[test]
fn a_trailer_that_is_not_signed_where_chunks_are_fails() {
    let (parts, body) = usual(SIGNED_TRAILER);
    let text = String::from_utf8(body.to_vec()).unwrap();
    let (before, _) = text.split_once("x-amz-trailer-signature").unwrap();
    let unsigned = Bytes::from(format!("{before}\r\n"));
    assert!(matches!(outcome(&parts, &unsigned), Err(BodyErrorKind::MalformedTrailer(_))));
    let (parts, body) = usual(SIGNED);
    let text = String::from_utf8(body.to_vec()).unwrap();
    let extra = format!("{}x-amz-checksum-crc32:AAECAw==\r\n\r\n", text.strip_suffix("\r\n").unwrap());
    assert!(matches!(outcome(&parts, &extra.into()), Err(BodyErrorKind::MalformedTrailer(_))));
}

#[test]
fn announcements_that_cannot_be_kept_are_refused_at_once() {
    let refusal = |announced| {
        let (parts, body) = chunked(UNSIGNED_TRAILER, Some(announced), &[]);
        opened(&parts, Body::from_bytes(body)).unwrap_err()
    };
    assert_eq!(refusal("x-amz-meta-a").code, ErrorCode::InvalidRequest);
    assert_eq!(refusal("x-amz-checksum-crc99").code, ErrorCode::InvalidRequest);
    assert!(refusal("x-amz-checksum-crc32, x-amz-checksum-sha1").message.contains("Multiple"));
}

#[test]
fn the_decoded_length_is_needed_and_true() {
    for (length, code) in [
        (None, ErrorCode::MissingContentLength),
        (Some("-1"), ErrorCode::InvalidArgument),
        (Some("99999999999999999999"), ErrorCode::InvalidArgument),
    ] {
        let mut parts = request("PUT /bucket/key\nHost: localhost:9000");
        if let Some(length) = length {
            parts.headers.insert("x-amz-decoded-content-length", length.parse().unwrap());
        }
        let _ = signer().sign(&mut parts, UNSIGNED_TRAILER, MAY_2013);
        assert_eq!(opened(&parts, Body::empty()).unwrap_err().code, code, "{length:?}");
    }
    for (declared, expected) in [(DATA.len() + 1, true), (DATA.len() - 1, false)] {
        let mut parts = request("PUT /bucket/key\nHost: localhost:9000");
        parts.headers.insert("x-amz-decoded-content-length", declared.into());
        let body = signer().sign(&mut parts, SIGNED, MAY_2013).body(DATA, 16, &[]);
        let error = outcome(&parts, &body).unwrap_err();
        assert_eq!(error == BodyErrorKind::Incomplete, expected, "{declared}: {error:?}");
    }
}

#[test]
fn an_empty_body_is_compared_at_once() {
    let mut parts = request("GET /bucket/key\nHost: localhost:9000");
    let _ = signer().sign(&mut parts, PayloadForm::of_bytes(b"not empty"), MAY_2013);
    let error = opened(&parts, Body::empty()).unwrap_err();
    assert_eq!(error.code, ErrorCode::XAmzContentSHA256Mismatch);
    let _ = signer().sign(&mut parts, PayloadForm::of_bytes(b""), MAY_2013);
    assert_eq!(read(opened(&parts, Body::empty()).unwrap()), Ok((vec![], vec![])));
}

#[test]
fn a_hashed_body_is_compared_at_its_end_however_it_is_cut() {
    let mut parts = request("PUT /bucket/key\nHost: localhost:9000");
    let _ = signer().sign(&mut parts, PayloadForm::of_bytes(DATA), MAY_2013);
    let data = Bytes::from_static(DATA);
    for at in 0..DATA.len() {
        assert_eq!(read(opened(&parts, cut(&data, &[at])).unwrap()).unwrap().0, DATA);
        let mut flipped = DATA.to_vec();
        flipped[at] ^= 1;
        let flipped = opened(&parts, cut(&flipped.into(), &[at])).unwrap();
        assert_eq!(read(flipped), Err(BodyErrorKind::PayloadHashMismatch));
    }
}

#[test]
fn data_is_not_copied() {
    let data = Bytes::from(vec![b'x'; 100_000]);
    let mut parts = request("PUT /bucket/key\nHost: localhost:9000");
    parts.headers.insert("x-amz-decoded-content-length", data.len().into());
    let body = signer().sign(&mut parts, SIGNED, MAY_2013).body(&data, 65_536, &[]);
    let mut opened = opened(&parts, Body::from_bytes(body.clone())).unwrap();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let source = body.as_ptr_range();
    let mut seen = 0;
    while let std::task::Poll::Ready(Some(frame)) = opened.poll_frame(&mut cx) {
        let types::Frame::Data(piece) = frame.unwrap() else { continue };
        assert!(source.contains(&piece.as_ptr()), "a frame has memory of its own");
        seen += piece.len();
    }
    assert_eq!(seen, data.len());
}

proptest! {
    #[test]
    fn every_way_of_cutting_gives_the_same(
        form in prop::sample::select(&FORMS[..]),
        places in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let (parts, body) = usual(form);
        let (data, trailers) = read(opened(&parts, cut(&body, &places)).unwrap()).unwrap();
        prop_assert_eq!(data, DATA);
        prop_assert_eq!(trailers.len(), usize::from(form != SIGNED));
    }

    #[test]
    fn every_way_of_cutting_a_damaged_body_fails(
        form in prop::sample::select(&[SIGNED, SIGNED_TRAILER][..]),
        places in prop::collection::vec(any::<usize>(), 0..8),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (parts, body) = usual(form);
        let mut damaged = body.to_vec();
        let at = at.index(damaged.len());
        prop_assume!(!damaged[at].eq_ignore_ascii_case(&byte) && damaged[at] != b'\r');
        damaged[at] = byte;
        let damaged = Bytes::from(damaged);
        let whole = read(opened(&parts, Body::from_bytes(damaged.clone())).unwrap());
        let pieces = read(opened(&parts, cut(&damaged, &places)).unwrap());
        prop_assert_eq!(whole.clone().map(|(data, _)| data), pieces.map(|(data, _)| data));
        // White space around a trailer's value means nothing.
        prop_assert!(whole.is_err() || byte.is_ascii_whitespace());
    }
}
