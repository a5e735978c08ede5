//! The dates of signatures and policies, read and written without a calendar library: the check of a request reads two.

use types::Timestamp;

const SECONDS_PER_DAY: u64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A date and time of the proleptic Gregorian calendar in UTC.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
}

impl Civil {
    fn of(moment: Timestamp) -> Self {
        let seconds = moment.as_secs();
        let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY);
        Self { year, month, day, second_of_day: seconds % SECONDS_PER_DAY }
    }

    /// Reads digits of `yyyyMMdd` and `HHmmss`.
    fn parse(date: &[u8], time: &[u8]) -> Option<Timestamp> {
        let (year, month, day) = (number(&date[..4])?, number(&date[4..6])?, number(&date[6..8])?);
        let (hour, minute, second) = (number(&time[..2])?, number(&time[2..4])?, number(&time[4..6])?);
        moment(year, month, day, hour * 3600 + minute * 60 + second)
            .filter(|_| hour < 24 && minute < 60 && second < 61)
    }
}

/// Reads `yyyyMMdd'T'HHmmss'Z'`, the form of `x-amz-date`.
pub(crate) fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    Civil::parse(&bytes[..8], &bytes[9..15])
}

/// Reads `yyyy-MM-dd'T'HH:mm:ss'Z'`, with or without a fraction of a second: the form of a policy's expiration.
pub(crate) fn parse_extended(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if bytes.len() < 20 || separators.iter().any(|(at, separator)| bytes[*at] != *separator) {
        return None;
    }
    let fraction = bytes[19..].strip_suffix(b"Z")?;
    let is_fraction =
        |digits: &[u8]| (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    if !fraction.is_empty() && !fraction.strip_prefix(b".").is_some_and(is_fraction) {
        return None;
    }
    Civil::parse(
        &[&bytes[..4], &bytes[5..7], &bytes[8..10]].concat(),
        &[&bytes[11..13], &bytes[14..16], &bytes[17..19]].concat(),
    )
}

/// Reads the preferred date of HTTP, `Tue, 27 Mar 2007 19:36:42 GMT`, the zone written as `GMT`, `UTC` or `+0000`.
/// Source: RFC 9110, section 5.6.7, and RFC 5322 for the numeric zone that older S3 clients send.
pub(crate) fn parse_http(text: &str) -> Option<Timestamp> {
    let rest = text.trim();
    let rest = rest.split_once(',').map_or(rest, |(_, rest)| rest);
    let mut words = rest.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next()?);
    if words.next().is_some() || !matches!(zone, "GMT" | "UTC" | "+0000" | "-0000") {
        return None;
    }
    let month = 1 + MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let date = format!("{year:0>4}{month:02}{day:0>2}");
    let time = time.as_bytes();
    if date.len() != 8 || time.len() != 8 || time[2] != b':' || time[5] != b':' {
        return None;
    }
    Civil::parse(date.as_bytes(), &[&time[..2], &time[3..5], &time[6..8]].concat())
}

/// Writes `yyyyMMdd'T'HHmmss'Z'`.
pub(crate) fn basic(moment: Timestamp) -> String {
    let Civil { year, month, day, second_of_day } = Civil::of(moment);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Writes `yyyy-MM-dd'T'HH:mm:ss'Z'`.
pub(crate) fn extended(moment: Timestamp) -> String {
    let Civil { year, month, day, second_of_day } = Civil::of(moment);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes the preferred date of HTTP.
pub(crate) fn http(moment: Timestamp) -> String {
    let Civil { year, month, day, second_of_day } = Civil::of(moment);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let weekday = WEEKDAYS[(moment.as_secs() / SECONDS_PER_DAY % 7) as usize];
    let month = MONTHS[(month - 1) as usize];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}

fn moment(year: u64, month: u64, day: u64, second_of_day: u64) -> Option<Timestamp> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    Some(Timestamp::from_secs(days_from_civil(year, month, day) * SECONDS_PER_DAY + second_of_day))
}

fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March here, so that the leap day is a year's last.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
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
        for text in
            ["Fri, 24 May 2013 00:00:00 GMT", "24 may 2013 00:00:00 +0000", "Fri,24 May 2013 00:00:00 UTC"]
        {
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
        for text in
            ["2013-05-24T00:00:00", "2013-05-24T00:00:00.Z", "2013-05-24T00:00:00+01:00", "19691231T235959Z"]
        {
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
