use http::Request;

use super::*;

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

fn routed(method: &str, uri: &str) -> Routed {
    route(&request(method, uri, &[]), &Addressing::default()).unwrap()
}

fn refusal(method: &str, uri: &str) -> ErrorCode {
    route(&request(method, uri, &[]), &Addressing::default()).unwrap_err().code
}

#[test]
fn every_row_of_the_table_is_reached_by_its_own_request() {
    for row in Operation::table() {
        let path = match row.path {
            PathClass::Service => "/",
            PathClass::Bucket => "/bucket",
            PathClass::Object | PathClass::Any => "/bucket/key",
            PathClass::Fixed(path) => path,
        };
        let query: Vec<_> = row.query.iter().map(ToString::to_string).collect();
        let uri = format!("{path}?{}", query.join("&"));
        let headers: Vec<_> = row.header.iter().map(|name| (*name, "source/key")).collect();
        let routed = route(&request(row.method.as_str(), &uri, &headers), &Addressing::default());
        let expected = match row.status {
            Status::SameAs(operation) => operation,
            _ => row.operation,
        };
        assert_eq!(routed.unwrap().operation(), expected, "{} {uri}", row.method.as_str());
    }
}

#[test]
fn unknown_parameters_do_not_change_the_route() {
    assert_eq!(routed("GET", "/bucket/key?x-id=GetObject&foo=bar").operation(), Operation::GetObject);
    assert_eq!(routed("PUT", "/bucket/key?x-id=PutObject&partNumber=3").operation(), Operation::PutObject);
    assert_eq!(routed("GET", "/?x-id=ListBuckets").operation(), Operation::ListBuckets);
    assert_eq!(routed("GET", "/bucket?list-type=1").operation(), Operation::ListObjects);
    assert_eq!(routed("GET", "/bucket?prefix=acl&delimiter=%2F").operation(), Operation::ListObjects);
}

#[test]
fn a_sub_resource_never_falls_through_to_what_bears_it() {
    for (method, uri) in [
        ("DELETE", "/bucket?versioning"),
        ("DELETE", "/bucket?acl"),
        ("DELETE", "/bucket?location"),
        ("PUT", "/bucket?location"),
        ("DELETE", "/bucket/key?acl"),
        ("PUT", "/bucket/key?attributes"),
        ("GET", "/bucket?delete"),
        ("POST", "/bucket?versions"),
        ("POST", "/bucket/key"),
        ("PATCH", "/bucket/key"),
        ("PUT", "/"),
        ("POST", "/"),
    ] {
        assert_eq!(refusal(method, uri), ErrorCode::MethodNotAllowed, "{method} {uri}");
    }
}

#[test]
fn a_trailing_slash_is_the_bucket() {
    let routed = routed("GET", "/bucket/");
    assert_eq!(routed.operation(), Operation::ListObjects);
    assert_eq!(routed.bucket().unwrap().as_str(), "bucket");
    assert!(routed.key().is_none());
}

#[test]
fn keys_are_exactly_as_sent() {
    for (uri, key) in [
        ("/bucket/a/b", "a/b"),
        ("/bucket//a", "/a"),
        ("/bucket/a//b/", "a//b/"),
        ("/bucket/../x/./y", "../x/./y"),
        ("/bucket/a+b%2Bc%20d", "a+b+c d"),
        ("/bucket/%E2%82%AC%00", "\u{20ac}\0"),
        ("/bucket/%252F", "%2F"),
        ("/bucket/%2F", "/"),
    ] {
        assert_eq!(routed("GET", uri).key().unwrap().as_str(), key, "{uri}");
    }
    assert_eq!(routed("GET", "/bucket/a%20b?x=1").raw_path(), "/bucket/a%20b");
}

#[test]
fn names_that_are_none_are_refused() {
    assert_eq!(refusal("GET", "/Bucket/key"), ErrorCode::InvalidBucketName);
    assert_eq!(refusal("GET", "/ab"), ErrorCode::InvalidBucketName);
    assert_eq!(refusal("GET", "//key"), ErrorCode::InvalidBucketName);
    assert_eq!(refusal("GET", "/bucket/%ff"), ErrorCode::InvalidURI);
    assert_eq!(refusal("GET", "/bucket/%"), ErrorCode::InvalidURI);
    assert_eq!(refusal("GET", "/bucket/key?versionId="), ErrorCode::InvalidArgument);
    assert_eq!(refusal("PUT", &format!("/bucket/{}", "k".repeat(1025))), ErrorCode::KeyTooLongError);
    assert!(routed("PUT", &format!("/bucket/{}", "k".repeat(1024))).key().is_some());
}

#[test]
fn a_host_below_a_domain_names_the_bucket() {
    let addressing = Addressing::new(["s3.example.org".to_owned()]);
    let at = |uri: &str, host: &str| route(&request("GET", uri, &[("host", host)]), &addressing).unwrap();
    let object = at("/a/b", "My-Bucket.s3.example.org:9000");
    assert_eq!(object.style(), AddressingStyle::VirtualHost);
    assert_eq!((object.bucket().unwrap().as_str(), object.key().unwrap().as_str()), ("my-bucket", "a/b"));
    assert_eq!(at("/", "my.bucket.s3.example.org").operation(), Operation::ListObjects);
    assert_eq!(at("//x", "bucket.s3.example.org").key().unwrap().as_str(), "/x");
    assert_eq!(at("/", "s3.example.org:9000").operation(), Operation::ListBuckets);
    assert_eq!(at("/bucket/k", "127.0.0.1:9000").bucket().unwrap().as_str(), "bucket");
    let absolute = route(&request("GET", "http://bucket.s3.example.org/k", &[]), &addressing).unwrap();
    assert_eq!(absolute.key().unwrap().as_str(), "k");
}

#[test]
fn copies_are_told_by_their_source() {
    let headers =
        [("x-amz-copy-source", "/source/a%20b?versionId=v1"), ("x-amz-source-expected-bucket-owner", "me")];
    let copy = route(&request("PUT", "/bucket/key", &headers), &Addressing::default()).unwrap();
    assert_eq!(copy.operation(), Operation::CopyObject);
    assert_eq!(copy.copy_source().unwrap().key.as_str(), "a b");
    assert_eq!(copy.expected_source_owner(), Some("me"));
    let part =
        route(&request("PUT", "/bucket/key?partNumber=1&uploadId=u", &headers), &Addressing::default())
            .unwrap();
    assert_eq!(part.operation(), Operation::UploadPartCopy);
    let presigned = routed("PUT", "/bucket/key?X-Amz-Copy-Source=source%2Fk&X-Amz-Signature=s");
    assert_eq!(presigned.copy_source().unwrap().bucket.as_str(), "source");
    assert_eq!(routed("PUT", "/bucket/key?X-Amz-Copy-Source=source%2Fk").operation(), Operation::PutObject);
}

#[test]
fn preflights_are_routed_whatever_they_name() {
    assert_eq!(routed("OPTIONS", "/bucket/key").operation(), Operation::CorsPreflight);
    assert_eq!(routed("OPTIONS", "/").operation(), Operation::CorsPreflight);
}

proptest::proptest! {
    #[test]
    fn no_request_line_panics(method in "[A-Z]{1,7}", uri in "/[ -~]{0,80}", host in "[ -~]{0,20}") {
        let built = Request::builder().method(method.as_str()).uri(uri.as_str()).header("host", host.as_str()).body(());
        if let Ok(request) = built {
            let addressing = Addressing::new(["example.org".to_owned()]);
            let _ = route(&request.into_parts().0, &addressing);
        }
    }
}
