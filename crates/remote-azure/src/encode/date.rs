use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use types::Timestamp;

/// RFC 9110, section 5.6.7.
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// RFC 3339, whole seconds.
const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

fn write(moment: Timestamp, format: &[BorrowedFormatItem<'_>]) -> String {
    let secs = i64::try_from(moment.as_secs()).unwrap_or(i64::MAX);
    let date = OffsetDateTime::from_unix_timestamp(secs).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(format).unwrap_or_default()
}

/// A moment as `x-ms-date` has it.
pub(crate) fn http_date(moment: Timestamp) -> String {
    write(moment, HTTP)
}

/// A moment as signatures have it.
pub(crate) fn iso_date(moment: Timestamp) -> String {
    write(moment, ISO)
}

/// Reads a moment as `Last-Modified` has it.
pub(crate) fn read_http_date(text: &str) -> Option<Timestamp> {
    let moment = PrimitiveDateTime::parse(text, HTTP).ok()?.assume_utc().unix_timestamp();
    u64::try_from(moment).ok().map(Timestamp::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_reference_shows_them() {
        let moment = Timestamp::from_secs(1_435_361_952);
        assert_eq!(http_date(moment), "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!(iso_date(moment), "2015-06-26T23:39:12Z");
        assert_eq!(read_http_date("Fri, 26 Jun 2015 23:39:12 GMT"), Some(moment));
        assert_eq!(read_http_date("yesterday"), None);
    }
}
