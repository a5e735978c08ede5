use http::HeaderMap;
use s3_model::{ErrorCode, Operation, PostObjectInput, PostSuccess, S3Error};
use types::{InvalidKey, ObjectKey};

use super::{digests, metadata, refused, tagging};
use crate::Query;
use crate::fields::Fields;
use crate::form::FormFields;

/// What stands for the file's name in a form's `key`.
const FILENAME: &str = "${filename}";

/// Reads what a form upload says beside the file's bytes: its fields mean what the headers of a PUT would.
///
/// # Errors
/// As S3's for PutObject; `InvalidArgument` without a key.
pub fn decode_post(form: &FormFields) -> Result<PostObjectInput, S3Error> {
    let mut headers = form.as_headers()?;
    if let Some(acl) = headers.remove("acl") {
        headers.insert("x-amz-acl", acl);
    }
    let query = Query::default();
    let fields = Fields::new(&headers, &query);
    refused::check(Operation::PostObject, fields)?;
    let mut metadata = metadata::decode(fields)?;
    if let Some(document) = form.get("tagging").filter(|text| !text.trim().is_empty()) {
        metadata.tags = tagging::document(document.as_bytes(), tagging::Bearer::Object)?;
    }
    Ok(PostObjectInput {
        key: key(form)?,
        metadata,
        digests: digests::decode(fields)?,
        success: success(&headers),
    })
}

fn key(form: &FormFields) -> Result<ObjectKey, S3Error> {
    let missing = || {
        S3Error::invalid_argument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
            "key",
            "",
        )
    };
    let key = form.get("key").ok_or_else(missing)?.replace(FILENAME, form.filename());
    ObjectKey::new(&key).map_err(|problem| match problem {
        InvalidKey::Empty => {
            S3Error::invalid_argument("User key must have a length greater than 0.", "key", "")
        }
        InvalidKey::TooLong => ErrorCode::KeyTooLongError.into(),
    })
}

/// A redirect wins over a status; a status that S3 does not know is 204.
fn success(headers: &HeaderMap) -> PostSuccess {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let redirect = text("success_action_redirect").or_else(|| text("redirect"));
    let is_url = |url: &&str| url.starts_with("http://") || url.starts_with("https://");
    if let Some(url) = redirect.filter(is_url) {
        return PostSuccess::Redirect(url.to_owned());
    }
    match text("success_action_status") {
        Some("200") => PostSuccess::Ok,
        Some("201") => PostSuccess::Created,
        _ => PostSuccess::NoContent,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::form::{FormEvent, FormReader};

    fn form(pairs: &[(&str, &str)]) -> FormFields {
        let mut body = String::new();
        for (name, value) in pairs {
            body.push_str(&format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"dir/photo.jpg\"\r\n\r\n",
        );
        let mut reader = FormReader::new(Some("multipart/form-data; boundary=b")).unwrap();
        match reader.next(&mut Bytes::from(body)).unwrap() {
            Some(FormEvent::File(fields)) => fields,
            other => panic!("{other:?}"),
        }
    }

    fn refusal(pairs: &[(&str, &str)]) -> ErrorCode {
        decode_post(&form(pairs)).unwrap_err().code
    }

    #[test]
    fn fields_mean_what_headers_would() {
        let input = decode_post(&form(&[
            ("Key", "up/${filename}"),
            ("acl", "private"),
            ("Content-Type", "image/jpeg"),
            ("X-Amz-Meta-Tag", "ü"),
            ("policy", "line\nline"),
            ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("success_action_status", "201"),
        ]))
        .unwrap();
        assert_eq!(input.key.as_str(), "up/photo.jpg");
        assert_eq!(input.metadata.headers.content_type.as_deref(), Some("image/jpeg"));
        assert_eq!(input.metadata.user, [("tag".to_owned(), "ü".to_owned())]);
        assert_eq!(input.metadata.tags.len(), 1);
        assert_eq!(input.success, PostSuccess::Created);
    }

    #[test]
    fn what_to_answer_is_chosen_by_fields() {
        let success =
            |pairs: &[(&str, &str)]| decode_post(&form(&[&[("key", "k")], pairs].concat())).unwrap().success;
        assert_eq!(success(&[]), PostSuccess::NoContent);
        assert_eq!(success(&[("success_action_status", "200")]), PostSuccess::Ok);
        assert_eq!(success(&[("success_action_status", "500")]), PostSuccess::NoContent);
        let redirect = ("success_action_redirect", "https://example.org/");
        assert_eq!(
            success(&[redirect, ("success_action_status", "200")]),
            PostSuccess::Redirect("https://example.org/".to_owned())
        );
        assert_eq!(success(&[("redirect", "javascript:x")]), PostSuccess::NoContent);
    }

    #[test]
    fn faults_are_those_of_a_put() {
        assert_eq!(refusal(&[]), ErrorCode::InvalidArgument);
        assert_eq!(refusal(&[("key", "")]), ErrorCode::InvalidArgument);
        assert_eq!(refusal(&[("key", &"k".repeat(1025))]), ErrorCode::KeyTooLongError);
        assert_eq!(
            refusal(&[("key", "k"), ("acl", "public-read")]),
            ErrorCode::AccessControlListNotSupported
        );
        assert_eq!(
            refusal(&[("key", "k"), ("x-amz-server-side-encryption", "AES256")]),
            ErrorCode::NotImplemented
        );
        assert_eq!(refusal(&[("key", "k"), ("x-amz-meta-a", "1\n2")]), ErrorCode::InvalidArgument);
        assert_eq!(refusal(&[("key", "k"), ("x-amz-storage-class", "x")]), ErrorCode::InvalidStorageClass);
    }
}
