use s3_model::{CopyObjectInput, Directive, S3Error};
use types::{ObjectMetadata, TagSet};

use super::{Request, conditions, digests, metadata, put_object, tagging};

pub(super) fn decode(request: &Request<'_>) -> Result<CopyObjectInput, S3Error> {
    put_object::refuse_version(request)?;
    let fields = request.fields;
    let storage_class = metadata::storage_class(fields)?;
    let metadata = match directive(request, "x-amz-metadata-directive", "Unknown metadata directive.")? {
        Chosen::Copy => Directive::Copy,
        Chosen::Replace => Directive::Replace(ObjectMetadata {
            headers: metadata::headers(fields)?,
            user: metadata::user(fields)?,
            storage_class: storage_class.unwrap_or_default(),
            tags: TagSet::default(),
        }),
    };
    let tags = match directive(request, "x-amz-tagging-directive", "Unknown tagging directive.")? {
        Chosen::Copy => Directive::Copy,
        Chosen::Replace => Directive::Replace(tagging::header(fields)?),
    };
    Ok(CopyObjectInput {
        source_conditions: conditions::copy_source(fields),
        condition: conditions::write(fields)?,
        metadata,
        tags,
        storage_class,
        website_redirect_location: metadata::redirect(fields)?,
        checksum: digests::named(fields, "x-amz-checksum-algorithm")?,
    })
}

enum Chosen {
    Copy,
    Replace,
}

fn directive(request: &Request<'_>, name: &'static str, unknown: &'static str) -> Result<Chosen, S3Error> {
    match request.fields.trimmed(name) {
        None => Ok(Chosen::Copy),
        Some(text) if text.eq_ignore_ascii_case("COPY") => Ok(Chosen::Copy),
        Some(text) if text.eq_ignore_ascii_case("REPLACE") => Ok(Chosen::Replace),
        Some(text) => Err(S3Error::invalid_argument(unknown, name, text)),
    }
}

#[cfg(test)]
mod tests {
    use s3_model::{ErrorCode, Input, WriteCondition};
    use types::{ChecksumAlgorithm, StorageClass};

    use super::*;
    use crate::decode::testing::input_of;

    fn copy(headers: &[(&str, &str)]) -> Result<CopyObjectInput, ErrorCode> {
        let headers = [&[("x-amz-copy-source", "/source/k")], headers].concat();
        match input_of(("PUT", "/bucket/key"), &headers, "") {
            Ok(Input::CopyObject(input)) => Ok(*input),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    #[test]
    fn by_default_everything_is_kept() {
        let input = copy(&[("x-amz-meta-a", "ignored"), ("x-amz-tagging", "a=b")]).unwrap();
        assert_eq!((input.metadata, input.tags), (Directive::Copy, Directive::Copy));
        assert_eq!(input.condition, WriteCondition::Always);
        assert!(
            input.source_conditions.is_empty() && input.storage_class.is_none() && input.checksum.is_none()
        );
    }

    #[test]
    fn replacing_takes_what_the_request_says() {
        let input = copy(&[
            ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-tagging-directive", "REPLACE"),
            ("x-amz-meta-a", "1"),
            ("x-amz-tagging", "t=v"),
            ("x-amz-storage-class", "ONEZONE_IA"),
            ("x-amz-checksum-algorithm", "SHA256"),
            ("x-amz-copy-source-if-match", "\"e\""),
            ("if-none-match", "*"),
        ])
        .unwrap();
        let Directive::Replace(metadata) = &input.metadata else { panic!("REPLACE") };
        assert_eq!((metadata.user.len(), metadata.storage_class), (1, StorageClass::OneZoneIa));
        assert!(metadata.tags.is_empty());
        let Directive::Replace(tags) = &input.tags else { panic!("REPLACE") };
        assert_eq!(tags.len(), 1);
        assert_eq!(input.checksum, Some(ChecksumAlgorithm::Sha256));
        assert_eq!(input.condition, WriteCondition::IfAbsent);
        assert!(input.source_conditions.if_match.is_some());
    }

    #[test]
    fn unknown_directives_are_refused() {
        assert_eq!(copy(&[("x-amz-metadata-directive", "MERGE")]), Err(ErrorCode::InvalidArgument));
        assert_eq!(copy(&[("x-amz-tagging-directive", "")]).unwrap().tags, Directive::Copy);
        assert_eq!(copy(&[("x-amz-tagging-directive", "x")]), Err(ErrorCode::InvalidArgument));
    }
}
