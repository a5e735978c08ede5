//! AWS's own examples. Sources: "Signature Calculations for the Authorization Header: Transferring Payload in a Single
//! Chunk", "… in Multiple Chunks", "… Including Trailing Headers", "Authenticating Requests: Using Query Parameters".

use bytes::Bytes;
use s3_auth::{AuthSettings, Scheme};
use types::{Body, BodyErrorKind, ChecksumAlgorithm};

use crate::support::*;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A request of May 2013 to `examplebucket` with these further lines.
fn example(line: &str, headers: &str, signed_headers: &str, signature: &str) -> http::request::Parts {
    request(&format!(
        "{line}
        Host: examplebucket.s3.amazonaws.com
        {headers}
        x-amz-date: 20130524T000000Z
        Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={signed_headers},Signature={signature}"
    ))
}

#[test]
fn get_object() {
    let headers = format!("Range: bytes=0-9\nx-amz-content-sha256: {EMPTY}");
    let parts = example(
        "GET /test.txt",
        &headers,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    let authenticated = verify(&parts, MAY_2013).unwrap();
    assert_eq!(authenticated.who.name(), "root");
    assert_eq!(authenticated.access_key_id.as_deref(), Some(KEY_ID));
    assert_eq!(authenticated.scheme, Scheme::V4Header);
}

#[test]
fn put_object() {
    let parts = example(
        "PUT /test$file.text",
        "Date: Fri, 24 May 2013 00:00:00 GMT
        x-amz-storage-class: REDUCED_REDUNDANCY
        x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    let verifier = verifier(AuthSettings::default());
    let body = |text: &'static str| Body::from_bytes(Bytes::from_static(text.as_bytes()));
    let authenticated = verify_with(&verifier, &parts, body("Welcome to Amazon S3."), MAY_2013).unwrap();
    assert_eq!(read(authenticated.body).unwrap().0, b"Welcome to Amazon S3.");
    let authenticated = verify_with(&verifier, &parts, body("Welcome to Amazon S4."), MAY_2013).unwrap();
    assert_eq!(read(authenticated.body), Err(BodyErrorKind::PayloadHashMismatch));
}

#[test]
fn get_bucket_lifecycle_and_list_objects() {
    for (line, signature) in [
        ("GET /?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET /?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ("GET /?prefix=%4a&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] {
        let headers = format!("x-amz-content-sha256: {EMPTY}");
        let parts = example(line, &headers, "host;x-amz-content-sha256;x-amz-date", signature);
        verify(&parts, MAY_2013).unwrap();
    }
}

#[test]
fn presigned_get() {
    let parts = request(&format!(
        "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={KEY_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404
        Host: examplebucket.s3.amazonaws.com"
    ));
    assert_eq!(verify(&parts, after(MAY_2013, 86_400)).unwrap().scheme, Scheme::V4Query);
}

/// The example's body: 65 KiB of `a` in chunks of 64 KiB and 1 KiB, with these signatures.
fn chunked(signatures: [&str; 3], trailers: &str) -> Bytes {
    let [first, second, last] = signatures;
    let (long, short) = ("a".repeat(65_536), "a".repeat(1024));
    Bytes::from(format!(
        "10000;chunk-signature={first}\r\n{long}\r\n400;chunk-signature={second}\r\n{short}\r\n\
         0;chunk-signature={last}\r\n{trailers}\r\n"
    ))
}

fn put_chunked(payload: &str, headers: &str, signed_headers: &str, signature: &str) -> http::request::Parts {
    request(&format!(
        "PUT /examplebucket/chunkObject.txt
        Host: s3.amazonaws.com
        x-amz-date: 20130524T000000Z
        x-amz-storage-class: REDUCED_REDUNDANCY
        Content-Encoding: aws-chunked
        x-amz-decoded-content-length: 66560
        x-amz-content-sha256: {payload}
        {headers}
        Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20130524/us-east-1/s3/aws4_request, \
         SignedHeaders={signed_headers}, Signature={signature}"
    ))
}

#[test]
fn put_in_signed_chunks() {
    let parts = put_chunked(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "Content-Length: 66824",
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    let body = chunked(
        [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ],
        "",
    );
    assert_eq!(body.len(), 66_824);
    let verifier = verifier(AuthSettings::default());
    let authenticated = verify_with(&verifier, &parts, Body::from_bytes(body), MAY_2013).unwrap();
    assert_eq!(authenticated.body.length_bytes(), Some(66_560));
    let (data, trailers) = read(authenticated.body).unwrap();
    assert_eq!((data, trailers), (vec![b'a'; 66_560], vec![]));
}

#[test]
fn put_in_signed_chunks_with_a_trailer() {
    let parts = put_chunked(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-trailer: x-amz-checksum-crc32c",
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    );
    let signatures = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let trailers = "x-amz-checksum-crc32c:sOO8/Q==\r\n\
        x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
    let verifier = verifier(AuthSettings::default());
    let body = Body::from_bytes(chunked(signatures, trailers));
    let authenticated = verify_with(&verifier, &parts, body, MAY_2013).unwrap();
    let (data, trailers) = read(authenticated.body).unwrap();
    assert_eq!(data.len(), 66_560);
    assert_eq!(trailers.len(), 1);
    assert_eq!(trailers[0].algorithm, ChecksumAlgorithm::Crc32c);
    assert_eq!(trailers[0].value.as_bytes(), [0xb0, 0xe3, 0xbc, 0xfd]);

    let wrong = "x-amz-checksum-crc32c:sOO8/A==\r\n\
        x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
    let body = Body::from_bytes(chunked(signatures, wrong));
    let authenticated = verify_with(&verifier, &parts, body, MAY_2013).unwrap();
    assert_eq!(read(authenticated.body), Err(BodyErrorKind::SignatureMismatch));
}
