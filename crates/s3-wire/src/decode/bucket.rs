use s3_model::{CreateBucketInput, ErrorCode, PutBucketVersioningInput, S3Error, VersioningStatus};
use types::TagSet;

use super::{Request, tagging};
use crate::xml;

pub(super) fn create(request: &Request<'_>) -> Result<CreateBucketInput, S3Error> {
    if request.document.iter().all(u8::is_ascii_whitespace) {
        return Ok(CreateBucketInput::default());
    }
    let root = xml::parse(request.document, "CreateBucketConfiguration")?;
    if let Some(name) = ["Location", "Bucket"].into_iter().find(|name| root.child(name).is_some()) {
        let message = format!(
            "{name} in CreateBucketConfiguration asks for a directory bucket, which is not implemented"
        );
        return Err(S3Error::with_message(ErrorCode::NotImplemented, message));
    }
    let tags = match root.child("Tags") {
        Some(tags) => tagging::elements(tags, tagging::Bearer::Bucket)?,
        None => TagSet::default(),
    };
    let location_constraint =
        root.value("LocationConstraint").filter(|text| !text.is_empty()).map(Into::into);
    Ok(CreateBucketInput { location_constraint, tags })
}

pub(super) fn put_versioning(request: &Request<'_>) -> Result<PutBucketVersioningInput, S3Error> {
    let root = xml::parse(request.document, "VersioningConfiguration")?;
    if root.value("MfaDelete").is_some_and(|text| text.eq_ignore_ascii_case("Enabled")) {
        return Err(S3Error::with_message(ErrorCode::NotImplemented, "MfaDelete is not implemented"));
    }
    let status = match root.value("Status") {
        Some("Enabled") => VersioningStatus::Enabled,
        Some("Suspended") => VersioningStatus::Suspended,
        None => return Err(ErrorCode::IllegalVersioningConfigurationException.into()),
        Some(_) => return Err(xml::malformed("Status is Enabled or Suspended")),
    };
    Ok(PutBucketVersioningInput { status })
}

#[cfg(test)]
mod tests {
    use s3_model::Input;

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    const CREATE: (&str, &str) = ("PUT", "/bucket");
    const VERSIONING: (&str, &str) = ("PUT", "/bucket?versioning");

    #[test]
    fn a_bucket_may_be_made_with_a_region_and_tags() {
        assert_eq!(input_of(CREATE, &[], "").unwrap(), Input::CreateBucket(CreateBucketInput::default()));
        let document = "<CreateBucketConfiguration xmlns=\"x\"><LocationConstraint> eu-west-1 </LocationConstraint>\
            <Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>";
        let Input::CreateBucket(input) = input_of(CREATE, &[], document).unwrap() else {
            panic!("CreateBucket")
        };
        assert_eq!(input.location_constraint.as_deref(), Some("eu-west-1"));
        assert_eq!(input.tags.len(), 1);
    }

    #[test]
    fn what_a_new_bucket_cannot_be_is_refused() {
        let directory =
            "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>";
        assert_eq!(refusal(CREATE, &[], directory), ErrorCode::NotImplemented);
        assert_eq!(refusal(CREATE, &[], "<Create/>"), ErrorCode::MalformedXML);
        assert_eq!(
            refusal(CREATE, &[("x-amz-acl", "public-read")], ""),
            ErrorCode::InvalidBucketAclWithObjectOwnership
        );
        assert_eq!(
            refusal(CREATE, &[("x-amz-bucket-object-lock-enabled", "true")], ""),
            ErrorCode::NotImplemented
        );
        assert_eq!(
            refusal(CREATE, &[("x-amz-object-ownership", "ObjectWriter")], ""),
            ErrorCode::NotImplemented
        );
        let harmless = [
            ("x-amz-bucket-object-lock-enabled", "False"),
            ("x-amz-object-ownership", "BucketOwnerEnforced"),
            ("x-amz-acl", "bucket-owner-read"),
        ];
        assert!(input_of(CREATE, &harmless, "").is_ok());
    }

    #[test]
    fn versioning_has_two_states() {
        let document = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
        let expected = PutBucketVersioningInput { status: VersioningStatus::Suspended };
        assert_eq!(input_of(VERSIONING, &[], document).unwrap(), Input::PutBucketVersioning(expected));
        for (document, code) in [
            ("<VersioningConfiguration/>", ErrorCode::IllegalVersioningConfigurationException),
            (
                "<VersioningConfiguration><Status>on</Status></VersioningConfiguration>",
                ErrorCode::MalformedXML,
            ),
            ("", ErrorCode::MalformedXML),
            (
                "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
                ErrorCode::NotImplemented,
            ),
        ] {
            assert_eq!(refusal(VERSIONING, &[], document), code, "{document}");
        }
    }
}
