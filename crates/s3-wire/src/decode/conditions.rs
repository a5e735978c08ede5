use s3_model::{EtagMatch, IfRange, ReadConditions, S3Error, WriteCondition};
use types::ETag;

use crate::date::parse_http_date;
use crate::fields::Fields;

/// The four headers of read conditions, of the object itself or of a copy's source.
struct Names {
    if_match: &'static str,
    if_none_match: &'static str,
    if_modified_since: &'static str,
    if_unmodified_since: &'static str,
}

const OBJECT: Names = Names {
    if_match: "if-match",
    if_none_match: "if-none-match",
    if_modified_since: "if-modified-since",
    if_unmodified_since: "if-unmodified-since",
};

const COPY_SOURCE: Names = Names {
    if_match: "x-amz-copy-source-if-match",
    if_none_match: "x-amz-copy-source-if-none-match",
    if_modified_since: "x-amz-copy-source-if-modified-since",
    if_unmodified_since: "x-amz-copy-source-if-unmodified-since",
};

/// The conditions of a GET or HEAD.
pub(super) fn read(fields: Fields<'_>) -> ReadConditions {
    named(fields, &OBJECT)
}

/// The conditions on a copy's source.
pub(super) fn copy_source(fields: Fields<'_>) -> ReadConditions {
    named(fields, &COPY_SOURCE)
}

/// A date that cannot be read is ignored, as RFC 9110 asks.
fn named(fields: Fields<'_>, names: &Names) -> ReadConditions {
    let tags = |name| fields.trimmed(name).map(|text| etag_list(&text));
    let date = |name| fields.trimmed(name).and_then(|text| parse_http_date(&text));
    ReadConditions {
        if_match: tags(names.if_match),
        if_none_match: tags(names.if_none_match),
        if_modified_since: date(names.if_modified_since),
        if_unmodified_since: date(names.if_unmodified_since),
    }
}

/// `If-Range`: a date where it reads as one, else a tag.
pub(super) fn if_range(fields: Fields<'_>) -> Option<IfRange> {
    let text = fields.trimmed("if-range")?;
    Some(parse_http_date(&text).map_or_else(|| IfRange::Tag(ETag::from_text(&text)), IfRange::Date))
}

/// Reads a list of tags. Clients send them with and without quotes; a comma inside quotes belongs to the tag.
fn etag_list(text: &str) -> EtagMatch {
    let mut tags = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return EtagMatch::Listed(tags);
        }
        let quote = if rest.starts_with("W/\"") { 2 } else { 0 };
        let closed = rest[quote..].strip_prefix('"').and_then(|inner| inner.find('"'));
        let end = closed.map_or_else(|| rest.find(',').unwrap_or(rest.len()), |place| quote + place + 2);
        let (tag, behind) = rest.split_at(end);
        if tag.trim() == "*" {
            return EtagMatch::Any;
        }
        tags.push(ETag::from_text(tag));
        rest = behind;
    }
}

/// The condition of a PUT, copy or completion: `If-None-Match: *` or `If-Match` with one tag.
///
/// # Errors
/// `NotImplemented` by name for anything else that is conditional, as S3 answers.
pub(super) fn write(fields: Fields<'_>) -> Result<WriteCondition, S3Error> {
    refuse_dates(fields)?;
    let if_match = fields.trimmed("if-match").map(|text| etag_list(&text));
    let if_none_match = fields.trimmed("if-none-match").map(|text| etag_list(&text));
    match (if_match, if_none_match) {
        (None, None) => Ok(WriteCondition::Always),
        (None, Some(EtagMatch::Any)) => Ok(WriteCondition::IfAbsent),
        (Some(wanted), None) => if_match_condition(wanted),
        _ => Err(S3Error::header_not_implemented("If-None-Match")),
    }
}

/// The condition of a delete: `If-Match` with one tag or `*`.
///
/// # Errors
/// As [`write`].
pub(super) fn delete(fields: Fields<'_>) -> Result<WriteCondition, S3Error> {
    refuse_dates(fields)?;
    if fields.trimmed("if-none-match").is_some() {
        return Err(S3Error::header_not_implemented("If-None-Match"));
    }
    fields.trimmed("if-match").map_or(Ok(WriteCondition::Always), |text| if_match_condition(etag_list(&text)))
}

/// Refuses every condition, where S3 knows none.
///
/// # Errors
/// `NotImplemented` by name.
pub(super) fn refuse_all(fields: Fields<'_>) -> Result<(), S3Error> {
    refuse_dates(fields)?;
    refuse(fields, &[("if-match", "If-Match"), ("if-none-match", "If-None-Match")])
}

