use proptest::prelude::*;

use super::*;

fn iso(secs: u64) -> String {
    let mut text = Vec::new();
    write_iso(&mut text, Timestamp::from_secs(secs));
    String::from_utf8(text).unwrap()
}

#[test]
fn known_moments_are_written_right() {
    assert_eq!(http_date(Timestamp::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(http_date(Timestamp::default()), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(iso(951_782_400), "2000-02-29T00:00:00.000Z");
    assert_eq!(iso(4_102_444_799), "2099-12-31T23:59:59.000Z");
    assert_eq!(iso(1_709_164_800), "2024-02-29T00:00:00.000Z");
}

#[test]
fn all_three_http_forms_are_read() {
    for text in
        ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
    {
        assert_eq!(parse_http_date(text), Some(Timestamp::from_secs(784_111_777)), "{text}");
    }
    assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 +0000"), Some(Timestamp::from_secs(784_111_777)));
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "yesterday",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 06 Nov 1894 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
    ] {
        assert_eq!(parse_http_date(text), None, "{text}");
    }
    for text in [
        "",
        "2026-11-21",
        "2026-11-21T12:34:56",
        "2026-13-21T12:34:56Z",
        "2026-11-21 12:34:56Z",
        "20261121T1234Z",
    ] {
        assert_eq!(parse_iso_date(text), None, "{text}");
    }
}

#[test]
fn iso_dates_are_read_with_and_without_marks() {
    for text in ["2026-11-21T12:34:56Z", "2026-11-21T12:34:56.789Z", "20261121T123456Z"] {
        assert_eq!(parse_iso_date(text).map(Timestamp::as_secs), Some(1_795_264_496), "{text}");
    }
}

proptest! {
    #[test]
    fn every_moment_comes_back(secs in 0_u64..18_446_744_073) {
        let moment = Timestamp::from_secs(secs);
        prop_assert_eq!(parse_http_date(&http_date(moment)), Some(moment));
        prop_assert_eq!(parse_iso_date(&iso(secs)), Some(moment));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = parse_http_date(&text);
        let _ = parse_iso_date(&text);
    }
}
