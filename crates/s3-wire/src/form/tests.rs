use bytes::Bytes;
use proptest::prelude::*;
use s3_model::{ErrorCode, S3Error};

use super::*;

const TYPE: &str = "multipart/form-data; boundary=\"x-Y\"";

fn field(name: &str, value: &str) -> String {
    format!("--x-Y\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(content: &str) -> String {
    format!(
        "--x-Y\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a \\\"b.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n{content}\r\n--x-Y\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\nz\r\n--x-Y--\r\n"
    )
}

/// The fields and the file of a form that comes in these pieces.
fn read(pieces: &[&[u8]]) -> Result<(Option<FormFields>, Vec<u8>, bool), S3Error> {
    let mut reader = FormReader::new(Some(TYPE))?;
    let (mut fields, mut content, mut ended) = (None, Vec::new(), false);
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(event) = reader.next(&mut input)? {
            assert!(!ended);
            match event {
                FormEvent::File(found) => assert!(fields.replace(found).is_none()),
                FormEvent::Data(data) => {
                    assert!(!data.is_empty());
                    content.extend_from_slice(&data);
                }
                FormEvent::End => ended = true,
            }
        }
        assert!(input.is_empty());
    }
    assert_eq!(reader.finish().is_ok(), ended);
    Ok((fields, content, ended))
}

fn refusal(body: &str) -> ErrorCode {
    read(&[body.as_bytes()]).unwrap_err().code
}

#[test]
fn fields_come_first_then_the_file() {
    let body = format!(
        "{}{}{}{}",
        field("key", "a/${filename}"),
        field("Empty", ""),
        field("x", "1\r\n2"),
        file("hello\r\n--x-")
    );
    let (fields, content, ended) = read(&[body.as_bytes()]).unwrap();
    let fields = fields.unwrap();
    assert!(fields.iter().eq([("key", "a/${filename}"), ("Empty", ""), ("x", "1\r\n2")]));
    assert_eq!(fields.get("KEY"), Some("a/${filename}"));
    assert_eq!(fields.filename(), "a \"b.txt");
    assert_eq!(content, b"hello\r\n--x-");
    assert!(ended);
}

#[test]
fn an_empty_file_and_a_preamble_are_fine() {
    let body = format!("preamble\r\n{}{}", field("key", "k"), file(""));
    let (fields, content, ended) = read(&[body.as_bytes()]).unwrap();
    assert!(fields.is_some() && content.is_empty() && ended);
}

#[test]
fn a_file_that_does_not_end_is_incomplete() {
    let body = format!("{}{}", field("key", "k"), file("hello"));
    let cut =
        &body.as_bytes()[..body.find("\r\n--x-Y\r\nContent-Disposition: form-data; name=\"late\"").unwrap()];
    let (_, content, ended) = read(&[cut]).unwrap();
    assert_eq!((content.as_slice(), ended), (&b"hello"[..], false));
}

#[test]
fn forms_that_are_none_are_refused() {
    assert_eq!(FormReader::new(None).unwrap_err().code, ErrorCode::PreconditionFailed);
    assert_eq!(FormReader::new(Some("application/json")).unwrap_err().code, ErrorCode::PreconditionFailed);
    for boundary in ["", ";", "; boundary=", "; boundary=\"\""] {
        let code = FormReader::new(Some(&format!("multipart/form-data;{boundary}"))).unwrap_err().code;
        assert_eq!(code, ErrorCode::MalformedPOSTRequest, "{boundary}");
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    assert_eq!(FormReader::new(Some(&long)).unwrap_err().code, ErrorCode::MalformedPOSTRequest);
    assert!(FormReader::new(Some(&long[..long.len() - 1])).is_ok());
    assert_eq!(
        refusal(&format!("{}--x-Y--\r\n", field("key", "k"))),
        ErrorCode::IncorrectNumberOfFilesInPostRequest
    );
    assert_eq!(
        refusal("--x-Y\r\nContent-Type: text/plain\r\n\r\nx\r\n--x-Y"),
        ErrorCode::MalformedPOSTRequest
    );
    assert_eq!(refusal("--x-Yz\r\n"), ErrorCode::MalformedPOSTRequest);
}

#[test]
fn fields_have_a_bound_at_and_past_it_and_the_file_has_none() {
    let form = |size: usize| {
        format!("{}{}", field("key", &"v".repeat(size)), file(&"f".repeat(3 * FIELDS_MAX_BYTES)))
    };
    // What stands before the file's first byte, with the line break that is thought before the first boundary.
    let around = form(0).find("fff").unwrap() + 2;
    let (_, content, ended) = read(&[form(FIELDS_MAX_BYTES - around).as_bytes()]).unwrap();
    assert_eq!((content.len(), ended), (3 * FIELDS_MAX_BYTES, true));
    assert_eq!(refusal(&form(FIELDS_MAX_BYTES + 1)), ErrorCode::MaxPostPreDataLengthExceededError);
}

#[test]
fn the_file_is_not_copied() {
    let mut reader = FormReader::new(Some(TYPE)).unwrap();
    let head = format!("{}--x-Y\r\nContent-Disposition: form-data; name=file\r\n\r\n", field("key", "k"));
    let mut input = Bytes::from(head);
    assert!(matches!(reader.next(&mut input).unwrap(), Some(FormEvent::File(_))));
    assert_eq!(reader.next(&mut input).unwrap(), None);
    let frame = Bytes::from(vec![b'\r'; 1000]);
    let mut input = frame.clone();
    let Some(FormEvent::Data(data)) = reader.next(&mut input).unwrap() else { panic!("data") };
    assert_eq!((data.as_ptr(), data.len()), (frame.as_ptr(), 999));
}

fn cut<'a>(body: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|place| place % (body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_same_file(
        content in "(\r\n--x-Y?|\r|\n|-|x-Y|a){0,20}",
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        prop_assume!(!content.contains("\r\n--x-Y"));
        let body = format!("{}{}", field("key", "k"), file(&content));
        let whole = read(&[body.as_bytes()]).unwrap();
        prop_assert_eq!(&whole.1, content.as_bytes());
        prop_assert_eq!(&whole, &read(&cut(body.as_bytes(), &cuts)).unwrap());
    }

    #[test]
    fn no_bytes_panic_and_any_split_ends_alike(
        body in "(\r\n|--x-Y|--|Content-Disposition: form-data; name=|\"|file|;|=|a){0,20}",
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let whole = read(&[body.as_bytes()]).map_err(|error| error.code);
        let split = read(&cut(body.as_bytes(), &cuts)).map_err(|error| error.code);
        prop_assert_eq!(whole, split);
    }
}
