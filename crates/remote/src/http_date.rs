use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use types::Timestamp;

const IMF_FIXDATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Reads a date as HTTP headers have it (`Sun, 06 Nov 1994 08:49:37 GMT`). Source: RFC 9110, section 5.6.7.
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    let date = PrimitiveDateTime::parse(text.trim(), IMF_FIXDATE).ok()?.assume_utc();
    u64::try_from(date.unix_timestamp()).ok().map(Timestamp::from_secs)
}

/// Writes a date as [`http_date`] reads it, whole seconds.
#[must_use]
pub fn to_http_date(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.as_secs()).unwrap_or(i64::MAX);
    let date = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(IMF_FIXDATE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip_and_nonsense_is_refused() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(http_date(text), Some(Timestamp::from_secs(784_111_777)));
        assert_eq!(to_http_date(Timestamp::from_secs(784_111_777)), text);
        for text in
            ["", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 +0100", "Sun, 32 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
