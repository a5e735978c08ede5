use std::collections::VecDeque;
use std::sync::Mutex;

use types::ChecksumAlgorithm;

use super::*;

const CONTENT: &[u8] = b"the quick brown fox jumps over the lazy dog";

/// What a place does with a read.
#[derive(Clone, Copy)]
enum Place {
    Well,
    BreaksAfter(usize),
    EndsAfter(usize),
    HangsAfter(usize),
    WrongAt(usize),
    Refuses,
}

struct Places(Mutex<VecDeque<Place>>);

struct Frames {
    bytes: Vec<u8>,
    place: Place,
    given: usize,
}

impl BodyStream for Frames {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        const FRAME_BYTES: usize = 5;
        match self.place {
            Place::BreaksAfter(count) if self.given >= count => {
                return Poll::Ready(Some(Err(BodyErrorKind::Storage.into())));
            }
            Place::EndsAfter(count) if self.given >= count => return Poll::Ready(None),
            Place::HangsAfter(count) if self.given >= count => return Poll::Pending,
            _ => {}
        }
        let frame: Vec<u8> = self.bytes.iter().copied().skip(self.given).take(FRAME_BYTES).collect();
        self.given += frame.len();
        Poll::Ready((!frame.is_empty()).then(|| Ok(Frame::Data(frame.into()))))
    }
}

fn begin(place: Place, range: ByteRange) -> Result<Body, BodyError> {
    let mut bytes = CONTENT.to_vec();
    match place {
        Place::Refuses => return Err(BodyErrorKind::Storage.into()),
        Place::WrongAt(wrong) => bytes[wrong] ^= 1,
        _ => {}
    }
    let bytes = bytes[range.start as usize..range.end as usize].to_vec();
    Ok(Body::new(Frames { bytes, place, given: 0 }, Some(range.len())))
}

impl Supply for Places {
    fn next(self: Arc<Self>, range: ByteRange, error: BodyError) -> Supplying {
        let place = self.0.lock().unwrap().pop_front();
        Box::pin(async move {
            let Some(place) = place else { return Err(error) };
            match begin(place, range) {
                Err(error) => self.next(range, error).await,
                body => body,
            }
        })
    }
}

async fn read(places: &[Place], range: ByteRange) -> (Vec<u8>, Option<BodyErrorKind>) {
    let checksum = (range == ByteRange::whole(CONTENT.len() as u64))
        .then(|| Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, CONTENT));
    let rest = Places(Mutex::new(places[1..].iter().copied().collect()));
    let mut body = ResumingBody::wrap(begin(places[0], range), range, checksum, Arc::new(rest));
    let mut bytes = Vec::new();
    while let Some(frame) = body.next_frame().await {
        match frame {
            Ok(Frame::Data(data)) => bytes.extend_from_slice(&data),
            Ok(Frame::Trailer(_)) => {}
            Err(error) => return (bytes, Some(error.kind)),
        }
    }
    (bytes, None)
}

#[tokio::test(start_paused = true)]
async fn a_body_goes_on_at_the_byte_wherever_it_fails() {
    let places: [fn(usize) -> Place; 4] =
        [Place::BreaksAfter, Place::EndsAfter, Place::HangsAfter, |_| Place::Refuses];
    for (start, end) in [(0, CONTENT.len()), (7, 31), (3, 4), (9, 9)] {
        let range = ByteRange { start: start as u64, end: end as u64 };
        for count in 0..=end - start {
            for place in places {
                let (bytes, error) = read(&[place(count), place(count), Place::Well], range).await;
                assert_eq!((&bytes[..], error), (&CONTENT[start..end], None), "{start}..{end} after {count}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_another_place_the_body_ends_with_the_error() {
    let whole = ByteRange::whole(CONTENT.len() as u64);
    let (bytes, error) = read(&[Place::BreaksAfter(10), Place::Refuses], whole).await;
    assert_eq!((&bytes[..], error), (&CONTENT[..10], Some(BodyErrorKind::Storage)));
    let (bytes, error) = read(&[Place::EndsAfter(CONTENT.len() - 9)], whole).await;
    assert_eq!(error, Some(BodyErrorKind::Incomplete));
    assert!(bytes.len() < CONTENT.len());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_content_is_never_complete() {
    let whole = ByteRange::whole(CONTENT.len() as u64);
    for wrong in 0..CONTENT.len() {
        let (bytes, error) = read(&[Place::WrongAt(wrong), Place::Well], whole).await;
        assert_eq!(error, Some(BodyErrorKind::Corrupt));
        assert!(bytes.len() < CONTENT.len(), "the last frame is held");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_content_of_which_nothing_was_given_is_read_elsewhere() {
    const SMALL: &[u8] = b"four";
    struct Elsewhere(Mutex<VecDeque<&'static [u8]>>);
    impl Supply for Elsewhere {
        fn next(self: Arc<Self>, range: ByteRange, error: BodyError) -> Supplying {
            assert_eq!(range, ByteRange::whole(4));
            let next = self.0.lock().unwrap().pop_front();
            Box::pin(async move { next.map(|bytes| Body::from_bytes(bytes.into())).ok_or(error) })
        }
    }
    let read = |others: &[&'static [u8]]| {
        let checksum = Some(Hasher::checksum(ChecksumAlgorithm::Sha256, SMALL));
        let supply = Arc::new(Elsewhere(Mutex::new(others.iter().copied().collect())));
        let first = Ok(Body::from_bytes(Bytes::from_static(b"fake")));
        ResumingBody::wrap(first, ByteRange::whole(4), checksum, supply).collect(9)
    };
    assert_eq!(read(&[b"foul", SMALL]).await.unwrap(), SMALL);
    assert_eq!(read(&[b"foul"]).await.unwrap_err().kind, BodyErrorKind::Corrupt);
}
