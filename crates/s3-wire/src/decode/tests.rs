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
