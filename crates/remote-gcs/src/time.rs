use ::time::format_description::well_known::Rfc3339;
use ::time::macros::format_description;
use ::time::{OffsetDateTime, PrimitiveDateTime};
use types::Timestamp;

/// Reads a time of the JSON API, cut to whole seconds: HTTP's dates have no more, and all answers must agree.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    seconds(OffsetDateTime::parse(text, &Rfc3339).ok()?)
}

/// Reads a date of HTTP. Source: RFC 9110, section 5.6.7, the preferred form.
pub(crate) fn from_http(text: &str) -> Option<Timestamp> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    seconds(PrimitiveDateTime::parse(text, &format).ok()?.assume_utc())
}

fn seconds(moment: OffsetDateTime) -> Option<Timestamp> {
    Some(Timestamp::from_secs(u64::try_from(moment.unix_timestamp()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_second() {
        let expected = Some(Timestamp::from_secs(784_111_777));
        assert_eq!(from_http("Sun, 06 Nov 1994 08:49:37 GMT"), expected);
        assert_eq!(from_rfc3339("1994-11-06T08:49:37.999Z"), expected);
        assert_eq!(from_rfc3339("1994-11-06T09:49:37.123456+01:00"), expected);
        assert_eq!(from_http("yesterday"), None);
    }
}
