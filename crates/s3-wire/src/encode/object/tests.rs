use s3_model::{AttributePart, AttributeParts, ErrorCode, Output};
use types::{
    Body, ByteRange, Checksum, ChecksumAlgorithm, ETag, ObjectHeaders, ObjectKey, StorageClass, Timestamp,
};

use super::*;
use crate::encode::testing::{header, inner, reply, text};

fn checksum() -> Checksum {
    Checksum::full(ChecksumAlgorithm::Crc32, &[0; 4]).unwrap()
}

fn object_head() -> ObjectHead {
    ObjectHead {
        etag: ETag::from_text("e"),
        size_bytes: 100,
        modified_at: Timestamp::from_secs(784_111_777),
        version_id: None,
        headers: ObjectHeaders::default(),
        user: Vec::new(),
        storage_class: StorageClass::Standard,
        tag_count: 0,
        checksum: None,
        part_count: None,
        range: None,
    }
}

#[test]
fn a_bare_object_has_the_bare_headers() {
    let reply = reply(Output::HeadObject(Box::new(HeadObjectOutput { head: object_head() })));
    assert_eq!(reply.status, 200);
    let mut names: Vec<_> = reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["accept-ranges", "content-length", "content-type", "etag", "last-modified"]);
    assert_eq!(header(&reply, "content-length").as_deref(), Some("100"));
    assert_eq!(header(&reply, "content-type").as_deref(), Some("binary/octet-stream"));
    assert_eq!(header(&reply, "etag").as_deref(), Some("\"e\""));
    assert_eq!(text(&reply), "");
}

#[test]
fn everything_known_is_told() {
    let head = ObjectHead {
        version_id: Some(VersionId::Null),
        headers: ObjectHeaders {
            cache_control: Some("no-store".to_owned()),
            content_disposition: Some("inline; filename=\"é\"".to_owned()),
            content_encoding: Some("gzip".to_owned()),
            content_language: Some("de".to_owned()),
            content_type: Some("text/plain".to_owned()),
            expires: Some("never".to_owned()),
            website_redirect_location: Some("/there".to_owned()),
        },
        user: vec![
            ("a".to_owned(), "1".to_owned()),
            ("u".to_owned(), "é".to_owned()),
            ("line".to_owned(), "a\nb".to_owned()),
            ("no token".to_owned(), "x".to_owned()),
        ],
        storage_class: StorageClass::Glacier,
        tag_count: 3,
        checksum: Some(checksum()),
        part_count: Some(7),
        range: Some(ByteRange { start: 10, end: 20 }),
        ..object_head()
    };
    let reply = reply(Output::GetObject(Box::new(GetObjectOutput { head, body: Body::empty() })));
    assert_eq!(reply.status, 206);
    for (name, value) in [
        ("content-length", "10"),
        ("content-range", "bytes 10-19/100"),
        ("x-amz-version-id", "null"),
        ("cache-control", "no-store"),
        ("content-disposition", "inline; filename=\"é\""),
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("content-type", "text/plain"),
        ("expires", "never"),
        ("x-amz-website-redirect-location", "/there"),
        ("x-amz-meta-a", "1"),
        ("x-amz-meta-u", "=?UTF-8?B?w6k=?="),
        ("x-amz-meta-line", "=?UTF-8?B?YQpi?="),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-tagging-count", "3"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-mp-parts-count", "7"),
    ] {
        assert_eq!(header(&reply, name).as_deref(), Some(value), "{name}");
    }
    assert!(matches!(reply.body, ReplyBody::Stream(_)));
}

#[test]
fn a_put_tells_tag_version_and_checksum() {
    let output = PutObjectOutput {
        etag: ETag::from_text("e"),
        checksum: Some(checksum()),
        version_id: Some(VersionId::from_text("v")),
    };
    let reply = reply(Output::PutObject(output));
    assert_eq!(header(&reply, "etag").as_deref(), Some("\"e\""));
    assert_eq!(header(&reply, "x-amz-version-id").as_deref(), Some("v"));
    assert_eq!(header(&reply, "x-amz-checksum-crc32").as_deref(), Some("AAAAAA=="));
    assert_eq!(header(&reply, "content-length").as_deref(), Some("0"));
}

