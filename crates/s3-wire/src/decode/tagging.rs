use s3_model::{ErrorCode, ObjectTaggingInput, PutBucketTaggingInput, PutObjectTaggingInput, S3Error};
use types::{InvalidTags, TagSet};

use super::Request;
use crate::fields::Fields;
use crate::percent::{self, Plus};
use crate::xml::{self, Element};

/// What bears the tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    Object,
    Bucket,
}

pub(super) fn object(request: &Request<'_>) -> ObjectTaggingInput {
    ObjectTaggingInput { version_id: request.routed.version_id().cloned() }
}

pub(super) fn put_object(request: &Request<'_>) -> Result<PutObjectTaggingInput, S3Error> {
    let tags = document(request.document, Bearer::Object)?;
    Ok(PutObjectTaggingInput { version_id: request.routed.version_id().cloned(), tags })
}

pub(super) fn put_bucket(request: &Request<'_>) -> Result<PutBucketTaggingInput, S3Error> {
    Ok(PutBucketTaggingInput { tags: document(request.document, Bearer::Bucket)? })
}

/// Reads a `Tagging` document.
pub(super) fn document(document: &[u8], bearer: Bearer) -> Result<TagSet, S3Error> {
    let root = xml::parse(document, "Tagging")?;
    let set = root.child("TagSet").ok_or_else(|| xml::malformed("Tagging needs a TagSet"))?;
    elements(set, bearer)
}

/// Reads the `Tag` elements inside another.
pub(super) fn elements(set: &Element, bearer: Bearer) -> Result<TagSet, S3Error> {
    let text = |tag: &Element, name: &str| tag.child(name).map(|child| child.text.clone());
    let pair = |tag: &Element| Some((text(tag, "Key")?, text(tag, "Value")?));
    let tags: Option<Vec<_>> = set.all("Tag").map(pair).collect();
    check(tags.ok_or_else(|| xml::malformed("a Tag needs a Key and a Value"))?, bearer)
}

const HEADER: &str = "x-amz-tagging";

/// `x-amz-tagging`: tags as a query string.
pub(super) fn header(fields: Fields<'_>) -> Result<TagSet, S3Error> {
    let Some(text) = fields.trimmed(HEADER) else { return Ok(TagSet::default()) };
    let malformed = || {
        S3Error::invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name \
             duplicates.",
            HEADER,
            text.clone().into_owned(),
        )
    };
    let mut tags = Vec::new();
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        let decode = |text| percent::decode(text, Plus::Space).map(|text| text.into_owned());
        let pair = decode(key).and_then(|key| Ok((key, decode(value)?)));
        tags.push(pair.map_err(|percent::Malformed| malformed())?);
    }
    let repeated = |place: usize| tags[..place].iter().any(|(earlier, _)| *earlier == tags[place].0);
    if (0..tags.len().min(TagSet::OBJECT_MAX)).any(repeated) {
        return Err(malformed());
    }
    check(tags, Bearer::Object)
}

fn check(tags: Vec<(String, String)>, bearer: Bearer) -> Result<TagSet, S3Error> {
    let reserved =
        tags.iter().find(|(key, _)| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")));
    if let Some((key, _)) = reserved {
        let message = "System tags cannot be added/updated by requester";
        return Err(S3Error::with_message(ErrorCode::InvalidTag, message).detail("TagKey", key.clone()));
    }
    let max_count = match bearer {
        Bearer::Object => TagSet::OBJECT_MAX,
        Bearer::Bucket => TagSet::BUCKET_MAX,
    };
    TagSet::new(tags, max_count).map_err(|problem| match (problem, bearer) {
        (InvalidTags::TooMany, Bearer::Object) => {
            S3Error::with_message(ErrorCode::BadRequest, "Object tags cannot be greater than 10")
        }
        (InvalidTags::TooMany, Bearer::Bucket) => {
            S3Error::with_message(ErrorCode::BadRequest, "Bucket tag count cannot be greater than 50")
        }
        (problem, _) => S3Error::with_message(ErrorCode::InvalidTag, problem.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_fields;

    fn tagging(tags: &str) -> Result<TagSet, ErrorCode> {
        let text = format!("<Tagging><TagSet>{tags}</TagSet></Tagging>");
        document(text.as_bytes(), Bearer::Object).map_err(|error| error.code)
    }

    fn from_header(value: &str) -> Result<Vec<(String, String)>, ErrorCode> {
        with_fields(&[(HEADER, value)], |fields| header(fields).map_err(|error| error.code))
            .map(|tags| tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn documents_are_read() {
        let tags =
            tagging("<Tag><Key>a b</Key><Value></Value></Tag> <Tag><Key>c</Key><Value>d</Value></Tag>")
                .unwrap();
        assert!(tags.iter().eq([("a b", ""), ("c", "d")]));
        assert!(tagging("").unwrap().is_empty());
        assert_eq!(tagging("<Tag><Key>a</Key></Tag>"), Err(ErrorCode::MalformedXML));
        assert_eq!(tagging("<Tag><Key></Key><Value/></Tag>"), Err(ErrorCode::InvalidTag));
        assert_eq!(tagging("<Tag><Key>aws:x</Key><Value/></Tag>"), Err(ErrorCode::InvalidTag));
        let twice = "<Tag><Key>a</Key><Value/></Tag>".repeat(2);
        assert_eq!(tagging(&twice), Err(ErrorCode::InvalidTag));
        assert_eq!(document(b"<Tagging/>", Bearer::Bucket).unwrap_err().code, ErrorCode::MalformedXML);
    }

    #[test]
    fn limits_differ_between_objects_and_buckets() {
        let set = |count: usize| {
            let tags: String = (0..count).map(|n| format!("<Tag><Key>{n}</Key><Value/></Tag>")).collect();
            format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
        };
        assert!(document(set(10).as_bytes(), Bearer::Object).is_ok());
        assert_eq!(document(set(11).as_bytes(), Bearer::Object).unwrap_err().code, ErrorCode::BadRequest);
        assert!(document(set(50).as_bytes(), Bearer::Bucket).is_ok());
        assert_eq!(document(set(51).as_bytes(), Bearer::Bucket).unwrap_err().code, ErrorCode::BadRequest);
    }

    #[test]
    fn headers_are_query_strings() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            from_header("a=1&b+c=%C3%A9&d"),
            Ok(vec![pair("a", "1"), pair("b c", "é"), pair("d", "")])
        );
        assert_eq!(from_header(""), Ok(Vec::new()));
        assert_eq!(from_header("a=1&a=2"), Err(ErrorCode::InvalidArgument));
        assert_eq!(from_header("a=%zz"), Err(ErrorCode::InvalidArgument));
        assert_eq!(from_header("a=b;c"), Err(ErrorCode::InvalidTag));
    }
}
