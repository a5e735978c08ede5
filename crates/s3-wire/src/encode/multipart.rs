use http::{HeaderValue, StatusCode};
use s3_model::{
    CompleteMultipartUploadOutput, CreateMultipartUploadOutput, UploadPartCopyOutput, UploadPartOutput,
};
use types::VersionId;

use super::headers::{
    CHECKSUM_ALGORITHM, CHECKSUM_TYPE, COPY_SOURCE_VERSION_ID, set_checksum, set_etag, set_optional,
    set_version,
};
use super::{document, empty, object_url};
use crate::xml::Writer;
use crate::{Reply, Routed, Scheme};

pub(super) fn created(output: &CreateMultipartUploadOutput) -> Reply {
    const ROOT: &str = "InitiateMultipartUploadResult";
    let mut xml = Writer::begin(ROOT, 512);
    xml.text("Bucket", output.bucket.as_str())
        .text("Key", output.key.as_str())
        .text("UploadId", &output.upload_id);
    let mut reply = document(xml.finish(ROOT));
    if let Some(checksum) = output.checksum {
        reply.headers.insert(CHECKSUM_ALGORITHM, HeaderValue::from_static(checksum.algorithm.name()));
        reply.headers.insert(CHECKSUM_TYPE, HeaderValue::from_static(checksum.kind.name()));
    }
    reply
}

pub(super) fn part(output: &UploadPartOutput) -> Reply {
    let mut reply = empty(StatusCode::OK);
    set_etag(&mut reply.headers, &output.etag);
    set_checksum(&mut reply.headers, output.checksum.as_ref());
    // A part has no kind: only whole objects do.
    reply.headers.remove(CHECKSUM_TYPE);
    reply
}

pub(super) fn part_copied(output: &UploadPartCopyOutput) -> Reply {
    const ROOT: &str = "CopyPartResult";
    let mut xml = Writer::begin(ROOT, 512);
    xml.etag(&output.etag).moment("LastModified", output.modified_at);
    if let Some(checksum) = &output.checksum {
        xml.checksum(checksum);
    }
    let mut reply = document(xml.finish(ROOT));
    let source = output.source_version_id.as_ref().map(VersionId::as_str);
    set_optional(&mut reply.headers, COPY_SOURCE_VERSION_ID, source);
    reply
}

pub(super) fn completed(output: &CompleteMultipartUploadOutput, routed: &Routed, scheme: Scheme) -> Reply {
    const ROOT: &str = "CompleteMultipartUploadResult";
    let (bucket, key) = (output.bucket.as_str(), output.key.as_str());
    let mut xml = Writer::begin(ROOT, 1024);
    xml.text("Location", &object_url(routed, scheme, &output.bucket, &output.key))
        .text("Bucket", bucket)
        .text("Key", key);
    xml.etag(&output.etag);
    if let Some(checksum) = &output.checksum {
        xml.checksum(checksum).text("ChecksumType", checksum.kind.name());
    }
    let mut reply = document(xml.finish(ROOT));
    set_version(&mut reply.headers, output.version_id.as_ref());
    reply
}

#[cfg(test)]
mod tests {
    use s3_model::{Output, UploadChecksum};
    use types::{BucketName, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, Timestamp};

    use super::*;
    use crate::encode;
    use crate::encode::testing::{header, inner, reply, routed};

    fn names() -> (BucketName, ObjectKey) {
        (BucketName::new("bucket").unwrap(), ObjectKey::new("a b/ü").unwrap())
    }

    #[test]
    fn an_upload_is_told_with_its_checksum() {
        let (bucket, key) = names();
        let checksum = UploadChecksum { algorithm: ChecksumAlgorithm::Sha256, kind: ChecksumKind::Composite };
        let output =
            CreateMultipartUploadOutput { bucket, key, upload_id: "u".to_owned(), checksum: Some(checksum) };
        let reply = reply(Output::CreateMultipartUpload(output));
        assert_eq!(
            inner(&reply, "InitiateMultipartUploadResult"),
            "<Bucket>bucket</Bucket><Key>a b/ü</Key><UploadId>u</UploadId>"
        );
        assert_eq!(header(&reply, "x-amz-checksum-algorithm").as_deref(), Some("SHA256"));
        assert_eq!(header(&reply, "x-amz-checksum-type").as_deref(), Some("COMPOSITE"));
    }

    #[test]
    fn parts_have_a_tag_and_a_checksum_of_no_kind() {
        let checksum = Checksum::full(ChecksumAlgorithm::Crc32, &[0; 4]);
        let part = reply(Output::UploadPart(UploadPartOutput { etag: ETag::from_text("e"), checksum }));
        assert_eq!(header(&part, "x-amz-checksum-crc32").as_deref(), Some("AAAAAA=="));
        assert_eq!(header(&part, "x-amz-checksum-type"), None);
        let copied = reply(Output::UploadPartCopy(UploadPartCopyOutput {
            etag: ETag::from_text("e"),
            modified_at: Timestamp::from_secs(0),
            checksum,
            source_version_id: Some(VersionId::Null),
        }));
        assert!(inner(&copied, "CopyPartResult").ends_with("<ChecksumCRC32>AAAAAA==</ChecksumCRC32>"));
        assert_eq!(header(&copied, "x-amz-copy-source-version-id").as_deref(), Some("null"));
    }

    #[test]
    fn a_completion_tells_where_the_object_is() {
        let completed = |host: &str| {
            let (bucket, key) = names();
            let output = CompleteMultipartUploadOutput {
                bucket,
                key,
                etag: ETag::from_text("e-2"),
                checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[0; 4], 2),
                version_id: Some(VersionId::from_text("v")),
            };
            encode(Output::CompleteMultipartUpload(output), &routed(host), Scheme::Https)
        };
        let path = completed("localhost:9000");
        assert_eq!(
            inner(&path, "CompleteMultipartUploadResult"),
            "<Location>https://localhost:9000/bucket/a%20b/%C3%BC</Location><Bucket>bucket</Bucket><Key>a b/ü</Key>\
             <ETag>&quot;e-2&quot;</ETag><ChecksumCRC32>AAAAAA==-2</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType>"
        );
        assert_eq!(header(&path, "x-amz-version-id").as_deref(), Some("v"));
        let virtual_host = inner(&completed("bucket.s3.example.org"), "CompleteMultipartUploadResult");
        assert!(virtual_host.starts_with("<Location>https://bucket.s3.example.org/a%20b/%C3%BC</Location>"));
    }
}
