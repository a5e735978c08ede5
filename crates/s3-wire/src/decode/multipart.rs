use s3_model::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompletedPart, CreateMultipartUploadInput,
    ErrorCode, S3Error, UploadChecksum, UploadPartCopyInput, UploadPartInput, limits,
};
use types::{ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, RangeSpec};

use super::{Request, conditions, digests, get_object, metadata, put_object};
use crate::fields::Fields;
use crate::xml::{self, Element};

pub(super) fn create(request: &Request<'_>) -> Result<CreateMultipartUploadInput, S3Error> {
    put_object::refuse_version(request)?;
    let fields = request.fields;
    Ok(CreateMultipartUploadInput { metadata: metadata::decode(fields)?, checksum: upload_checksum(fields)? })
}

/// The algorithm and kind named, where the kind is one that the algorithm can have. Source: "Checking object integrity for
/// data uploads in Amazon S3", multipart uploads.
fn upload_checksum(fields: Fields<'_>) -> Result<Option<UploadChecksum>, S3Error> {
    let kind = checksum_kind(fields)?;
    let Some(algorithm) = digests::named(fields, "x-amz-checksum-algorithm")? else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(S3Error::invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let kind = kind.unwrap_or(match algorithm {
        ChecksumAlgorithm::Crc64Nvme => ChecksumKind::FullObject,
        _ => ChecksumKind::Composite,
    });
    let is_possible = match kind {
        ChecksumKind::FullObject => algorithm.is_combinable(),
        ChecksumKind::Composite => algorithm != ChecksumAlgorithm::Crc64Nvme,
    };
    if is_possible {
        return Ok(Some(UploadChecksum { algorithm, kind }));
    }
    Err(S3Error::invalid_request(format!(
        "The {} checksum type cannot be used with the {} checksum algorithm.",
        kind.name(),
        algorithm.name().to_ascii_lowercase()
    )))
}

fn checksum_kind(fields: Fields<'_>) -> Result<Option<ChecksumKind>, S3Error> {
    let Some(name) = fields.trimmed("x-amz-checksum-type") else { return Ok(None) };
    [ChecksumKind::FullObject, ChecksumKind::Composite]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(&name))
        .map(Some)
        .ok_or_else(|| S3Error::invalid_request("Value for x-amz-checksum-type header is invalid."))
}

fn upload_id(request: &Request<'_>) -> Result<String, S3Error> {
    match request.routed.query().get("uploadId") {
        Some("") | None => Err(ErrorCode::NoSuchUpload.into()),
        Some(id) => Ok(id.to_owned()),
    }
}

fn required_part(request: &Request<'_>) -> Result<u32, S3Error> {
    get_object::part_number(request)?
        .ok_or_else(|| S3Error::invalid_argument("This operation needs a part number", "partNumber", ""))
}

pub(super) fn upload_part(request: &Request<'_>) -> Result<UploadPartInput, S3Error> {
    conditions::refuse_all(request.fields)?;
    Ok(UploadPartInput {
        upload_id: upload_id(request)?,
        part_number: required_part(request)?,
        content_length: put_object::content_length(request.fields)?,
        digests: digests::decode(request.fields)?,
    })
}

pub(super) fn upload_part_copy(request: &Request<'_>) -> Result<UploadPartCopyInput, S3Error> {
    conditions::refuse_all(request.fields)?;
    Ok(UploadPartCopyInput {
        upload_id: upload_id(request)?,
        part_number: required_part(request)?,
        range: source_range(request.fields)?,
        source_conditions: conditions::copy_source(request.fields),
    })
}

/// `x-amz-copy-source-range`, which has but one form.
fn source_range(fields: Fields<'_>) -> Result<Option<ByteRange>, S3Error> {
    const NAME: &str = "x-amz-copy-source-range";
    let Some(text) = fields.trimmed(NAME) else { return Ok(None) };
    match RangeSpec::parse(&text) {
        Some(RangeSpec::FromTo { first, last }) if last < u64::MAX => {
            Ok(Some(ByteRange { start: first, end: last + 1 }))
        }
        _ => Err(S3Error::invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy",
            NAME,
            text,
        )),
    }
}

pub(super) fn abort(request: &Request<'_>) -> Result<AbortMultipartUploadInput, S3Error> {
    Ok(AbortMultipartUploadInput { upload_id: upload_id(request)? })
}

