use proptest::prelude::*;

use super::*;

/// Feeds the pieces and joins neighbouring data events, which depend on where the input is cut.
fn events(
    mut decoder: ChunkDecoder,
    pieces: &[&[u8]],
) -> Result<(Vec<ChunkEvent>, ChunkDecoder), BodyErrorKind> {
    let mut events: Vec<ChunkEvent> = Vec::new();
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(event) = decoder.next(&mut input)? {
            match (events.last_mut(), event) {
                (Some(ChunkEvent::Data(before)), ChunkEvent::Data(more)) => {
                    *before = [before.as_ref(), more.as_ref()].concat().into();
                }
                (_, event) => events.push(event),
            }
        }
        assert!(input.is_empty());
    }
    Ok((events, decoder))
}

fn unsigned(body: &[u8], length: Option<u64>) -> Result<Vec<ChunkEvent>, BodyErrorKind> {
    let (events, decoder) = events(ChunkDecoder::new(ChunkSigning::Unsigned, length), &[body])?;
    decoder.finish()?;
    Ok(events)
}

fn data(text: &'static str) -> ChunkEvent {
    ChunkEvent::Data(Bytes::from_static(text.as_bytes()))
}

fn chunk(size_bytes: u64) -> ChunkEvent {
    ChunkEvent::Chunk { size_bytes, signature: None }
}

