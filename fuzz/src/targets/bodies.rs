use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use s3_auth::{AuthSettings, Keyring, Verifier};
use s3_wire::form::{FormEvent, FormReader};
use types::{Body, BodyError, BodyStream, Frame, Timestamp};

use crate::request::{head, split};

static ANYONE: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new(Arc::new(Keyring::default()), AuthSettings::default()));

/// An `aws-chunked` body without signatures: cut anywhere it gives the same, and never more than was declared.
pub fn chunked(data: &[u8]) {
    let (cuts, body) = split(data);
    let declared = cuts.first().map_or(0, |byte| u64::from(*byte) % 32);
    let body = Bytes::copy_from_slice(body);
    let (whole, pieces) = (open(declared, pieces_of(&body, &[])), open(declared, pieces_of(&body, cuts)));
    if let Ok((data, _)) = &whole {
        assert_eq!(data.len() as u64, declared);
    }
    assert_eq!(whole, pieces);
}

type Read = Result<(Vec<u8>, Vec<u8>), types::BodyErrorKind>;

fn open(declared: u64, pieces: Vec<Bytes>) -> Read {
    let text = format!(
        "PUT /bucket/key\nhost:localhost\nx-amz-content-sha256:STREAMING-UNSIGNED-PAYLOAD-TRAILER\n\
         x-amz-decoded-content-length:{declared}\nx-amz-trailer:x-amz-checksum-crc32"
    );
    let parts = head(&text).expect("a legal head");
    let routed = s3_wire::route(&parts, &s3_wire::Addressing::default()).expect("PutObject");
    let body = Body::new(Pieces(pieces.into_iter()), None);
    let verified = ANYONE.verify(&parts, &routed, body, Timestamp::default());
    let mut body = verified.expect("nothing is signed").body;
    let (mut data, mut trailers) = (Vec::new(), Vec::new());
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.poll_frame(&mut cx) {
        match frame.map_err(|error| error.kind)? {
            Frame::Data(piece) => data.extend_from_slice(&piece),
            Frame::Trailer(checksum) => trailers.extend_from_slice(checksum.value.as_bytes()),
        }
    }
    Ok((data, trailers))
}

struct Pieces(std::vec::IntoIter<Bytes>);

impl BodyStream for Pieces {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(self.0.find(|piece| !piece.is_empty()).map(|piece| Ok(Frame::Data(piece))))
    }
}

/// A `multipart/form-data` form: cut anywhere it gives the same fields and the same file.
pub fn form(data: &[u8]) {
    let (cuts, body) = split(data);
    let body = Bytes::copy_from_slice(body);
    assert_eq!(read_form(pieces_of(&body, &[])), read_form(pieces_of(&body, cuts)));
}

/// The fields and the file; `None` where the form is refused.
fn read_form(pieces: Vec<Bytes>) -> Option<(Vec<(String, String)>, Vec<u8>)> {
    let mut reader = FormReader::new(Some("multipart/form-data; boundary=b")).ok()?;
    let (mut fields, mut file) = (Vec::new(), Vec::new());
    for mut piece in pieces {
        while let Some(event) = reader.next(&mut piece).ok()? {
            match event {
                FormEvent::File(read) => {
                    fields = read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                    let _ = s3_wire::decode_post(&read);
                }
                FormEvent::Data(data) => file.extend_from_slice(&data),
                FormEvent::End => {}
            }
        }
    }
    reader.finish().ok()?;
    Some((fields, file))
}

/// The bytes cut at the places that `cuts` names.
fn pieces_of(bytes: &Bytes, cuts: &[u8]) -> Vec<Bytes> {
    let mut places: Vec<_> = cuts.iter().map(|cut| usize::from(*cut) % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| bytes.slice(pair[0]..pair[1])).collect()
}
