use s3_model::{ListMultipartUploadsOutput, ListPartsOutput, UploadChecksum, UploadListEntry};

use super::document;
use super::listing::common_prefix;
use crate::Reply;
use crate::xml::Writer;

pub(super) fn list(output: &ListMultipartUploadsOutput) -> Reply {
    const ROOT: &str = "ListMultipartUploadsResult";
    let request = &output.request;
    let encoding = request.encoding;
    let mut xml = Writer::begin(ROOT, 1024 + output.entries.len() * 512);
    xml.text("Bucket", output.bucket.as_str());
    xml.key("KeyMarker", &request.key_marker, encoding).text("UploadIdMarker", &request.upload_id_marker);
    if let (true, Some(last)) = (output.is_truncated, output.entries.last()) {
        let (name, upload_id) = match last {
            UploadListEntry::Upload(upload) => (upload.key.as_str(), upload.upload_id.as_str()),
            UploadListEntry::Prefix(prefix) => (prefix.as_str(), ""),
        };
        xml.key("NextKeyMarker", name, encoding).text("NextUploadIdMarker", upload_id);
    }
    xml.key("Prefix", &request.prefix, encoding);
    if let Some(delimiter) = &request.delimiter {
        xml.key("Delimiter", delimiter, encoding);
    }
    if encoding.is_some() {
        xml.text("EncodingType", "url");
    }
    xml.number("MaxUploads", request.max_uploads.into()).flag("IsTruncated", output.is_truncated);
    for entry in &output.entries {
        let UploadListEntry::Upload(upload) = entry else { continue };
        xml.open("Upload").key("Key", upload.key.as_str(), encoding).text("UploadId", &upload.upload_id);
        xml.owner("Initiator", &output.owner).owner("Owner", &output.owner);
        xml.text("StorageClass", upload.storage_class.as_str()).moment("Initiated", upload.initiated_at);
        checksum(&mut xml, upload.checksum);
        xml.close("Upload");
    }
    for entry in &output.entries {
        if let UploadListEntry::Prefix(prefix) = entry {
            common_prefix(&mut xml, prefix, encoding);
        }
    }
    document(xml.finish(ROOT))
}

pub(super) fn parts(output: &ListPartsOutput) -> Reply {
    const ROOT: &str = "ListPartsResult";
    let request = &output.request;
    let mut xml = Writer::begin(ROOT, 1024 + output.parts.len() * 256);
    xml.text("Bucket", output.bucket.as_str())
        .text("Key", output.key.as_str())
        .text("UploadId", &request.upload_id);
    xml.owner("Initiator", &output.owner).owner("Owner", &output.owner);
    xml.text("StorageClass", output.storage_class.as_str());
    let next = output.parts.last().map_or(0, |part| part.number);
    xml.number("PartNumberMarker", request.part_number_marker.into())
        .number("NextPartNumberMarker", next.into());
    xml.number("MaxParts", request.max_parts.into()).flag("IsTruncated", output.is_truncated);
    checksum(&mut xml, output.checksum);
    for part in &output.parts {
        xml.open("Part").number("PartNumber", part.number.into()).moment("LastModified", part.modified_at);
        xml.etag(&part.etag).number("Size", part.size_bytes);
        if let Some(checksum) = &part.checksum {
            xml.checksum(checksum);
        }
        xml.close("Part");
    }
    document(xml.finish(ROOT))
}

fn checksum(xml: &mut Writer, checksum: Option<UploadChecksum>) {
    if let Some(checksum) = checksum {
        xml.text("ChecksumAlgorithm", checksum.algorithm.name()).text("ChecksumType", checksum.kind.name());
    }
}

#[cfg(test)]
mod tests {
    use s3_model::{ListMultipartUploadsInput, ListPartsInput, ListedPart, ListedUpload, Output};
    use types::{
        BucketName, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, StorageClass, Timestamp,
    };

    use super::*;
    use crate::encode::testing::{OWNER, inner, owner, reply};

    const CHECKSUM: Option<UploadChecksum> =
        Some(UploadChecksum { algorithm: ChecksumAlgorithm::Crc32, kind: ChecksumKind::Composite });

    #[test]
    fn uploads_are_listed_with_both_markers() {
        let upload = ListedUpload {
            key: ObjectKey::new("k").unwrap(),
            upload_id: "u".to_owned(),
            initiated_at: Timestamp::from_secs(0),
            storage_class: StorageClass::Standard,
            checksum: CHECKSUM,
        };
        let output = ListMultipartUploadsOutput {
            bucket: BucketName::new("bucket").unwrap(),
            request: ListMultipartUploadsInput {
                prefix: String::new(),
                delimiter: Some("/".to_owned()),
                key_marker: "a".to_owned(),
                upload_id_marker: String::new(),
                max_uploads: 2,
                encoding: None,
            },
            owner: owner(),
            entries: vec![UploadListEntry::Prefix("d/".to_owned()), UploadListEntry::Upload(upload)],
            is_truncated: true,
        };
        assert_eq!(
            inner(&reply(Output::ListMultipartUploads(Box::new(output))), "ListMultipartUploadsResult"),
            format!(
                "<Bucket>bucket</Bucket><KeyMarker>a</KeyMarker><UploadIdMarker></UploadIdMarker><NextKeyMarker>k</NextKeyMarker>\
                 <NextUploadIdMarker>u</NextUploadIdMarker><Prefix></Prefix><Delimiter>/</Delimiter><MaxUploads>2</MaxUploads>\
                 <IsTruncated>true</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId><Initiator>{OWNER}</Initiator>\
                 <Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass><Initiated>1970-01-01T00:00:00.000Z</Initiated>\
                 <ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType></Upload>\
                 <CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>"
            )
        );
    }

    #[test]
    fn parts_are_listed_with_their_checksums() {
        let part = ListedPart {
            number: 3,
            modified_at: Timestamp::from_secs(0),
            etag: ETag::from_text("e"),
            size_bytes: 5,
            checksum: Checksum::full(ChecksumAlgorithm::Crc32, &[0; 4]),
        };
        let output = ListPartsOutput {
            bucket: BucketName::new("bucket").unwrap(),
            key: ObjectKey::new("k").unwrap(),
            request: ListPartsInput { upload_id: "u".to_owned(), max_parts: 1, part_number_marker: 2 },
            owner: owner(),
            storage_class: StorageClass::Standard,
            checksum: CHECKSUM,
            parts: vec![part],
            is_truncated: true,
        };
        let text = inner(&reply(Output::ListParts(Box::new(output))), "ListPartsResult");
        assert!(text.contains(
            "<PartNumberMarker>2</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>1</MaxParts>"
        ));
        assert!(text.ends_with(
            "<Part><PartNumber>3</PartNumber><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>\
             <Size>5</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
        ));
    }
}
