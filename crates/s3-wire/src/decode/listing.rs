use s3_model::{
    Continuation, EncodingType, ListBucketsInput, ListMultipartUploadsInput, ListObjectVersionsInput,
    ListObjectsInput, ListObjectsV2Input, ListPartsInput, S3Error, limits,
};
use types::VersionId;

use super::Request;
use crate::{Query, token};

pub(super) fn objects(request: &Request<'_>) -> Result<ListObjectsInput, S3Error> {
    let query = request.routed.query();
    Ok(ListObjectsInput {
        prefix: text(query, "prefix"),
        delimiter: non_empty(query, "delimiter"),
        marker: text(query, "marker"),
        max_keys: page_size(query, "max-keys", limits::PAGE_MAX_ENTRIES)?,
        encoding: encoding(query)?,
    })
}

pub(super) fn objects_v2(request: &Request<'_>) -> Result<ListObjectsV2Input, S3Error> {
    let query = request.routed.query();
    let continuation_token = query.get("continuation-token").map(ToOwned::to_owned);
    Ok(ListObjectsV2Input {
        prefix: text(query, "prefix"),
        delimiter: non_empty(query, "delimiter"),
        start_after: non_empty(query, "start-after"),
        continuation: continuation_token.as_deref().map(token::parse).transpose()?,
        continuation_token,
        max_keys: page_size(query, "max-keys", limits::PAGE_MAX_ENTRIES)?,
        fetch_owner: query.get("fetch-owner").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        encoding: encoding(query)?,
    })
}

pub(super) fn versions(request: &Request<'_>) -> Result<ListObjectVersionsInput, S3Error> {
    let query = request.routed.query();
    let key_marker = text(query, "key-marker");
    let version = non_empty(query, "version-id-marker");
    if let (Some(version), true) = (&version, key_marker.is_empty()) {
        return Err(S3Error::invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version,
        ));
    }
    Ok(ListObjectVersionsInput {
        prefix: text(query, "prefix"),
        delimiter: non_empty(query, "delimiter"),
        key_marker,
        version_id_marker: version.as_deref().map(VersionId::from_text),
        max_keys: page_size(query, "max-keys", limits::PAGE_MAX_ENTRIES)?,
        encoding: encoding(query)?,
    })
}

pub(super) fn uploads(request: &Request<'_>) -> Result<ListMultipartUploadsInput, S3Error> {
    let query = request.routed.query();
    Ok(ListMultipartUploadsInput {
        prefix: text(query, "prefix"),
        delimiter: non_empty(query, "delimiter"),
        key_marker: text(query, "key-marker"),
        upload_id_marker: text(query, "upload-id-marker"),
        max_uploads: page_size(query, "max-uploads", limits::PAGE_MAX_ENTRIES)?,
        encoding: encoding(query)?,
    })
}

pub(super) fn parts(request: &Request<'_>) -> Result<ListPartsInput, S3Error> {
    let query = request.routed.query();
    Ok(ListPartsInput {
        upload_id: text(query, "uploadId"),
        max_parts: page_size(query, "max-parts", limits::PAGE_MAX_ENTRIES)?,
        part_number_marker: page_size(query, "part-number-marker", u32::MAX).map(|marker| {
            if query.get("part-number-marker").is_none_or(str::is_empty) { 0 } else { marker }
        })?,
    })
}

pub(super) fn buckets(request: &Request<'_>) -> Result<ListBucketsInput, S3Error> {
    let query = request.routed.query();
    let after = match query.get("continuation-token").map(token::parse).transpose()? {
        Some(Continuation::Key(name)) => Some(name),
        Some(Continuation::Prefix(_)) => return Err(token::incorrect()),
        None => None,
    };
    let max_buckets = non_empty(query, "max-buckets")
        .map(|text| {
            let number = text.parse().ok().filter(|number| (1..=limits::BUCKET_PAGE_MAX).contains(number));
            number.ok_or_else(|| {
                let message = "Argument max-buckets must be an integer between 1 and 10000";
                S3Error::invalid_argument(message, "max-buckets", text)
            })
        })
        .transpose()?;
    Ok(ListBucketsInput {
        prefix: non_empty(query, "prefix"),
        after,
        max_buckets,
        bucket_region: non_empty(query, "bucket-region"),
    })
}

fn text(query: &Query, name: &str) -> String {
    query.get(name).unwrap_or_default().to_owned()
}