fn trailer(name: &str, value: &str) -> ChunkEvent {
    ChunkEvent::Trailer { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn unsigned_chunks_with_a_trailer() {
    let body = b"5\r\nhello\r\nB\r\n\r\nworld\r\n;0\r\n0\r\nX-Amz-Checksum-CRC32: AAAAAA==\r\n\r\n";
    assert_eq!(
        unsigned(body, Some(16)).unwrap(),
        [
            chunk(5),
            data("hello"),
            ChunkEvent::ChunkEnd,
            chunk(11),
            data("\r\nworld\r\n;0"),
            ChunkEvent::ChunkEnd,
        ]
        .into_iter()
        .chain([chunk(0), ChunkEvent::ChunkEnd, trailer("x-amz-checksum-crc32", "AAAAAA=="), ChunkEvent::End])
        .collect::<Vec<_>>()
    );
}

#[test]
fn signed_chunks_tell_their_signatures() {
    let (first, last) = ("a".repeat(64), "b".repeat(64));
    let body = format!(
        "3;chunk-signature={first}\r\nabc\r\n0;chunk-signature={last}\r\nx-amz-checksum-sha1:eA==\n\
         x-amz-trailer-signature:{first}\r\n\r\n"
    );
    let decoder = ChunkDecoder::new(ChunkSigning::Signed, Some(3));
    let (events, decoder) = events(decoder, &[body.as_bytes()]).unwrap();
    decoder.finish().unwrap();
    let signature = |text: &str| Some(ChunkSignature::try_from(text.as_bytes()).unwrap());
    assert_eq!(
        events,
        [
            ChunkEvent::Chunk { size_bytes: 3, signature: signature(&first) },
            data("abc"),
            ChunkEvent::ChunkEnd,
            ChunkEvent::Chunk { size_bytes: 0, signature: signature(&last) },
            ChunkEvent::ChunkEnd,
            trailer("x-amz-checksum-sha1", "eA=="),
            trailer(TRAILER_SIGNATURE, &first),
            ChunkEvent::End,
        ]
    );
}

#[test]
fn an_empty_body_is_one_last_chunk() {
    assert_eq!(unsigned(b"0\r\n\r\n", Some(0)).unwrap(), [chunk(0), ChunkEvent::ChunkEnd, ChunkEvent::End]);
}

#[test]
fn data_is_not_copied_and_one_chunk_may_have_five_gibibytes() {
    let size = 5 * 1024 * 1024 * 1024_u64;
    let mut decoder = ChunkDecoder::new(ChunkSigning::Unsigned, Some(size));
    let mut input = Bytes::from(format!("{size:x}\r\n"));
    assert_eq!(decoder.next(&mut input).unwrap(), Some(chunk(size)));
    let frame = Bytes::from(vec![7; 64 * 1024 * 1024]);
    for _ in 0..size / frame.len() as u64 {
        let mut input = frame.clone();
        let Some(ChunkEvent::Data(data)) = decoder.next(&mut input).unwrap() else { panic!("data") };
        assert_eq!((data.as_ptr(), data.len()), (frame.as_ptr(), frame.len()));
    }
    let mut input = Bytes::from_static(b"\r\n0\r\n\r\n");
    while decoder.next(&mut input).unwrap().is_some() {}
    decoder.finish().unwrap();
}

#[test]
fn each_fault_is_told() {
    let malformed = |body: &[u8], length| matches!(unsigned(body, length), Err(BodyErrorKind::Malformed(_)));
    assert!(malformed(b"xyz\r\n", None));
    assert!(malformed(b"\r\n", None));
    assert!(malformed(b"-1\r\n", None));
    assert!(malformed(b"+1\r\n", None));
    assert!(malformed(b"11111111111111111\r\n", None));
    assert!(malformed(b"3\r\nabcd\r\n", None));
    assert!(malformed(b"3;chunk-signature=ab\r\nabc\r\n", None));
    assert!(malformed(b"3\r\nabc\r\n0\r\n\r\n", Some(2)));
    assert!(malformed(b"0\r\n\r\nx", None));
    assert!(malformed(b"0\r\nno colon\r\n\r\n", None));
    assert!(malformed(format!("0\r\n{}\r\n", "a:b\r\n".repeat(TRAILERS_MAX + 1)).as_bytes(), None));
    assert_eq!(unsigned(b"3\r\nabc\r\n0\r\n\r\n", Some(4)), Err(BodyErrorKind::Incomplete));
    for cut in 0..b"3\r\nabc\r\n0\r\n\r\n".len() {
        let cut = &b"3\r\nabc\r\n0\r\n\r\n"[..cut];
        assert_eq!(unsigned(cut, None), Err(BodyErrorKind::Incomplete), "{cut:?}");
    }
    let signed = ChunkDecoder::new(ChunkSigning::Signed, None);
    assert!(matches!(events(signed, &[b"3\r\nabc"]), Err(BodyErrorKind::Malformed(_))));
}

#[test]
fn a_line_has_a_bound() {
    let line = |len: usize| format!("0\r\na:{}\r\n\r\n", "b".repeat(len - 3));
    assert!(unsigned(line(LINE_MAX_BYTES).as_bytes(), None).is_ok());
    assert!(unsigned(line(LINE_MAX_BYTES + 1).as_bytes(), None).is_err());
    let endless = [b'1'; 2 * LINE_MAX_BYTES];
    assert!(matches!(unsigned(&endless, None), Err(BodyErrorKind::Malformed(_))));
}

/// Cuts `body` at the places given.
fn cut<'a>(body: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|place| place % (body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\na:b\r\n\r\n");
        let decoder = || ChunkDecoder::new(ChunkSigning::Unsigned, None);
        let (whole, _) = events(decoder(), &[&body]).unwrap();
        let (split, end) = events(decoder(), &cut(&body, &cuts)).unwrap();
        prop_assert_eq!(whole, split);
        prop_assert!(end.is_complete());
    }

    #[test]
    fn no_bytes_panic_and_any_split_ends_alike(
        body in "[0-9a-f;:=\r\n x]{0,60}",
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let decoder = || ChunkDecoder::new(ChunkSigning::Unsigned, Some(20));
        let whole = events(decoder(), &[body.as_bytes()]).map(|(events, end)| (events, end.is_complete()));
        let split = events(decoder(), &cut(body.as_bytes(), &cuts)).map(|(events, end)| (events, end.is_complete()));
        prop_assert_eq!(whole, split);
    }
}
