use s3_model::{
    BodyDigests, DeleteEntry, DeleteObjectInput, DeleteObjectsInput, ErrorCode, S3Error, Verbosity,
    WriteCondition, limits,
};
use types::{ETag, InvalidKey, ObjectKey, VersionId};

use super::{Request, conditions, digests};
use crate::xml::{self, Element};

pub(super) fn decode(request: &Request<'_>) -> Result<DeleteObjectInput, S3Error> {
    Ok(DeleteObjectInput {
        version_id: request.routed.version_id().cloned(),
        condition: conditions::delete(request.fields)?,
    })
}

pub(super) fn decode_many(request: &Request<'_>) -> Result<DeleteObjectsInput, S3Error> {
    if request.document.is_empty() {
        return Err(ErrorCode::MissingRequestBodyError.into());
    }
    let root = xml::parse(request.document, "Delete")?;
    let count = root.all("Object").count();
    if count == 0 || count > limits::DELETE_MAX_KEYS {
        return Err(xml::malformed("a Delete holds 1 to 1000 objects"));
    }
    if digests::decode(request.fields)? == BodyDigests::default() {
        let message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(S3Error::invalid_request(message));
    }
    let verbosity = match root.value("Quiet") {
        Some("true" | "1") => Verbosity::Quiet,
        _ => Verbosity::Verbose,
    };
    let entries: Result<_, _> = root.all("Object").map(entry).collect();
    Ok(DeleteObjectsInput { verbosity, entries: entries? })
}

fn entry(object: &Element) -> Result<DeleteEntry, S3Error> {
    let key = &object.child("Key").ok_or_else(|| xml::malformed("an Object needs a Key"))?.text;
    let version_id = object.value("VersionId").filter(|text| !text.is_empty()).map(VersionId::from_text);
    let refused = |version_id, error: S3Error| DeleteEntry::Refused { key: key.clone(), version_id, error };
    if let Some(name) = ["LastModifiedTime", "Size"].into_iter().find(|name| object.child(name).is_some()) {
        let message = format!("A condition on {name} is not implemented");
        return Ok(refused(version_id, S3Error::with_message(ErrorCode::NotImplemented, message)));
    }
    let condition = match object.value("ETag").filter(|text| !text.is_empty()) {
        None => WriteCondition::Always,
        Some("*") => WriteCondition::IfPresent,
        Some(tag) => WriteCondition::IfMatch(ETag::from_text(tag)),
    };
    Ok(match ObjectKey::new(key) {
        Ok(key) => DeleteEntry::Target { key, version_id, condition },
        Err(InvalidKey::Empty) => return Err(xml::malformed("a Key is empty")),
        Err(InvalidKey::TooLong) => refused(version_id, ErrorCode::KeyTooLongError.into()),
    })
}

#[cfg(test)]
mod tests {
    use s3_model::Input;

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    fn delete(document: &str) -> Result<DeleteObjectsInput, ErrorCode> {
        let headers = [("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
        match input_of(("POST", "/bucket?delete"), &headers, document.to_owned()) {
            Ok(Input::DeleteObjects(input)) => Ok(input),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    #[test]
    fn keys_are_exact_and_conditions_are_read() {
        let long = "k".repeat(1025);
        let input = delete(&format!(
            "<Delete xmlns=\"x\"><Quiet>true</Quiet><Object><Key> a&#13;&amp;\n</Key><VersionId>v</VersionId></Object>\
             <Object><Key>b</Key><ETag>&quot;e&quot;</ETag></Object><Object><Key>c</Key><ETag>*</ETag></Object>\
             <Object><Key>{long}</Key></Object><Object><Key>d</Key><Size>3</Size></Object></Delete>"
        ))
        .unwrap();
        assert_eq!(input.verbosity, Verbosity::Quiet);
        let target = |key: &str, version: Option<&str>, condition| DeleteEntry::Target {
            key: ObjectKey::new(key).unwrap(),
            version_id: version.map(VersionId::from_text),
            condition,
        };
        assert_eq!(input.entries[0], target(" a\r&\n", Some("v"), WriteCondition::Always));
        assert_eq!(input.entries[1], target("b", None, WriteCondition::IfMatch(ETag::from_text("e"))));
        assert_eq!(input.entries[2], target("c", None, WriteCondition::IfPresent));
        let code = |place: usize| match &input.entries[place] {
            DeleteEntry::Refused { error, .. } => error.code,
            other => panic!("{other:?}"),
        };
        assert_eq!((code(3), code(4)), (ErrorCode::KeyTooLongError, ErrorCode::NotImplemented));
    }

    #[test]
    fn the_number_of_keys_is_bounded_at_and_past_the_limit() {
        let many = |count| format!("<Delete>{}</Delete>", "<Object><Key>k</Key></Object>".repeat(count));
        assert_eq!(delete(&many(1000)).unwrap().entries.len(), 1000);
        assert_eq!(delete(&many(1001)), Err(ErrorCode::MalformedXML));
        assert_eq!(delete(&many(0)), Err(ErrorCode::MalformedXML));
        assert_eq!(delete(""), Err(ErrorCode::MissingRequestBodyError));
        assert_eq!(delete("<Delete><Object/></Delete>"), Err(ErrorCode::MalformedXML));
        assert_eq!(delete("<Delete><Object><Key/></Object></Delete>"), Err(ErrorCode::MalformedXML));
        let bare = refusal(("POST", "/bucket?delete"), &[], "<Delete><Object><Key>k</Key></Object></Delete>");
        assert_eq!(bare, ErrorCode::InvalidRequest);
        let large = " ".repeat(limits::DELETE_DOCUMENT_MAX_BYTES + 1);
        assert_eq!(delete(&large), Err(ErrorCode::MaxMessageLengthExceeded));
    }

    #[test]
    fn a_delete_takes_a_version_and_a_condition() {
        let headers = [("if-match", "\"e\"")];
        let input = input_of(("DELETE", "/bucket/key?versionId=v"), &headers, "").unwrap();
        let expected = DeleteObjectInput {
            version_id: Some(VersionId::from_text("v")),
            condition: WriteCondition::IfMatch(ETag::from_text("e")),
        };
        assert_eq!(input, Input::DeleteObject(expected));
        let sized = input_of(("DELETE", "/bucket/key"), &[("x-amz-if-match-size", "3")], "").unwrap_err();
        assert_eq!(sized.code, ErrorCode::NotImplemented);
    }
}