fn non_empty(query: &Query, name: &str) -> Option<String> {
    query.get(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// How many entries a page may have: what the request says, at most and by default `max`.
fn page_size(query: &Query, name: &'static str, max: u32) -> Result<u32, S3Error> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else { return Ok(max) };
    match text.parse::<i64>() {
        Ok(number) if (0..=i64::from(i32::MAX)).contains(&number) => {
            Ok(u32::try_from(number).unwrap_or(max).min(max))
        }
        Ok(_) => {
            let message = format!("Argument {name} must be an integer between 0 and 2147483647");
            Err(S3Error::invalid_argument(message, name, text))
        }
        Err(_) => {
            let message = format!("Provided {name} not an integer or within integer range");
            Err(S3Error::invalid_argument(message, name, text))
        }
    }
}

fn encoding(query: &Query) -> Result<Option<EncodingType>, S3Error> {
    match query.get("encoding-type") {
        None | Some("") => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("url") => Ok(Some(EncodingType::Url)),
        Some(text) => Err(S3Error::invalid_argument(
            "Invalid Encoding Method specified in Request",
            "encoding-type",
            text,
        )),
    }
}

#[cfg(test)]
mod tests {
    use s3_model::{ErrorCode, Input};

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    fn v2(query: &str) -> ListObjectsV2Input {
        match input_of(("GET", &format!("/bucket?list-type=2&{query}")), &[], "").unwrap() {
            Input::ListObjectsV2(input) => input,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn page_sizes_are_cut_to_the_limit() {
        for (text, size) in
            [("max-keys=0", 0), ("max-keys=1", 1), ("max-keys=1000", 1000), ("max-keys=1001", 1000)]
        {
            assert_eq!(v2(text).max_keys, size);
        }
        assert_eq!(v2("").max_keys, 1000);
        assert_eq!(v2("max-keys=").max_keys, 1000);
        for text in ["-1", "x", "2147483648", "99999999999999999999", "1.5"] {
            let uri = format!("/bucket?max-keys={text}");
            assert_eq!(refusal(("GET", &uri), &[], ""), ErrorCode::InvalidArgument, "{text}");
        }
    }

    #[test]
    fn a_listing_says_where_it_begins_and_goes_on() {
        let token = token::write(&Continuation::Prefix("a/".to_owned()));
        let input = v2(&format!(
            "prefix=a%2F&delimiter=&start-after=x+y&fetch-owner=true&continuation-token={token}"
        ));
        assert_eq!((input.prefix.as_str(), input.delimiter, input.fetch_owner), ("a/", None, true));
        assert_eq!(input.start_after.as_deref(), Some("x y"));
        assert_eq!(input.continuation, Some(Continuation::Prefix("a/".to_owned())));
        assert_eq!(input.continuation_token, Some(token));
        for uri in [
            "/bucket?list-type=2&continuation-token=",
            "/bucket?list-type=2&continuation-token=abc",
            "/?continuation-token=x",
        ] {
            assert_eq!(refusal(("GET", uri), &[], ""), ErrorCode::InvalidArgument, "{uri}");
        }
    }

    #[test]
    fn encodings_and_markers_that_are_none_are_refused() {
        assert_eq!(v2("encoding-type=url").encoding, Some(EncodingType::Url));
        assert_eq!(refusal(("GET", "/bucket?encoding-type=xml"), &[], ""), ErrorCode::InvalidArgument);
        let orphan = ("GET", "/bucket?versions&version-id-marker=v");
        assert_eq!(refusal(orphan, &[], ""), ErrorCode::InvalidArgument);
    }

    #[test]
    fn parts_and_buckets_have_pages() {
        let parts =
            |query: &str| input_of(("GET", &format!("/bucket/key?uploadId=u{query}")), &[], "").unwrap();
        let expected = |max_parts, part_number_marker| {
            Input::ListParts(ListPartsInput { upload_id: "u".to_owned(), max_parts, part_number_marker })
        };
        assert_eq!(parts(""), expected(1000, 0));
        assert_eq!(parts("&part-number-marker=7&max-parts=2"), expected(2, 7));
        let after = token::write(&Continuation::Key("name".to_owned()));
        let uri = format!("/?max-buckets=10000&prefix=p&continuation-token={after}");
        let Input::ListBuckets(input) = input_of(("GET", &uri), &[], "").unwrap() else {
            panic!("ListBuckets")
        };
        assert_eq!((input.max_buckets, input.after.as_deref()), (Some(10_000), Some("name")));
        for uri in ["/?max-buckets=0", "/?max-buckets=10001", "/?max-buckets=x"] {
            assert_eq!(refusal(("GET", uri), &[], ""), ErrorCode::InvalidArgument, "{uri}");
        }
    }
}
