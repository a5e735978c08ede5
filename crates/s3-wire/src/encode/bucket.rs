use http::{HeaderValue, StatusCode, header};
use s3_model::{
    AclOutput, BucketLocationOutput, BucketVersioningOutput, Continuation, CreateBucketOutput,
    HeadBucketOutput, ListBucketsOutput, VersioningStatus,
};
use types::TagSet;

use super::headers::{BUCKET_REGION, set};
use super::{document, empty};
use crate::xml::Writer;
use crate::{Reply, token};

/// The region whose constraint S3 writes as an empty element.
const UNCONSTRAINED_REGION: &str = "us-east-1";

pub(super) fn list(output: &ListBucketsOutput) -> Reply {
    const ROOT: &str = "ListAllMyBucketsResult";
    let mut xml = Writer::begin(ROOT, 512 + output.buckets.len() * 160);
    xml.owner("Owner", &output.owner).open("Buckets");
    for bucket in &output.buckets {
        xml.open("Bucket").text("Name", bucket.name.as_str()).moment("CreationDate", bucket.created_at);
        xml.optional("BucketRegion", output.region.as_deref()).close("Bucket");
    }
    xml.close("Buckets").optional("Prefix", output.prefix.as_deref());
    if let Some(name) = &output.next_after {
        xml.text("ContinuationToken", &token::write(&Continuation::Key(name.clone())));
    }
    document(xml.finish(ROOT))
}

pub(super) fn created(output: &CreateBucketOutput) -> Reply {
    let mut reply = empty(StatusCode::OK);
    set(&mut reply.headers, header::LOCATION, &format!("/{}", output.bucket));
    set(&mut reply.headers, BUCKET_REGION, &output.region);
    reply
}

pub(super) fn head(output: &HeadBucketOutput) -> Reply {
    let mut reply = empty(StatusCode::OK);
    reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    set(&mut reply.headers, BUCKET_REGION, &output.region);
    reply
}

pub(super) fn location(output: &BucketLocationOutput) -> Reply {
    const ROOT: &str = "LocationConstraint";
    let mut xml = Writer::begin(ROOT, 256);
    if output.region != UNCONSTRAINED_REGION {
        xml.escaped(&output.region);
    }
    document(xml.finish(ROOT))
}

pub(super) fn versioning(output: BucketVersioningOutput) -> Reply {
    const ROOT: &str = "VersioningConfiguration";
    let mut xml = Writer::begin(ROOT, 256);
    xml.optional(
        "Status",
        output.status.map(|status| match status {
            VersioningStatus::Enabled => "Enabled",
            VersioningStatus::Suspended => "Suspended",
        }),
    );
    document(xml.finish(ROOT))
}

pub(super) fn tagging(tags: &TagSet) -> Reply {
    const ROOT: &str = "Tagging";
    let mut xml = Writer::begin(ROOT, 256 + tags.len() * 128);
    xml.open("TagSet");
    for (key, value) in tags.iter() {
        xml.open("Tag").text("Key", key).text("Value", value).close("Tag");
    }
    xml.close("TagSet");
    document(xml.finish(ROOT))
}

pub(super) fn acl(output: &AclOutput) -> Reply {
    const ROOT: &str = "AccessControlPolicy";
    let mut xml = Writer::begin(ROOT, 1024);
    xml.owner("Owner", &output.owner).open("AccessControlList").open("Grant");
    xml.raw("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">");
    xml.text("ID", output.owner.id.as_str()).text("DisplayName", &output.owner.display_name).close("Grantee");
    xml.text("Permission", "FULL_CONTROL").close("Grant").close("AccessControlList");
    document(xml.finish(ROOT))
}

#[cfg(test)]
mod tests {
    use s3_model::{BucketTaggingOutput, ListedBucket, Output};
    use types::{BucketName, Timestamp};

    use super::*;
    use crate::encode::testing::{OWNER, header, inner, owner, reply};

    fn bucket() -> BucketName {
        BucketName::new("bucket").unwrap()
    }

    #[test]
    fn buckets_are_listed_with_a_token_where_there_are_more() {
        let output = ListBucketsOutput {
            owner: owner(),
            buckets: vec![ListedBucket { name: bucket(), created_at: Timestamp::from_secs(0) }],
            prefix: Some("b".to_owned()),
            region: Some("eu-west-1".to_owned()),
            next_after: Some("bucket".to_owned()),
        };
        let token = token::write(&Continuation::Key("bucket".to_owned()));
        assert_eq!(
            inner(&reply(Output::ListBuckets(output)), "ListAllMyBucketsResult"),
            format!(
                "<Owner>{OWNER}</Owner><Buckets><Bucket><Name>bucket</Name><CreationDate>1970-01-01T00:00:00.000Z</CreationDate>\
                 <BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets><Prefix>b</Prefix>\
                 <ContinuationToken>{token}</ContinuationToken>"
            )
        );
    }

    #[test]
    fn regions_are_told_as_s3_tells_them() {
        let location = |region: &str| {
            let output = BucketLocationOutput { region: region.to_owned() };
            inner(&reply(Output::GetBucketLocation(output)), "LocationConstraint")
        };
        assert_eq!((location("us-east-1").as_str(), location("eu-west-1").as_str()), ("", "eu-west-1"));
        let created =
            reply(Output::CreateBucket(CreateBucketOutput { bucket: bucket(), region: "x".to_owned() }));
        assert_eq!(header(&created, "location").as_deref(), Some("/bucket"));
        assert_eq!(header(&created, "x-amz-bucket-region").as_deref(), Some("x"));
        assert_eq!(header(&created, "content-length").as_deref(), Some("0"));
        let head = reply(Output::HeadBucket(HeadBucketOutput { region: "x".to_owned() }));
        assert_eq!((head.status.as_u16(), header(&head, "x-amz-bucket-region").as_deref()), (200, Some("x")));
    }

    #[test]
    fn versioning_tags_and_acls() {
        let versioning = |status| {
            let output = BucketVersioningOutput { status };
            inner(&reply(Output::GetBucketVersioning(output)), "VersioningConfiguration")
        };
        assert_eq!(versioning(None), "");
        assert_eq!(versioning(Some(VersioningStatus::Enabled)), "<Status>Enabled</Status>");
        let tags = TagSet::new(vec![("a".to_owned(), "b".to_owned())], 50).unwrap();
        assert_eq!(
            inner(&reply(Output::GetBucketTagging(BucketTaggingOutput { tags })), "Tagging"),
            "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"
        );
        let acl = inner(&reply(Output::GetBucketAcl(AclOutput { owner: owner() })), "AccessControlPolicy");
        assert!(acl.starts_with(&format!("<Owner>{OWNER}</Owner><AccessControlList><Grant><Grantee ")));
        assert!(acl.ends_with(&format!(
            "{OWNER}</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"
        )));
    }

    #[test]
    fn deletions_and_settings_have_no_body() {
        for (output, status) in [
            (Output::DeleteBucket, 204),
            (Output::DeleteBucketTagging, 204),
            (Output::PutBucketTagging, 204),
            (Output::DeleteBucketSetting, 204),
            (Output::AbortMultipartUpload, 204),
            (Output::PutBucketSetting, 200),
            (Output::PutBucketVersioning, 200),
        ] {
            let reply = reply(output);
            assert_eq!(reply.status.as_u16(), status);
            assert_eq!(header(&reply, "content-length").is_some(), status == 200);
        }
    }
}
