//! Moments as HTTP and S3 write them. Source: RFC 9110, section 5.6.7; RFC 3339.

use types::Timestamp;

#[cfg(test)]
mod tests;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The epoch was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const SECONDS_PER_DAY: u64 = 86_400;

/// A moment as calendar and clock in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Civil {
    /// Days are counted in eras of 400 years that begin on the first of March, so that leap days come last.
    fn from_secs(secs: u64) -> Self {
        let (days, clock) = (secs / SECONDS_PER_DAY, secs % SECONDS_PER_DAY);
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
        }
    }

    /// `None` where a field is out of its range or the moment lies before the epoch.
    fn to_secs(self) -> Option<u64> {
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let month_days = match self.month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let in_range = (1970..=9999).contains(&self.year)
            && (1..=month_days).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        if !in_range {
            return None;
        }
        let year = self.year - u64::from(self.month <= 2);
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
        Some(days * SECONDS_PER_DAY + self.hour * 3600 + self.minute * 60 + self.second)
    }
}

/// Writes a number below 100 over two digits.
fn two_digits(into: &mut [u8], number: u64) {
    into[0] = b'0' + (number / 10 % 10) as u8;
    into[1] = b'0' + (number % 10) as u8;
}

/// Writes a year over four digits.
fn year_digits(into: &mut [u8], year: u64) {
    two_digits(&mut into[..2], year / 100);
    two_digits(&mut into[2..4], year % 100);
}

/// Writes hours, minutes and seconds over `00:00:00`.
fn clock_digits(into: &mut [u8], civil: Civil) {
    two_digits(&mut into[..2], civil.hour);
    two_digits(&mut into[3..5], civil.minute);
    two_digits(&mut into[6..8], civil.second);
}

/// Appends the moment as XML has it: `2026-11-21T12:34:56.000Z`. S3 knows whole seconds only, so that listings and
/// `Last-Modified` agree.
pub(crate) fn write_iso(into: &mut Vec<u8>, moment: Timestamp) {
    let civil = Civil::from_secs(moment.as_secs());
    let mut text = *b"0000-00-00T00:00:00.000Z";
    year_digits(&mut text[..4], civil.year);
    two_digits(&mut text[5..7], civil.month);
    two_digits(&mut text[8..10], civil.day);
    clock_digits(&mut text[11..19], civil);
    into.extend_from_slice(&text);
}

/// The moment as HTTP headers have it: `Sat, 21 Nov 2026 12:34:56 GMT`.
#[must_use]
pub fn http_date(moment: Timestamp) -> String {
    let civil = Civil::from_secs(moment.as_secs());
    let mut text = *b"Thu, 00 Jan 0000 00:00:00 GMT";
    let weekday = WEEKDAYS[(moment.as_secs() / SECONDS_PER_DAY % 7) as usize];
    text[..3].copy_from_slice(weekday.as_bytes());
    two_digits(&mut text[5..7], civil.day);
    text[8..11].copy_from_slice(MONTHS[(civil.month - 1) as usize].as_bytes());
    year_digits(&mut text[12..16], civil.year);
    clock_digits(&mut text[17..25], civil);
    std::str::from_utf8(&text).expect("only ASCII was written").to_owned()
}

/// Reads a date of an HTTP header in any of its three forms. `None` where it is none of them, or before 1970.
#[must_use]
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = match text.split_once(',') {
        Some((_, rest)) if rest.contains('-') => parse_rfc850(rest.trim())?,
        Some((_, rest)) => parse_imf(rest.trim())?,
        None => parse_asctime(text)?,
    };
    civil.to_secs().map(Timestamp::from_secs)
}

/// `06 Nov 1994 08:49:37 GMT`.
fn parse_imf(text: &str) -> Option<Civil> {
    let mut pieces = text.split_ascii_whitespace();
    let (day, month, year) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let civil = civil(number(year)?, month, day, pieces.next()?)?;
    is_utc(pieces.next()?).then_some(())?;
    pieces.next().is_none().then_some(civil)
}

/// `06-Nov-94 08:49:37 GMT`. Two digits of a year below 70 belong to this century.
fn parse_rfc850(text: &str) -> Option<Civil> {
    let mut pieces = text.split_ascii_whitespace();
    let mut date = pieces.next()?.split('-');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    let year = match number(year)? {
        short @ 0..70 => 2000 + short,
        short @ 70..100 => 1900 + short,
        full => full,
    };
    let civil = civil(year, month, day, pieces.next()?)?;
    is_utc(pieces.next()?).then_some(civil)
}

/// `Sun Nov  6 08:49:37 1994`.
fn parse_asctime(text: &str) -> Option<Civil> {
    let mut pieces = text.split_ascii_whitespace().skip(1);
    let (month, day, clock, year) = (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()?);
    civil(number(year)?, month, day, clock)
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "GMT" | "UTC" | "Z" | "+0000" | "-0000")
}

fn civil(year: u64, month: &str, day: &str, clock: &str) -> Option<Civil> {
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as u64 + 1;
    let mut clock = clock.split(':');
    let (hour, minute, second) = (number(clock.next()?)?, number(clock.next()?)?, number(clock.next()?)?);
    Some(Civil { year, month, day: number(day)?, hour, minute, second })
}

/// At most four digits.
fn number(text: &str) -> Option<u64> {
    ((1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads `2026-11-21T12:34:56Z`, with or without a fraction, and the compact `20261121T123456Z`. `None` for anything else.
#[must_use]
pub fn parse_iso_date(text: &str) -> Option<Timestamp> {
    let text = text.trim().strip_suffix('Z')?;
    let whole = match text.split_once('.') {
        Some((whole, fraction)) => fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(whole)?,
        None => text,
    };
    let bare: String = match whole.len() {
        19 => {
            let marks = whole.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_digit());
            marks.eq([(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]).then_some(())?;
            whole.chars().filter(|character| !matches!(character, '-' | ':')).collect()
        }
        15 => whole.to_owned(),
        _ => return None,
    };
    let (date, clock) = bare.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| number(text.get(from..to)?);
    (date.len() == 8 && clock.len() == 6).then_some(())?;
    let civil = Civil {
        year: part(date, 0, 4)?,
        month: part(date, 4, 6)?,
        day: part(date, 6, 8)?,
        hour: part(clock, 0, 2)?,
        minute: part(clock, 2, 4)?,
        second: part(clock, 4, 6)?,
    };
    civil.to_secs().map(Timestamp::from_secs)
}
