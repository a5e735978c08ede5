//! The dates of signatures and policies. The calendar itself is `s3-wire`'s.

use types::Timestamp;

pub(crate) use s3_wire::{http_date as http, parse_http_date as parse_http};
pub(crate) use sigv4::basic_date as basic;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `yyyyMMdd'T'HHmmss'Z'`, the form of `x-amz-date`.
pub(crate) fn parse_basic(text: &str) -> Option<Timestamp> {
    s3_wire::parse_iso_date(text).filter(|_| text.len() == 16 && text.as_bytes()[8] == b'T')
}

/// Reads `yyyy-MM-dd'T'HH:mm:ss'Z'`, with or without a fraction of a second: the form of a policy's expiration.
pub(crate) fn parse_extended(text: &str) -> Option<Timestamp> {
    s3_wire::parse_iso_date(text).filter(|_| text.len() >= 20)
}

/// Writes `yyyy-MM-dd'T'HH:mm:ss'Z'`.
pub(crate) fn extended(moment: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = fields(&http(moment));
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")
}

/// Year, month, day, hour, minute and second of HTTP's form, whose fields have fixed places, as digits.
fn fields(http: &str) -> [String; 6] {
    let month = MONTHS.iter().position(|name| *name == &http[8..11]);
    let month = 1 + month.expect("HTTP's form names one of twelve months");
    let [year, day, hour, minute, second] =
        [12..16, 5..7, 17..19, 20..22, 23..25].map(|place| http[place].to_owned());
    [year, format!("{month:02}"), day, hour, minute, second]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_tells_the_same_moment() {
        let moment = Timestamp::from_secs(1_369_353_600);
        assert_eq!(basic(moment), "20130524T000000Z");
        assert_eq!(extended(moment), "2013-05-24T00:00:00Z");
        assert_eq!(http(moment), "Fri, 24 May 2013 00:00:00 GMT");
        assert_eq!(parse_basic("20130524T000000Z"), Some(moment));
        assert_eq!(parse_extended("2013-05-24T00:00:00.000Z"), Some(moment));
        for text in [
            "Fri, 24 May 2013 00:00:00 GMT",
            "Fri, 24 May 2013 00:00:00 +0000",
            "Fri,24 May 2013 00:00:00 UTC",
        ] {
            assert_eq!(parse_http(text), Some(moment), "{text}");
        }
        assert_eq!(parse_http("Tue, 7 Mar 2007 19:36:42 +0000"), parse_basic("20070307T193642Z"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "20130524", "20130524T000000", "20130229T000000Z", "20130524T240000Z", "2013052aT000000Z"]
        {
            assert_eq!(parse_basic(text), None, "{text}");
        }
        for text in ["2013-05-24T00:00:00", "2013-05-24T00:00:00+01:00", "19691231T235959Z"] {
            assert_eq!((parse_extended(text), parse_basic(text)), (None, None), "{text}");
        }
        for text in [
            "Fri, 24 May 2013 00:00:00 CET",
            "Fri, 24 Foo 2013 00:00:00 GMT",
            "\u{7}",
            "24 May 2013 0:0:0 GMT",
        ] {
            assert_eq!(parse_http(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0_u64..13_000_000_000) {
            let moment = Timestamp::from_secs(seconds);
            prop_assert_eq!(parse_basic(&basic(moment)), Some(moment));
            prop_assert_eq!(parse_extended(&extended(moment)), Some(moment));
            prop_assert_eq!(parse_http(&http(moment)), Some(moment));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,32}", date in "[0-9TZ:. +-]{0,24}") {
            for text in [text, date] {
                let _ = (parse_basic(&text), parse_extended(&text), parse_http(&text));
            }
        }
    }
}