fn refuse_dates(fields: Fields<'_>) -> Result<(), S3Error> {
    refuse(
        fields,
        &[("if-modified-since", "If-Modified-Since"), ("if-unmodified-since", "If-Unmodified-Since")],
    )
}

fn refuse(fields: Fields<'_>, headers: &[(&str, &'static str)]) -> Result<(), S3Error> {
    match headers.iter().find(|(name, _)| fields.trimmed(name).is_some()) {
        Some((_, shown)) => Err(S3Error::header_not_implemented(*shown)),
        None => Ok(()),
    }
}

fn if_match_condition(wanted: EtagMatch) -> Result<WriteCondition, S3Error> {
    match wanted {
        EtagMatch::Any => Ok(WriteCondition::IfPresent),
        EtagMatch::Listed(tags) => match <[ETag; 1]>::try_from(tags) {
            Ok([tag]) => Ok(WriteCondition::IfMatch(tag)),
            Err(_) => Err(S3Error::header_not_implemented("If-Match")),
        },
    }
}

#[cfg(test)]
mod tests {
    use s3_model::ErrorCode;
    use types::Timestamp;

    use super::*;
    use crate::decode::testing::with_fields;

    fn listed(tags: &[&str]) -> EtagMatch {
        EtagMatch::Listed(tags.iter().map(|tag| ETag::from_text(tag)).collect())
    }

    #[test]
    fn tag_lists_are_read_in_every_form() {
        assert_eq!(etag_list("\"a\""), listed(&["a"]));
        assert_eq!(etag_list("a"), listed(&["a"]));
        assert_eq!(etag_list("\"a\", W/\"b\" ,c,, \"d,e\""), listed(&["a", "W/\"b\"", "c", "d,e"]));
        assert_eq!(etag_list(" * "), EtagMatch::Any);
        assert_eq!(etag_list("\"*\""), listed(&["\"*\""]));
        assert_eq!(etag_list("\"unclosed"), listed(&["\"unclosed"]));
        assert_eq!(etag_list("W/"), listed(&["W/"]));
    }

    #[test]
    fn read_conditions_and_if_range() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let moment = Timestamp::from_secs(784_111_777);
        with_fields(
            &[("if-match", "\"a\""), ("if-modified-since", date), ("if-unmodified-since", "soon")],
            |fields| {
                let conditions = read(fields);
                assert_eq!(conditions.if_match, Some(listed(&["a"])));
                assert_eq!(conditions.if_modified_since, Some(moment));
                assert_eq!(conditions.if_unmodified_since, None);
            },
        );
        with_fields(&[("if-range", date)], |fields| {
            assert_eq!(if_range(fields), Some(IfRange::Date(moment)))
        });
        with_fields(&[("if-range", "\"x\"")], |fields| {
            assert_eq!(if_range(fields), Some(IfRange::Tag(ETag::from_text("x"))));
        });
        with_fields(&[("x-amz-copy-source-if-none-match", "*")], |fields| {
            assert_eq!(copy_source(fields).if_none_match, Some(EtagMatch::Any));
            assert!(read(fields).is_empty());
        });
    }

    #[test]
    fn write_conditions() {
        let write = |headers: &[(&str, &str)]| {
            with_fields(headers, |fields| write(fields).map_err(|error| error.code))
        };
        assert_eq!(write(&[]), Ok(WriteCondition::Always));
        assert_eq!(write(&[("if-none-match", "*")]), Ok(WriteCondition::IfAbsent));
        assert_eq!(write(&[("if-match", "*")]), Ok(WriteCondition::IfPresent));
        assert_eq!(write(&[("if-match", "\"a\"")]), Ok(WriteCondition::IfMatch(ETag::from_text("a"))));
        for headers in [
            &[("if-none-match", "\"a\"")][..],
            &[("if-match", "\"a\", \"b\"")],
            &[("if-match", "\"a\""), ("if-none-match", "*")],
            &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            &[("if-unmodified-since", "x")],
        ] {
            assert_eq!(write(headers), Err(ErrorCode::NotImplemented), "{headers:?}");
        }
    }

    #[test]
    fn deletes_know_if_match_only() {
        let delete = |headers: &[(&str, &str)]| {
            with_fields(headers, |fields| delete(fields).map_err(|error| error.code))
        };
        assert_eq!(delete(&[("if-match", "*")]), Ok(WriteCondition::IfPresent));
        assert_eq!(delete(&[("if-none-match", "*")]), Err(ErrorCode::NotImplemented));
    }
}
