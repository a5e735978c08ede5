use std::future::Future;
use std::pin::pin;
use std::task::Waker;

use super::*;

struct Script(std::vec::IntoIter<Frame>);

impl BodyStream for Script {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

fn run(frames: Vec<Frame>, length: Option<u64>, manner: Manner) -> Result<(Bytes, Sent), BodyErrorKind> {
    let (body, receipt) = Outgoing::wrap(Body::new(Script(frames.into_iter()), length), manner);
    let told = body.length_bytes();
    let mut collecting = pin!(body.collect(64 << 20));
    match collecting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(bytes)) => {
            assert!(told.is_none_or(|length| length == bytes.len() as u64), "{told:?} but {}", bytes.len());
            Ok((bytes, receipt.sent().unwrap()))
        }
        Poll::Ready(Err(error)) => {
            assert!(receipt.sent().is_none(), "no receipt for a refused body");
            Err(error.kind)
        }
        Poll::Pending => panic!("a script never waits"),
    }
}

fn manner(checksum: ExpectedChecksum, framing: Framing, verify: Verify) -> Manner {
    let give = match framing {
        Framing::Trailer(algorithm) => Some(algorithm),
        Framing::Plain => Some(ChecksumAlgorithm::Crc64Nvme),
    };
    let expected = ExpectedDigests { content_md5: None, checksum };
    Manner { expected, give, framing, verify, md5: Md5Wanted::No }
}

fn data(bytes: &[u8]) -> Frame {
    Frame::Data(Bytes::copy_from_slice(bytes))
}

#[test]
fn the_checksum_follows_the_bytes_in_s3s_framing() {
    let framing = Framing::Trailer(ChecksumAlgorithm::Crc32);
    let frames = vec![data(b"12345"), data(b"6789")];
    let (bytes, sent) =
        run(frames, Some(9), manner(ExpectedChecksum::Default, framing, Verify::There)).unwrap();
    assert_eq!(bytes, "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n");
    assert_eq!(sent.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc32, b"123456789")));
    let (bytes, _) = run(vec![], Some(0), manner(ExpectedChecksum::Default, framing, Verify::There)).unwrap();
    assert_eq!(bytes, "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
}

#[test]
fn lengths_in_framing_are_exact_at_every_boundary() {
    for algorithm in ChecksumAlgorithm::ALL {
        for length in [1, 15, 16, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 7] {
            let bytes = vec![7; length as usize];
            let frames = bytes.chunks(1_000_003).map(data).collect();
            let manner = manner(ExpectedChecksum::Default, Framing::Trailer(algorithm), Verify::There);
            assert!(run(frames, Some(length), manner).is_ok(), "{algorithm:?} {length}");
        }
    }
}

#[test]
fn a_clients_own_trailer_is_passed_on_and_not_computed_again() {
    let wrong = Hasher::checksum(ChecksumAlgorithm::Sha256, b"other");
    let framing = Framing::Trailer(ChecksumAlgorithm::Sha256);
    let frames = || vec![data(b"abc"), Frame::Trailer(wrong)];
    let expected = ExpectedChecksum::Trailer(ChecksumAlgorithm::Sha256);
    let (_, sent) = run(frames(), Some(3), manner(expected, framing, Verify::There)).unwrap();
    assert_eq!(sent.checksum, Some(wrong), "the service will refuse it");
    let refused = run(frames(), Some(3), manner(expected, framing, Verify::Here)).unwrap_err();
    assert_eq!(refused, BodyErrorKind::DigestMismatch(Some(ChecksumAlgorithm::Sha256)));
    let missing = run(vec![data(b"abc")], Some(3), manner(expected, framing, Verify::There)).unwrap_err();
    assert_eq!(missing, BodyErrorKind::TrailerMissing(ChecksumAlgorithm::Sha256));
}

#[test]
fn another_checksum_than_the_services_is_verified_here() {
    for algorithm in ChecksumAlgorithm::ALL {
        let expecting = |checksum| {
            manner(
                ExpectedChecksum::Value(checksum),
                Framing::Trailer(ChecksumAlgorithm::Crc64Nvme),
                Verify::There,
            )
        };
        let right = Hasher::checksum(algorithm, b"abc");
        let (_, sent) = run(vec![data(b"abc")], Some(3), expecting(right)).unwrap();
        assert_eq!(sent.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, b"abc")));
        if algorithm != ChecksumAlgorithm::Crc64Nvme {
            let wrong = run(vec![data(b"abd")], Some(3), expecting(right)).unwrap_err();
            assert_eq!(wrong, BodyErrorKind::DigestMismatch(Some(algorithm)));
        }
    }
}

#[test]
fn another_length_than_the_one_told_is_refused() {
    let plain = || manner(ExpectedChecksum::Default, Framing::Plain, Verify::Here);
    assert_eq!(run(vec![data(b"abc")], Some(4), plain()).unwrap_err(), BodyErrorKind::Incomplete);
    assert_eq!(
        run(vec![data(b"abc")], Some(2), plain()).unwrap_err(),
        BodyErrorKind::TooLarge { max_bytes: 2 }
    );
    assert_eq!(run(vec![data(b"abc")], None, plain()).unwrap().0, "abc");
}

#[test]
fn content_md5_is_verified_where_the_service_does_not() {
    let mut manner = manner(ExpectedChecksum::Default, Framing::Plain, Verify::Here);
    manner.expected.content_md5 = Some(Md5::digest(b"abc"));
    assert_eq!(run(vec![data(b"abc")], Some(3), manner).unwrap().1.md5, Some(Md5::digest(b"abc")));
    assert_eq!(run(vec![data(b"abd")], Some(3), manner).unwrap_err(), BodyErrorKind::DigestMismatch(None));
}
