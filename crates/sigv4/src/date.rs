use time::OffsetDateTime;
use types::Timestamp;

/// Writes a moment as `yyyyMMdd'T'HHmmss'Z'`, the form of `x-amz-date`. Moments past the year 9999 are written as the epoch,
/// which no service accepts.
#[must_use]
pub fn basic_date(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.as_secs()).unwrap_or_default();
    let date = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = date.to_hms();
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_leap_years_are_counted() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_709_251_200, "20240301T000000Z"),
        ] {
            assert_eq!(basic_date(Timestamp::from_secs(seconds)), text);
        }
    }
}