pub(super) fn complete(request: &Request<'_>) -> Result<CompleteMultipartUploadInput, S3Error> {
    let fields = request.fields;
    let upload_id = upload_id(request)?;
    if request.document.is_empty() {
        return Err(S3Error::invalid_request("You must specify at least one part"));
    }
    let root = xml::parse(request.document, "CompleteMultipartUpload")?;
    let parts: Vec<_> = root.all("Part").map(part).collect::<Result<_, _>>()?;
    if parts.is_empty() || parts.len() > limits::PARTS_MAX as usize {
        return Err(xml::malformed("it lists 1 to 10000 parts"));
    }
    Ok(CompleteMultipartUploadInput {
        upload_id,
        parts,
        condition: conditions::write(fields)?,
        checksum: digests::header_value(fields)?,
        checksum_kind: checksum_kind(fields)?,
        object_size_bytes: fields.number("x-amz-mp-object-size")?,
    })
}

fn part(part: &Element) -> Result<CompletedPart, S3Error> {
    let number = part.value("PartNumber").and_then(|text| text.parse().ok());
    let number = number.ok_or_else(|| xml::malformed("a Part needs a PartNumber"))?;
    if !(1..=limits::PARTS_MAX).contains(&number) {
        let message = "PartNumber must be >= 1 and <= 10000";
        return Err(S3Error::invalid_argument(message, "PartNumber", number.to_string()));
    }
    let etag = part.value("ETag").ok_or_else(|| xml::malformed("a Part needs an ETag"))?;
    Ok(CompletedPart { number, etag: ETag::from_text(etag), checksum: part_checksum(part)? })
}

