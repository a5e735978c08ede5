use s3_model::{ChecksumMode, GetObjectInput, ResponseOverrides, S3Error, limits};
use types::RangeSpec;

use super::{Request, conditions};

pub(super) fn decode(request: &Request<'_>) -> Result<GetObjectInput, S3Error> {
    let fields = request.fields;
    let range = fields.get("range");
    let part_number = part_number(request)?;
    if range.is_some() && part_number.is_some() {
        return Err(S3Error::invalid_request(
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    let enabled = |mode: &str| mode.eq_ignore_ascii_case("ENABLED");
    Ok(GetObjectInput {
        version_id: request.routed.version_id().cloned(),
        range: range.and_then(|range| RangeSpec::parse(&range)),
        if_range: conditions::if_range(fields),
        part_number,
        conditions: conditions::read(fields),
        checksum_mode: match fields.trimmed("x-amz-checksum-mode") {
            Some(mode) if enabled(&mode) => ChecksumMode::Enabled,
            _ => ChecksumMode::Off,
        },
        overrides: overrides(request)?,
    })
}

/// `partNumber`, 1 to 10,000.
pub(super) fn part_number(request: &Request<'_>) -> Result<Option<u32>, S3Error> {
    let Some(text) = request.routed.query().get("partNumber") else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.filter(|number| (1..=limits::PARTS_MAX).contains(number)).map(Some).ok_or_else(|| {
        S3Error::invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive",
            "partNumber",
            text,
        )
    })
}

fn overrides(request: &Request<'_>) -> Result<ResponseOverrides, S3Error> {
    let query = request.routed.query();
    // Most requests replace nothing: one look over the names instead of six.
    if !query.iter().any(|(name, _)| name.starts_with("response-")) {
        return Ok(ResponseOverrides::default());
    }
    let text = |name: &'static str| match query.get(name) {
        Some(value) if value.chars().any(char::is_control) => {
            Err(S3Error::invalid_argument("The value cannot stand in a header", name, value))
        }
        Some(value) if !value.is_empty() => Ok(Some(value.to_owned())),
        _ => Ok(None),
    };
    Ok(ResponseOverrides {
        cache_control: text("response-cache-control")?,
        content_disposition: text("response-content-disposition")?,
        content_encoding: text("response-content-encoding")?,
        content_language: text("response-content-language")?,
        content_type: text("response-content-type")?,
        expires: text("response-expires")?,
    })
}

#[cfg(test)]
mod tests {
    use s3_model::{ErrorCode, Input};

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    fn get(uri: &str, headers: &[(&str, &str)]) -> GetObjectInput {
        match input_of(("GET", uri), headers, "").unwrap() {
            Input::GetObject(input) => *input,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_get_asks_for_nothing() {
        assert_eq!(get("/bucket/key", &[]), GetObjectInput::default());
    }

    #[test]
    fn ranges_parts_modes_and_versions() {
        assert_eq!(
            get("/bucket/key", &[("range", "bytes=1-3")]).range,
            Some(RangeSpec::FromTo { first: 1, last: 3 })
        );
        assert_eq!(get("/bucket/key", &[("range", "bytes=1-3,5-6")]).range, None);
        let input = get("/bucket/key?partNumber=10000&versionId=null", &[("x-amz-checksum-mode", "enabled")]);
        assert_eq!(input.part_number, Some(10_000));
        assert_eq!(input.version_id, Some(types::VersionId::Null));
        assert_eq!(input.checksum_mode, ChecksumMode::Enabled);
        for part in ["0", "10001", "x", "-1", "+1", ""] {
            let uri = format!("/bucket/key?partNumber={part}");
            assert_eq!(refusal(("GET", &uri), &[], ""), ErrorCode::InvalidArgument, "{part}");
        }
        let both = refusal(("HEAD", "/bucket/key?partNumber=1"), &[("range", "bytes=0-")], "");
        assert_eq!(both, ErrorCode::InvalidRequest);
    }

    #[test]
    fn headers_of_the_answer_can_be_replaced() {
        let input =
            get("/bucket/key?response-content-type=a%2Fb&response-expires=x&response-cache-control=", &[]);
        assert_eq!(input.overrides.content_type.as_deref(), Some("a/b"));
        assert_eq!(input.overrides.expires.as_deref(), Some("x"));
        assert_eq!(input.overrides.cache_control, None);
        let split = ("GET", "/bucket/key?response-content-type=a%0d%0aSet-Cookie:%20x");
        assert_eq!(refusal(split, &[], ""), ErrorCode::InvalidArgument);
    }
}
