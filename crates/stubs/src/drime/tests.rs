use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::form::Form;
use super::world::{World, is_legal_name};
use super::{Settings, Stub};

#[test]
fn a_form_is_read_and_one_cut_short_is_none() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    let whole = "--b\r\nContent-Disposition: form-data; name=\"parentId\"\r\n\r\n7\r\n--b\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx\r\n--c\r\n--b--\r\n";
    let form = Form::read(&headers, &Bytes::from_static(whole.as_bytes())).unwrap();
    let file = form.file.unwrap();
    assert_eq!(
        (file.name.as_str(), &file.bytes[..], form.fields["parentId"].as_str()),
        ("a.txt", &b"x\r\n--c"[..], "7")
    );
    for end in 0..whole.len() - 2 {
        assert!(
            Form::read(&headers, &Bytes::from_static(&whole.as_bytes()[..end])).is_none(),
            "cut at {end}"
        );
    }
}

#[test]
fn names_are_held_to_the_drives_rules() {
    for name in ["a", "é", "a b", "%", "...", &"n".repeat(255)] {
        assert!(is_legal_name(name), "{name}");
    }
    for name in ["", ".", "..", " a", "a ", "a\\b", "a/b", "a\0", &"n".repeat(256)] {
        assert!(!is_legal_name(name), "{name}");
    }
}

#[test]
fn a_minute_takes_no_more_calls_than_the_limit() {
    let mut world = World::new(Settings { calls_per_minute: 2, ..Settings::default() });
    assert_eq!((world.count_call(), world.count_call(), world.count_call()), (Some(1), Some(0), None));
}

#[test]
fn a_late_listing_shows_what_was_there_before() {
    let mut world = World::new(Settings { late_writes: 1, ..Settings::default() });
    world.add_file(None, "a", Bytes::from_static(b"1"));
    assert_eq!(world.stale[&None].entries.len(), 0);
    assert_eq!(world.children(None).count(), 1);
}

#[test]
fn the_banner_is_one_line_with_url_and_token() {
    let stub = Stub::start(Settings::default()).unwrap();
    let banner = stub.banner();
    assert!(banner.starts_with("endpoint=http://127.0.0.1:") && banner.contains(" token="), "{banner}");
    assert_eq!(banner.lines().count(), 1);
}
