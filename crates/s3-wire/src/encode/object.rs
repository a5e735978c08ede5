use http::{HeaderMap, HeaderValue, StatusCode};
use s3_model::{
    CopyObjectOutput, DeleteObjectOutput, DeleteObjectsOutput, DeleteResult, GetObjectAttributesOutput,
    GetObjectOutput, HeadObjectOutput, ObjectHead, ObjectTaggingOutput, ObjectTaggingSetOutput,
    PutObjectOutput, Verbosity,
};
use types::VersionId;

use super::headers::{
    COPY_SOURCE_VERSION_ID, DELETE_MARKER, set_checksum, set_etag, set_last_modified, set_object,
    set_optional, set_version,
};
use super::{bucket, document, empty};
use crate::xml::Writer;
use crate::{Reply, ReplyBody};

pub(super) fn put(output: &PutObjectOutput) -> Reply {
    let mut reply = empty(StatusCode::OK);
    set_etag(&mut reply.headers, &output.etag);
    set_version(&mut reply.headers, output.version_id.as_ref());
    set_checksum(&mut reply.headers, output.checksum.as_ref());
    reply
}

pub(super) fn get(output: GetObjectOutput) -> Reply {
    let (status, headers) = read(&output.head);
    Reply { status, headers, body: ReplyBody::Stream(output.body) }
}

pub(super) fn head(output: &HeadObjectOutput) -> Reply {
    let (status, headers) = read(&output.head);
    Reply { status, headers, body: ReplyBody::Empty }
}

fn read(head: &ObjectHead) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    set_object(&mut headers, head);
    let status = if head.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    (status, headers)
}

pub(super) fn deleted(output: &DeleteObjectOutput) -> Reply {
    let mut reply = empty(StatusCode::NO_CONTENT);
    set_version(&mut reply.headers, output.version_id.as_ref());
    if output.delete_marker {
        reply.headers.insert(DELETE_MARKER, HeaderValue::from_static("true"));
    }
    reply
}

pub(super) fn deleted_many(output: &DeleteObjectsOutput) -> Reply {
    const ROOT: &str = "DeleteResult";
    let mut xml = Writer::begin(ROOT, 256 + output.results.len() * 128);
    for result in &output.results {
        match result {
            DeleteResult::Deleted { .. } if output.verbosity == Verbosity::Quiet => {}
            DeleteResult::Deleted { key, version_id, delete_marker_version_id } => {
                xml.open("Deleted").text("Key", key.as_str());
                xml.optional("VersionId", version_id.as_ref().map(VersionId::as_str));
                if let Some(marker) = delete_marker_version_id {
                    xml.flag("DeleteMarker", true).text("DeleteMarkerVersionId", marker.as_str());
                }
                xml.close("Deleted");
            }
            DeleteResult::Failed { key, version_id, error } => {
                xml.open("Error").text("Key", key);
                xml.optional("VersionId", version_id.as_ref().map(VersionId::as_str));
                xml.text("Code", error.code.name()).text("Message", &error.message).close("Error");
            }
        }
    }
    document(xml.finish(ROOT))
}

pub(super) fn copied(output: &CopyObjectOutput) -> Reply {
    const ROOT: &str = "CopyObjectResult";
    let mut xml = Writer::begin(ROOT, 512);
    xml.etag(&output.etag).moment("LastModified", output.modified_at);
    if let Some(checksum) = &output.checksum {
        xml.text("ChecksumType", checksum.kind.name()).checksum(checksum);
    }
    let mut reply = document(xml.finish(ROOT));
    set_version(&mut reply.headers, output.version_id.as_ref());
    let source = output.source_version_id.as_ref().map(VersionId::as_str);
    set_optional(&mut reply.headers, COPY_SOURCE_VERSION_ID, source);
    reply
}

pub(super) fn attributes(output: &GetObjectAttributesOutput) -> Reply {
    const ROOT: &str = "GetObjectAttributesResponse";
    let mut xml = Writer::begin(ROOT, 512 + output.parts.as_ref().map_or(0, |parts| parts.parts.len() * 160));
    // Here S3 writes the tag without quotes.
    xml.optional("ETag", output.etag.as_ref().map(types::ETag::as_str));
    if let Some(checksum) = &output.checksum {
        xml.open("Checksum").checksum(checksum).text("ChecksumType", checksum.kind.name()).close("Checksum");
    }
    if let Some(parts) = &output.parts {
        xml.open("ObjectParts").number("PartsCount", parts.total_count.into());
        let next = parts.parts.last().map_or(0, |part| part.number);
        xml.number("PartNumberMarker", parts.part_number_marker.into())
            .number("NextPartNumberMarker", next.into());
        xml.number("MaxParts", parts.max_parts.into()).flag("IsTruncated", parts.is_truncated);
        for part in &parts.parts {
            xml.open("Part").number("PartNumber", part.number.into()).number("Size", part.size_bytes);
            if let Some(checksum) = &part.checksum {
                xml.checksum(checksum);
            }
            xml.close("Part");
        }
        xml.close("ObjectParts");
    }
    xml.optional("StorageClass", output.storage_class.map(types::StorageClass::as_str));
    if let Some(size_bytes) = output.size_bytes {
        xml.number("ObjectSize", size_bytes);
    }
    let mut reply = document(xml.finish(ROOT));
    set_last_modified(&mut reply.headers, output.modified_at);
    set_version(&mut reply.headers, output.version_id.as_ref());
    reply
}

pub(super) fn tagging(output: &ObjectTaggingOutput) -> Reply {
    let mut reply = bucket::tagging(&output.tags);
    set_version(&mut reply.headers, output.version_id.as_ref());
    reply
}

pub(super) fn tagging_set(output: &ObjectTaggingSetOutput, status: StatusCode) -> Reply {
    let mut reply = empty(status);
    set_version(&mut reply.headers, output.version_id.as_ref());
    reply
}

#[cfg(test)]
mod tests;
