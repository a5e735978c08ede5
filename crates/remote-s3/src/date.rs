use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Duration, OffsetDateTime};
use types::Timestamp;

/// Reads the date of a document, RFC 3339, to whole seconds: headers tell no more, and a listing tells what they do.
pub(crate) fn of_document(text: &str) -> Option<Timestamp> {
    timestamp(OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?)
}

/// Reads the date of a header, RFC 9110's preferred form.
pub(crate) fn of_header(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zoned = text.strip_suffix("GMT").map(|bare| format!("{bare}+0000"));
    timestamp(OffsetDateTime::parse(zoned.as_deref().unwrap_or(text), &Rfc2822).ok()?)
}

/// The moment cut to whole seconds.
pub(crate) fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_secs(moment.as_secs())
}

fn timestamp(date: OffsetDateTime) -> Option<Timestamp> {
    let seconds = (date - OffsetDateTime::UNIX_EPOCH).max(Duration::ZERO).whole_seconds();
    u64::try_from(seconds).ok().map(Timestamp::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_tell_the_same_second() {
        let moment = Some(Timestamp::from_secs(1_369_353_600));
        assert_eq!(of_header("Fri, 24 May 2013 00:00:00 GMT"), moment);
        assert_eq!(of_document("2013-05-24T00:00:00.999Z"), moment);
        assert_eq!(of_document("2013-05-24T02:00:00+02:00"), moment);
        for text in ["", "24 May", "2013-05-24", "Fri, 24 May 2013 00:00:00"] {
            assert_eq!((of_header(text), of_document(text)), (None, None), "{text}");
        }
    }
}
