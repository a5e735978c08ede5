use proptest::prelude::*;
use s3_model::{ErrorCode, Input, Operation, PathClass, Status};

use super::testing::input_of;

/// Every operation of the table is either decoded or refused by its name; none falls through.
#[test]
fn every_operation_is_decoded_or_refused_by_name() {
    for row in Operation::table() {
        if matches!(row.status, Status::SameAs(_)) || row.operation == Operation::PostObject {
            continue;
        }
        let path = match row.path {
            PathClass::Service => "/",
            PathClass::Bucket => "/bucket",
            PathClass::Object | PathClass::Any => "/bucket/key",
            PathClass::Fixed(path) => path,
        };
        let query: Vec<_> = row
            .query
            .iter()
            .map(
                |condition| {
                    if condition.value.is_none() { format!("{condition}=1") } else { condition.to_string() }
                },
            )
            .collect();
        let uri = format!("{path}?{}", query.join("&"));
        let headers: Vec<_> = row.header.iter().map(|name| (*name, "source/key")).collect();
        let result = input_of((row.method.as_str(), &uri), &headers, "");
        let is_unknown = matches!(&result, Err(error) if error.code == ErrorCode::NotImplemented);
        assert_eq!(is_unknown, row.status == Status::NotImplemented, "{} {result:?}", row.name);
        if let (true, Err(error)) = (is_unknown, result) {
            assert!(error.message.contains(row.name), "{}", error.message);
        }
    }
}

#[test]
fn a_form_is_not_decoded_from_headers() {
    let error = input_of(("POST", "/bucket"), &[], "").unwrap_err();
    assert_eq!(error.code, ErrorCode::NotImplemented);
}

#[test]
fn lock_settings_of_objects_are_known() {
    for uri in ["/bucket/key?retention", "/bucket/key?legal-hold"] {
        assert!(matches!(input_of(("GET", uri), &[], ""), Ok(Input::ObjectLock(_))), "{uri}");
        assert!(matches!(input_of(("PUT", uri), &[], "<x/>"), Ok(Input::ObjectLock(_))), "{uri}");
    }
}

const HEADERS: [&str; 14] = [
    "range",
    "if-match",
    "if-none-match",
    "if-range",
    "if-modified-since",
    "x-amz-tagging",
    "x-amz-meta-a",
    "x-amz-checksum-crc32",
    "x-amz-trailer",
    "x-amz-copy-source-range",
    "content-md5",
    "content-encoding",
    "x-amz-object-attributes",
    "x-amz-mp-object-size",
];

const REQUESTS: [(&str, &str); 9] = [
    ("GET", "/bucket/key"),
    ("PUT", "/bucket/key"),
    ("PUT", "/bucket/key?partNumber=1&uploadId=u"),
    ("POST", "/bucket/key?uploadId=u"),
    ("GET", "/bucket/key?attributes"),
    ("POST", "/bucket?delete"),
    ("PUT", "/bucket?tagging"),
    ("PUT", "/bucket?acl"),
    ("PUT", "/bucket"),
];

proptest! {
    #[test]
    fn no_headers_panic(
        request in prop::sample::select(&REQUESTS[..]),
        headers in prop::collection::vec((prop::sample::select(&HEADERS[..]), "[ -~é]{0,30}"), 0..5),
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let _ = input_of(request, &headers, "<Delete><Object><Key>k</Key></Object></Delete>");
    }

    #[test]
    fn no_range_panics(range in "bytes=[0-9, -]{0,40}") {
        let input = input_of(("GET", "/bucket/key"), &[("range", &range)], "");
        prop_assert!(input.is_ok());
    }

    #[test]
    fn no_document_panics(
        request in prop::sample::select(&REQUESTS[3..]),
        document in "(<Delete>|</Delete>|<Object>|</Object>|<Key>|</Key>|<Part>|</Part>|<PartNumber>|</PartNumber>|<ETag/>|<Tagging>\
            |</Tagging>|<TagSet>|</TagSet>|<Tag>|</Tag>|<Value/>|<AccessControlPolicy>|</AccessControlPolicy>|1|x|&amp;){0,24}",
    ) {
        let _ = input_of(request, &[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], document);
    }

    #[test]
    fn no_query_panics(path in prop::sample::select(&["/", "/bucket", "/bucket/key"][..]), query in "[a-zA-Z0-9=&%+-]{0,60}") {
        let _ = input_of(("GET", &format!("{path}?{query}")), &[], "");
    }
}
