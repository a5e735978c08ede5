use s3_model::EtagMatch;

use super::*;

const SECOND: u64 = 1_000_000_000;
const TAG: &str = "\"abc\"";

/// The object of every case: tag `abc`, written half a second after second 100.
fn verdict(conditions: &ReadConditions) -> Verdict {
    weigh(conditions, &ETag::from_text(TAG), Timestamp::from_nanos(100 * SECOND + SECOND / 2))
}

/// A tag condition that holds or does not for the object; `None` is no condition.
fn tags(hit: Option<bool>) -> Option<EtagMatch> {
    hit.map(|hit| EtagMatch::Listed(vec![ETag::from_text(if hit { TAG } else { "\"other\"" })]))
}

#[test]
fn precedence_of_read_conditions() {
    use Condition::{Match, ModifiedSince, NoneMatch, UnmodifiedSince};
    use Verdict::{Failed, Holds, NotModified};

    const HIT: Option<bool> = Some(true);
    const MISS: Option<bool> = Some(false);
    const NO: Option<bool> = None;
    // If-Match hits, If-Unmodified-Since, If-None-Match hits, If-Modified-Since, what follows. Dates are in seconds; the
    // object is of second 100.
    type Case = (Option<bool>, Option<u64>, Option<bool>, Option<u64>, Verdict);
    let cases: &[Case] = &[
        (NO, None, NO, None, Holds),
        // Each alone.
        (HIT, None, NO, None, Holds),
        (MISS, None, NO, None, Failed(Match)),
        (NO, Some(99), NO, None, Failed(UnmodifiedSince)),
        (NO, Some(100), NO, None, Holds),
        (NO, Some(101), NO, None, Holds),
        (NO, None, HIT, None, NotModified(NoneMatch)),
        (NO, None, MISS, None, Holds),
        (NO, None, NO, Some(99), Holds),
        (NO, None, NO, Some(100), NotModified(ModifiedSince)),
        (NO, None, NO, Some(101), NotModified(ModifiedSince)),
        // A tag wins over its date.
        (HIT, Some(99), NO, None, Holds),
        (MISS, Some(101), NO, None, Failed(Match)),
        (NO, None, HIT, Some(99), NotModified(NoneMatch)),
        (NO, None, MISS, Some(101), Holds),
        // 412 comes before 304.
        (MISS, None, HIT, None, Failed(Match)),
        (NO, Some(99), NO, Some(101), Failed(UnmodifiedSince)),
        (NO, Some(99), HIT, None, Failed(UnmodifiedSince)),
        (HIT, None, HIT, None, NotModified(NoneMatch)),
        (HIT, Some(99), NO, Some(101), NotModified(ModifiedSince)),
        (HIT, Some(99), MISS, Some(101), Holds),
    ];
    for (if_match, unmodified, if_none_match, modified, expected) in cases {
        let conditions = ReadConditions {
            if_match: tags(*if_match),
            if_none_match: tags(*if_none_match),
            if_modified_since: modified.map(Timestamp::from_secs),
            if_unmodified_since: unmodified.map(Timestamp::from_secs),
        };
        assert_eq!(verdict(&conditions), *expected, "{conditions:?}");
    }
}

#[test]
fn weak_tags_answer_only_if_none_match() {
    let weak = Some(EtagMatch::Listed(vec![ETag::from_text("W/\"abc\"")]));
    let if_match = ReadConditions { if_match: weak.clone(), ..ReadConditions::default() };
    assert_eq!(verdict(&if_match), Verdict::Failed(Condition::Match));
    let if_none_match = ReadConditions { if_none_match: weak, ..ReadConditions::default() };
    assert_eq!(verdict(&if_none_match), Verdict::NotModified(Condition::NoneMatch));
}

#[test]
fn a_star_names_every_object() {
    let any = Some(EtagMatch::Any);
    let if_match = ReadConditions { if_match: any.clone(), ..ReadConditions::default() };
    assert_eq!(verdict(&if_match), Verdict::Holds);
    let if_none_match = ReadConditions { if_none_match: any, ..ReadConditions::default() };
    assert_eq!(verdict(&if_none_match), Verdict::NotModified(Condition::NoneMatch));
}

#[test]
fn if_range_asks_for_exactly_this_state() {
    let (tag, at) = (ETag::from_text(TAG), Timestamp::from_nanos(100 * SECOND + 7));
    let holds = |if_range| range_holds(Some(&if_range), &tag, at);
    assert!(range_holds(None, &tag, at));
    assert!(holds(IfRange::Tag(ETag::from_text(TAG))));
    assert!(!holds(IfRange::Tag(ETag::from_text("W/\"abc\""))));
    assert!(!holds(IfRange::Tag(ETag::from_text("\"other\""))));
    assert!(holds(IfRange::Date(Timestamp::from_secs(100))));
    assert!(!holds(IfRange::Date(Timestamp::from_secs(99))));
    assert!(!holds(IfRange::Date(Timestamp::from_secs(101))));
}

#[test]
fn a_store_without_atomic_conditions_is_never_asked_for_one() {
    let no = Support::No("conditions are not atomic there");
    assert_eq!(for_store(&WriteCondition::Always, no), Ok(store::WriteCondition::Always));
    for condition in
        [WriteCondition::IfAbsent, WriteCondition::IfPresent, WriteCondition::IfMatch(ETag::from_text("x"))]
    {
        let refused = for_store(&condition, no).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotImplemented);
        assert!(refused.message.contains("not atomic there"));
        assert!(for_store(&condition, Support::Yes).is_ok());
    }
}