fn part_checksum(part: &Element) -> Result<Option<Checksum>, S3Error> {
    let mut found = None;
    for child in &part.children {
        let Some(algorithm) = child.name.strip_prefix("Checksum").and_then(ChecksumAlgorithm::from_name)
        else {
            continue;
        };
        let text = child.text.trim();
        if text.is_empty() {
            continue;
        }
        let checksum = crate::checksum::parse_header(algorithm, text)?;
        if found.replace(checksum).is_some() {
            return Err(xml::malformed("a Part bears two checksums"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use s3_model::{Input, WriteCondition};

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    const CREATE: (&str, &str) = ("POST", "/bucket/key?uploads");
    const COMPLETE: (&str, &str) = ("POST", "/bucket/key?uploadId=u");

    fn checksum(headers: &[(&str, &str)]) -> Result<Option<UploadChecksum>, ErrorCode> {
        match input_of(CREATE, headers, "") {
            Ok(Input::CreateMultipartUpload(input)) => Ok(input.checksum),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    fn complete(document: &str, headers: &[(&str, &str)]) -> Result<CompleteMultipartUploadInput, ErrorCode> {
        match input_of(COMPLETE, headers, document.to_owned()) {
            Ok(Input::CompleteMultipartUpload(input)) => Ok(input),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    #[test]
    fn each_algorithm_has_the_kinds_that_it_can_have() {
        let named = |algorithm: &'static str| ("x-amz-checksum-algorithm", algorithm);
        let kind = |kind: &'static str| ("x-amz-checksum-type", kind);
        let of = |algorithm, kind| Ok(Some(UploadChecksum { algorithm, kind }));
        use {ChecksumAlgorithm as A, ChecksumKind as K};
        assert_eq!(checksum(&[]), Ok(None));
        assert_eq!(checksum(&[named("CRC32")]), of(A::Crc32, K::Composite));
        assert_eq!(checksum(&[named("CRC32"), kind("FULL_OBJECT")]), of(A::Crc32, K::FullObject));
        assert_eq!(checksum(&[named("CRC64NVME")]), of(A::Crc64Nvme, K::FullObject));
        assert_eq!(checksum(&[named("SHA256")]), of(A::Sha256, K::Composite));
        assert_eq!(checksum(&[named("XXHASH64")]), of(A::XxHash64, K::Composite));
        for headers in [
            &[named("SHA256"), kind("FULL_OBJECT")][..],
            &[named("CRC64NVME"), kind("COMPOSITE")],
            &[kind("COMPOSITE")],
            &[named("CRC32"), kind("PARTIAL")],
            &[named("CRC31")],
        ] {
            assert_eq!(checksum(headers), Err(ErrorCode::InvalidRequest), "{headers:?}");
        }
    }

    #[test]
    fn parts_name_their_upload_number_and_length() {
        let headers = [("content-length", "9"), ("x-amz-checksum-crc32", "AAAAAA==")];
        let input = input_of(("PUT", "/bucket/key?partNumber=7&uploadId=u"), &headers, "").unwrap();
        let Input::UploadPart(input) = input else { panic!("UploadPart") };
        assert_eq!((input.upload_id.as_str(), input.part_number, input.content_length), ("u", 7, 9));
        for number in ["0", "10001", "x"] {
            let uri = format!("/bucket/key?partNumber={number}&uploadId=u");
            assert_eq!(refusal(("PUT", &uri), &headers, ""), ErrorCode::InvalidArgument);
        }
        assert_eq!(
            refusal(("PUT", "/bucket/key?partNumber=1&uploadId="), &headers, ""),
            ErrorCode::NoSuchUpload
        );
        let conditional = [headers[0], ("if-none-match", "*")];
        assert_eq!(
            refusal(("PUT", "/bucket/key?partNumber=1&uploadId=u"), &conditional, ""),
            ErrorCode::NotImplemented
        );
    }

    #[test]
    fn copied_ranges_have_one_form() {
        let copy = |range: &str| {
            let headers = [("x-amz-copy-source", "src/key"), ("x-amz-copy-source-range", range)];
            match input_of(("PUT", "/bucket/key?partNumber=1&uploadId=u"), &headers, "") {
                Ok(Input::UploadPartCopy(input)) => Ok(input.range),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.code),
            }
        };
        assert_eq!(copy("bytes=5-9"), Ok(Some(ByteRange { start: 5, end: 10 })));
        assert_eq!(copy(""), Ok(None));
        for range in ["bytes=5-", "bytes=-5", "bytes=9-5", "5-9", "bytes=0-99999999999999999999"] {
            assert_eq!(copy(range), Err(ErrorCode::InvalidArgument), "{range}");
        }
    }

    #[test]
    fn a_completion_lists_its_parts_in_the_order_sent() {
        let document = "<CompleteMultipartUpload xmlns=\"x\"><Part><PartNumber>2</PartNumber><ETag>&quot;b&quot;</ETag>\
            <ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumSHA1/></Part><Part><ETag>a</ETag><PartNumber> 1 </PartNumber>\
            </Part></CompleteMultipartUpload>";
        let headers = [
            ("if-none-match", "*"),
            ("x-amz-checksum-crc32", "AAAAAA==-2"),
            ("x-amz-checksum-type", "COMPOSITE"),
            ("x-amz-mp-object-size", "77"),
        ];
        let input = complete(document, &headers).unwrap();
        assert_eq!(input.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(input.parts[0].etag.as_str(), "b");
        assert!(input.parts[0].checksum.is_some() && input.parts[1].checksum.is_none());
        assert_eq!(input.condition, WriteCondition::IfAbsent);
        assert_eq!(input.checksum.unwrap().part_count, Some(2));
        assert_eq!((input.checksum_kind, input.object_size_bytes), (Some(ChecksumKind::Composite), Some(77)));
    }

    #[test]
    fn what_is_no_list_of_parts_is_refused() {
        let list = |parts: &str| format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let part = |number: &str| format!("<Part><PartNumber>{number}</PartNumber><ETag>e</ETag></Part>");
        assert_eq!(complete("", &[]), Err(ErrorCode::InvalidRequest));
        assert_eq!(complete(&list(""), &[]), Err(ErrorCode::MalformedXML));
        assert_eq!(complete(&list("<Part><ETag>e</ETag></Part>"), &[]), Err(ErrorCode::MalformedXML));
        assert_eq!(
            complete(&list("<Part><PartNumber>1</PartNumber></Part>"), &[]),
            Err(ErrorCode::MalformedXML)
        );
        assert_eq!(complete(&list(&part("0")), &[]), Err(ErrorCode::InvalidArgument));
        assert_eq!(complete(&list(&part("10001")), &[]), Err(ErrorCode::InvalidArgument));
        assert_eq!(complete(&list(&part("x")), &[]), Err(ErrorCode::MalformedXML));
        assert!(complete(&list(&part("10000").repeat(10_000)), &[]).is_ok());
        assert_eq!(complete(&list(&part("1").repeat(10_001)), &[]), Err(ErrorCode::MalformedXML));
        assert_eq!(
            complete(&list(&part("1")), &[("x-amz-mp-object-size", "x")]),
            Err(ErrorCode::InvalidArgument)
        );
    }
}
