use s3_model::{GetObjectAttributesInput, ObjectAttribute, S3Error, limits};

use super::Request;

const HEADER: &str = "x-amz-object-attributes";

pub(super) fn decode(request: &Request<'_>) -> Result<GetObjectAttributesInput, S3Error> {
    let fields = request.fields;
    let text = fields.trimmed(HEADER).ok_or_else(|| {
        S3Error::invalid_argument(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
            HEADER,
            "",
        )
    })?;
    let mut attributes = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let attribute = attribute(name)
            .ok_or_else(|| S3Error::invalid_argument("Invalid attribute name specified.", HEADER, name))?;
        if !attributes.contains(&attribute) {
            attributes.push(attribute);
        }
    }
    let clamped =
        |name| Ok::<_, S3Error>(fields.number(name)?.map(|number| u32::try_from(number).unwrap_or(u32::MAX)));
    Ok(GetObjectAttributesInput {
        version_id: request.routed.version_id().cloned(),
        attributes,
        max_parts: clamped("x-amz-max-parts")?
            .unwrap_or(limits::PAGE_MAX_ENTRIES)
            .min(limits::PAGE_MAX_ENTRIES),
        part_number_marker: clamped("x-amz-part-number-marker")?.unwrap_or(0),
    })
}

fn attribute(name: &str) -> Option<ObjectAttribute> {
    Some(match name {
        "ETag" => ObjectAttribute::ETag,
        "Checksum" => ObjectAttribute::Checksum,
        "ObjectParts" => ObjectAttribute::ObjectParts,
        "StorageClass" => ObjectAttribute::StorageClass,
        "ObjectSize" => ObjectAttribute::ObjectSize,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use s3_model::{ErrorCode, Input};

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    const GET: (&str, &str) = ("GET", "/bucket/key?attributes");

    #[test]
    fn attributes_and_pages_are_read() {
        let headers = [(HEADER, "ETag, ObjectParts"), (HEADER, "ETag"), ("x-amz-max-parts", "5000")];
        let Input::GetObjectAttributes(input) = input_of(GET, &headers, "").unwrap() else {
            panic!("attributes")
        };
        assert_eq!(input.attributes, [ObjectAttribute::ETag, ObjectAttribute::ObjectParts]);
        assert!(input.wants(ObjectAttribute::ETag) && !input.wants(ObjectAttribute::Checksum));
        assert_eq!((input.max_parts, input.part_number_marker), (1000, 0));
    }

    #[test]
    fn none_and_unknown_attributes_are_refused() {
        assert_eq!(refusal(GET, &[], ""), ErrorCode::InvalidArgument);
        assert_eq!(refusal(GET, &[(HEADER, "Owner")], ""), ErrorCode::InvalidArgument);
        assert_eq!(
            refusal(GET, &[(HEADER, "ETag"), ("x-amz-max-parts", "-1")], ""),
            ErrorCode::InvalidArgument
        );
    }
}
