use s3_model::{ErrorCode, PutAclInput, S3Error};
use types::CanonicalId;

use super::Request;
use crate::xml::{self, Element};

/// A canned ACL in a header (which has passed the door: it is one that changes nothing), or a list of grants.
pub(super) fn decode(request: &Request<'_>) -> Result<PutAclInput, S3Error> {
    if request.fields.trimmed("x-amz-acl").is_some() {
        return Ok(PutAclInput::OwnerFullControl);
    }
    if request.document.is_empty() {
        return Err(S3Error::new(ErrorCode::MissingSecurityHeader).detail("MissingHeaderName", "x-amz-acl"));
    }
    let malformed = |error: S3Error| S3Error { code: ErrorCode::MalformedACLError, ..error };
    let root = xml::parse(request.document, "AccessControlPolicy").map_err(malformed)?;
    let list = root.child("AccessControlList");
    let list = list.ok_or_else(|| malformed(xml::malformed("it needs an AccessControlList")))?;
    let grantees: Option<Vec<_>> = list.all("Grant").map(full_control).collect();
    match grantees {
        Some(grantees) if !grantees.is_empty() => Ok(PutAclInput::FullControlTo(grantees)),
        _ => Err(ErrorCode::AccessControlListNotSupported.into()),
    }
}

/// The user to whom a grant gives full control; none where it gives less, or to a group.
fn full_control(grant: &Element) -> Option<CanonicalId> {
    let id = grant.child("Grantee")?.value("ID").filter(|id| !id.is_empty())?;
    (grant.value("Permission") == Some("FULL_CONTROL")).then(|| CanonicalId::from_text(id))
}

#[cfg(test)]
mod tests {
    use s3_model::Input;

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    const PUT: (&str, &str) = ("PUT", "/bucket?acl");

    fn policy(grants: &[(&str, &str)]) -> String {
        let grant = |(grantee, permission): &(&str, &str)| {
            format!("<Grant><Grantee>{grantee}</Grantee><Permission>{permission}</Permission></Grant>")
        };
        let grants: String = grants.iter().map(grant).collect();
        format!("<AccessControlPolicy><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>")
    }

    #[test]
    fn canned_acls_and_full_control_are_read() {
        for acl in ["private", "bucket-owner-full-control"] {
            let input = input_of(PUT, &[("x-amz-acl", acl)], "").unwrap();
            assert_eq!(input, Input::PutBucketAcl(PutAclInput::OwnerFullControl));
        }
        let input = input_of(PUT, &[], policy(&[("<ID>me</ID>", "FULL_CONTROL")])).unwrap();
        let expected = PutAclInput::FullControlTo(vec![CanonicalId::from_text("me")]);
        assert_eq!(input, Input::PutBucketAcl(expected));
    }

    #[test]
    fn whatever_opens_a_bucket_is_refused() {
        for grants in [
            &[("<ID>me</ID>", "READ")][..],
            &[("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "FULL_CONTROL")],
            &[("<ID>me</ID>", "FULL_CONTROL"), ("<ID>you</ID>", "WRITE")],
            &[],
        ] {
            let error = input_of(PUT, &[], policy(grants)).unwrap_err();
            assert_eq!(error.code, ErrorCode::AccessControlListNotSupported, "{grants:?}");
        }
        assert_eq!(
            refusal(PUT, &[("x-amz-acl", "public-read")], ""),
            ErrorCode::AccessControlListNotSupported
        );
        assert_eq!(
            refusal(PUT, &[("x-amz-grant-read", "id=x")], ""),
            ErrorCode::AccessControlListNotSupported
        );
        assert_eq!(refusal(PUT, &[], ""), ErrorCode::MissingSecurityHeader);
        assert_eq!(refusal(PUT, &[], "<AccessControlPolicy/>"), ErrorCode::MalformedACLError);
        assert_eq!(refusal(PUT, &[], "<Acl/>"), ErrorCode::MalformedACLError);
    }
}
