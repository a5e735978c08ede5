use s3_model::{ListObjectVersionsInput, ListObjectsInput, ListObjectsV2Input, Output};
use types::{BucketName, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, StorageClass, Timestamp};

use super::*;
use crate::encode::testing::{OWNER, inner, owner, reply};

fn bucket() -> BucketName {
    BucketName::new("bucket").unwrap()
}

fn listed(key: &str) -> ListedObject {
    ListedObject {
        key: ObjectKey::new(key).unwrap(),
        etag: ETag::from_text("e"),
        size_bytes: 7,
        modified_at: Timestamp::from_secs(0),
        storage_class: StorageClass::Standard,
        checksum: Some((ChecksumAlgorithm::Crc64Nvme, ChecksumKind::FullObject)),
    }
}

const OBJECT: &str = "<LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>\
    <ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>7</Size>";
const CLASS: &str = "<StorageClass>STANDARD</StorageClass>";

fn v1(delimiter: Option<&str>, is_truncated: bool) -> String {
    let output = ListObjectsOutput {
        bucket: bucket(),
        request: ListObjectsInput {
            prefix: String::new(),
            delimiter: delimiter.map(ToOwned::to_owned),
            marker: "m".to_owned(),
            max_keys: 2,
            encoding: None,
        },
        owner: owner(),
        entries: vec![ListedEntry::Object(listed("a&b")), ListedEntry::Prefix("p/".to_owned())],
        is_truncated,
    };
    inner(&reply(Output::ListObjects(Box::new(output))), "ListBucketResult")
}

#[test]
fn version_one_repeats_the_request_and_shows_owners() {
    assert_eq!(
        v1(None, true),
        format!(
            "<Name>bucket</Name><Prefix></Prefix><Marker>m</Marker><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>\
             <Contents><Key>a&amp;b</Key>{OBJECT}<Owner>{OWNER}</Owner>{CLASS}</Contents>\
             <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
        )
    );
}

#[test]
fn version_one_has_a_next_marker_only_with_a_delimiter() {
    assert!(
        v1(Some("/"), true)
            .contains("<NextMarker>p/</NextMarker><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>")
    );
    assert!(!v1(None, true).contains("NextMarker") && !v1(Some("/"), false).contains("NextMarker"));
}

fn v2_request() -> ListObjectsV2Input {
    ListObjectsV2Input {
        prefix: "a ".to_owned(),
        delimiter: Some("/".to_owned()),
        start_after: Some("s+".to_owned()),
        continuation: None,
        continuation_token: Some("tok".to_owned()),
        max_keys: 2,
        fetch_owner: false,
        encoding: Some(EncodingType::Url),
    }
}

#[test]
fn version_two_encodes_where_it_is_asked_to() {
    let output = ListObjectsV2Output {
        bucket: bucket(),
        request: v2_request(),
        owner: owner(),
        entries: vec![ListedEntry::Prefix("a é/".to_owned()), ListedEntry::Object(listed("a \u{1}+"))],
        is_truncated: true,
    };
    let token = token::write(&Continuation::Key("a \u{1}+".to_owned()));
    assert_eq!(
        inner(&reply(Output::ListObjectsV2(Box::new(output))), "ListBucketResult"),
        format!(
            "<Name>bucket</Name><Prefix>a+</Prefix><StartAfter>s%2B</StartAfter><ContinuationToken>tok</ContinuationToken>\
             <NextContinuationToken>{token}</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>\
             <Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
             <Contents><Key>a+%01%2B</Key>{OBJECT}{CLASS}</Contents>\
             <CommonPrefixes><Prefix>a+%C3%A9/</Prefix></CommonPrefixes>"
        )
    );
}

#[test]
fn a_page_that_ends_with_a_prefix_goes_on_behind_it() {
    let output = ListObjectsV2Output {
        bucket: bucket(),
        request: ListObjectsV2Input { fetch_owner: true, encoding: None, ..v2_request() },
        owner: owner(),
        entries: vec![ListedEntry::Object(listed("a")), ListedEntry::Prefix("b/".to_owned())],
        is_truncated: true,
    };
    let text = inner(&reply(Output::ListObjectsV2(Box::new(output))), "ListBucketResult");
    let token = token::write(&Continuation::Prefix("b/".to_owned()));
    assert!(text.contains(&format!("<NextContinuationToken>{token}<")));
    assert!(text.contains(&format!("<Owner>{OWNER}</Owner>{CLASS}")));
}

#[test]
fn an_empty_page_is_not_truncated() {
    let request = ListObjectsV2Input { max_keys: 0, ..v2_request() };
    let output = ListObjectsV2Output {
        bucket: bucket(),
        request,
        owner: owner(),
        entries: Vec::new(),
        is_truncated: false,
    };
    let text = inner(&reply(Output::ListObjectsV2(Box::new(output))), "ListBucketResult");
    assert!(text.contains("<KeyCount>0</KeyCount><MaxKeys>0</MaxKeys>"));
    assert!(text.ends_with("<IsTruncated>false</IsTruncated>"));
}

#[test]
fn versions_and_markers_keep_their_order() {
    let output = ListObjectVersionsOutput {
        bucket: bucket(),
        request: ListObjectVersionsInput {
            prefix: String::new(),
            delimiter: None,
            key_marker: "k".to_owned(),
            version_id_marker: Some(VersionId::Null),
            max_keys: 3,
            encoding: None,
        },
        owner: owner(),
        entries: vec![
            VersionListEntry::Version(ListedVersion::DeleteMarker {
                key: ObjectKey::new("a").unwrap(),
                version_id: VersionId::from_text("2"),
                is_latest: true,
                modified_at: Timestamp::from_secs(0),
            }),
            VersionListEntry::Prefix("b/".to_owned()),
            VersionListEntry::Version(ListedVersion::Object {
                object: listed("a"),
                version_id: VersionId::from_text("1"),
                is_latest: false,
            }),
        ],
        is_truncated: true,
    };
    assert_eq!(
        inner(&reply(Output::ListObjectVersions(Box::new(output))), "ListVersionsResult"),
        format!(
            "<Name>bucket</Name><Prefix></Prefix><KeyMarker>k</KeyMarker><VersionIdMarker>null</VersionIdMarker>\
             <NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker><MaxKeys>3</MaxKeys>\
             <IsTruncated>true</IsTruncated><DeleteMarker><Key>a</Key><VersionId>2</VersionId><IsLatest>true</IsLatest>\
             <LastModified>1970-01-01T00:00:00.000Z</LastModified><Owner>{OWNER}</Owner></DeleteMarker><Version><Key>a</Key>\
             <VersionId>1</VersionId><IsLatest>false</IsLatest>{OBJECT}<Owner>{OWNER}</Owner>{CLASS}</Version>\
             <CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"
        )
    );
}
