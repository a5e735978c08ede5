use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What the drive takes as a name.
fn is_legal(name: &str) -> bool {
    is_holdable(name)
}

fn segment_of(name: &str) -> String {
    match meaning(name) {
        Meaning::Segment(segment) => segment,
        Meaning::Beginning(beginning) => panic!("{name:?} begins {beginning:?}"),
    }
}

/// The segment that the names of a path say together.
fn joined(names: impl IntoIterator<Item = String>) -> String {
    let said = names.into_iter().map(|name| match meaning(&name) {
        Meaning::Segment(text) | Meaning::Beginning(text) => text,
    });
    said.collect()
}

fn name_of(segment: &str) -> String {
    let [step] = &steps(segment)[..] else { panic!("{segment:?} takes several names") };
    step.name.clone()
}

#[test]
fn names_that_the_drive_holds_stay_as_they_are() {
    for name in
        ["a", "Documents", "100%", "a b", "%20", "%E-x", "é", "e\u{301}", "CON", "a\"b", "...", "%e", "%x-y"]
    {
        assert_eq!(name_of(name), name);
        assert_eq!(segment_of(name), name);
    }
}

#[test]
fn names_that_the_drive_cannot_hold_are_written_otherwise() {
    for (segment, name) in [
        ("", "%e-"),
        (".", "%e-%2e"),
        ("..", "%e-%2e%2e"),
        (" a b ", "%e-%20a b%20"),
        ("a\\b", "%e-a%5cb"),
        ("\0", "%e-%00"),
        ("%e-a", "%e-%25e-a"),
        (" 100%", "%e-%20100%25"),
    ] {
        assert_eq!(name_of(segment), name);
        assert_eq!(segment_of(name), segment);
    }
}

#[test]
fn foreign_names_that_look_written_are_shown_and_found_again() {
    for name in [
        "%e-a",
        "%e-%41",
        "%e-%2E",
        "%e-%",
        "%t-A",
        "%t-a",
        "%c-short",
        "%u-%61",
        "%e-%e-a",
        "%e-%e-%2e",
        "%e-%ff",
    ] {
        let segment = segment_of(name);
        assert_eq!(segment, format!("%e-{name}"));
        assert_eq!(name_of(&segment), name);
    }
}

#[test]
fn a_segment_of_255_bytes_is_a_name_and_one_of_256_is_not() {
    let longest = "k".repeat(NAME_MAX_BYTES);
    assert_eq!(name_of(&longest), longest);
    let longer = "k".repeat(NAME_MAX_BYTES + 1);
    assert_eq!(steps(&longer).len(), 2);
    assert_eq!(steps(&"k".repeat(1024)).len(), 11);
    assert_eq!(joined(steps(&longer).into_iter().map(|step| step.name)), longer);
}

#[test]
fn twins_differ_in_more_than_case() {
    for segment in ["Documents", "documents", "DOCUMENTS", "É", "é", "1", "ß", "K", "k"] {
        let [twin] = &twin_steps(segment)[..] else { panic!("short") };
        assert_eq!(meaning(&twin.name), Meaning::Segment(segment.to_owned()));
        assert!(!are_twins(&twin.name, &name_of(segment)));
    }
    let twins: HashSet<String> = ["a", "A", "é", "É"].map(|s| twin_steps(s)[0].name.to_lowercase()).into();
    assert_eq!(twins.len(), 4);
}

fn odd_text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "%",
        "%e-",
        "%t-",
        "%c-",
        "%u-",
        "e",
        "-",
        " ",
        ".",
        "\\",
        "\0",
        "\u{7f}",
        "2",
        "5",
        "%25",
        "%2e",
        "A",
        "a",
        "é",
        "É",
        "\u{10FFFF}",
        "kkkkkkkkkkkkkkkkkkkk",
        "\u{85}",
    ]);
    vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Every segment is written in names that the drive holds, and is read back from them, twins too.
    #[test]
    fn segments_come_back(segment in prop_oneof![odd_text(), any::<String>()]) {
        for steps in [steps(&segment), twin_steps(&segment)] {
            for step in &steps {
                prop_assert!(is_legal(&step.name), "{:?}", step.name);
                prop_assert_eq!(meaning(&step.name), step.meaning.clone());
            }
            prop_assert_eq!(&joined(steps.into_iter().map(|step| step.name)), &segment);
        }
    }

    /// Every name that the drive can hold is shown as a segment that leads back to it.
    #[test]
    fn names_come_back(name in prop_oneof![odd_text(), any::<String>()]) {
        prop_assume!(is_legal(&name) && !name.contains('/'));
        let is_twin_or_chunk = matches!(marked(&name), Some(('t' | 'c' | 'u', _)));
        if let Meaning::Segment(segment) = meaning(&name)
            && (!is_twin_or_chunk || segment == format!("%e-{name}"))
        {
            prop_assert_eq!(steps(&segment).pop().map(|step| step.name), Some(name));
        }
    }

    /// Two segments that begin alike share the folders of their beginning.
    #[test]
    fn long_segments_that_begin_alike_share_folders(head in "[a-zA-Zé]{300}", one in "[a-z]{200}", other in "[a-z]{200}") {
        let (one, other) = (steps(&format!("{head}{one}")), steps(&format!("{head}{other}")));
        prop_assert_eq!(&one[..2], &other[..2]);
    }
}