#[test]
fn deletes_tell_markers() {
    let output = DeleteObjectOutput { version_id: Some(VersionId::from_text("v")), delete_marker: true };
    let deleted = reply(Output::DeleteObject(output));
    assert_eq!(
        (deleted.status.as_u16(), header(&deleted, "x-amz-delete-marker").as_deref()),
        (204, Some("true"))
    );
    let plain = reply(Output::DeleteObject(DeleteObjectOutput::default()));
    assert!(plain.headers.is_empty());
}

#[test]
fn many_deletes_tell_each_key_or_only_failures() {
    let key = |key: &str| ObjectKey::new(key).unwrap();
    let results = vec![
        DeleteResult::Deleted { key: key("a&\u{1}"), version_id: None, delete_marker_version_id: None },
        DeleteResult::Deleted {
            key: key("b"),
            version_id: Some(VersionId::Null),
            delete_marker_version_id: Some(VersionId::from_text("m")),
        },
        DeleteResult::Failed { key: "c".to_owned(), version_id: None, error: ErrorCode::AccessDenied.into() },
    ];
    let failure = "<Error><Key>c</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let output = DeleteObjectsOutput { verbosity: Verbosity::Verbose, results: results.clone() };
    assert_eq!(
        inner(&reply(Output::DeleteObjects(output)), "DeleteResult"),
        format!(
            "<Deleted><Key>a&amp;&#x1;</Key></Deleted><Deleted><Key>b</Key><VersionId>null</VersionId>\
             <DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>{failure}"
        )
    );
    let output = DeleteObjectsOutput { verbosity: Verbosity::Quiet, results };
    assert_eq!(inner(&reply(Output::DeleteObjects(output)), "DeleteResult"), failure);
}

#[test]
fn a_copy_tells_the_copy_and_its_source() {
    let output = CopyObjectOutput {
        etag: ETag::from_text("e"),
        modified_at: Timestamp::from_secs(0),
        checksum: Some(checksum()),
        version_id: Some(VersionId::from_text("v")),
        source_version_id: Some(VersionId::from_text("s")),
    };
    let reply = reply(Output::CopyObject(Box::new(output)));
    assert_eq!(
        inner(&reply, "CopyObjectResult"),
        "<ETag>&quot;e&quot;</ETag><LastModified>1970-01-01T00:00:00.000Z</LastModified>\
         <ChecksumType>FULL_OBJECT</ChecksumType><ChecksumCRC32>AAAAAA==</ChecksumCRC32>"
    );
    assert_eq!(header(&reply, "x-amz-copy-source-version-id").as_deref(), Some("s"));
}

#[test]
fn attributes_are_those_asked_for() {
    let part = AttributePart { number: 2, size_bytes: 5, checksum: Some(checksum()) };
    let output = GetObjectAttributesOutput {
        modified_at: Timestamp::from_secs(0),
        version_id: None,
        etag: Some(ETag::from_text("e-2")),
        checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[0; 4], 2),
        parts: Some(AttributeParts {
            total_count: 2,
            part_number_marker: 1,
            max_parts: 1,
            is_truncated: true,
            parts: vec![part],
        }),
        storage_class: Some(StorageClass::Standard),
        size_bytes: Some(10),
    };
    let reply = reply(Output::GetObjectAttributes(Box::new(output)));
    assert_eq!(
        inner(&reply, "GetObjectAttributesResponse"),
        "<ETag>e-2</ETag><Checksum><ChecksumCRC32>AAAAAA==-2</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType></Checksum>\
         <ObjectParts><PartsCount>2</PartsCount><PartNumberMarker>1</PartNumberMarker>\
         <NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated><Part>\
         <PartNumber>2</PartNumber><Size>5</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></ObjectParts>\
         <StorageClass>STANDARD</StorageClass><ObjectSize>10</ObjectSize>"
    );
    assert!(header(&reply, "last-modified").is_some());
}
