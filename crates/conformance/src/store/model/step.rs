use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Keys that fold, that escape, and that are prefixes of each other.
pub(super) const KEYS: [&str; 7] = ["a", "a\0", "a/", "a/b", "a/b/c", "b", "é"];
/// Sizes that stand beside their record, and one that does not.
const SIZES: [usize; 4] = [0, 10, 300, 70_000];

/// Which condition a write bears.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Condition {
    Always,
    IfAbsent,
    IfPresent,
    /// The tag that is there now.
    IfMatchRight,
    /// Another.
    IfMatchWrong,
}

/// Which version of a key: by age, counted from the newest and around; or one that is not there.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Which {
    Current,
    Age(usize),
    Null,
    Never,
}

/// One step of a random history.
#[derive(Debug, Clone)]
pub(in crate::store) enum Step {
    Put { key: usize, size: usize, fill: u8, condition: Condition },
    Delete { key: usize, which: Which, condition: Condition },
    DeleteMany(Vec<(usize, Which)>),
    Copy { from: usize, which: Which, to: usize, condition: Condition },
    SetTags { key: usize, which: Which, value: u8 },
    Versioning { suspended: bool },
    Begin { key: usize },
    PutPart { upload: usize, number: u32, size: usize, fill: u8 },
    CopyPart { upload: usize, number: u32, from: usize },
    Complete { upload: usize, skip: usize, condition: Condition },
    Abort { upload: usize },
    List { prefix: &'static str, delimiter: Option<&'static str>, limit: usize },
}

fn key() -> impl Strategy<Value = usize> {
    0..KEYS.len()
}

fn condition() -> impl Strategy<Value = Condition> {
    use Condition::{Always, IfAbsent, IfMatchRight, IfMatchWrong, IfPresent};
    prop_oneof![6 => Just(Always), 1 => select(vec![IfAbsent, IfPresent, IfMatchRight, IfMatchWrong])]
}

/// S3 has no delete of what is not there.
fn delete_condition() -> impl Strategy<Value = Condition> {
    condition().prop_map(|condition| match condition {
        Condition::IfAbsent => Condition::Always,
        other => other,
    })
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        4 => Just(Which::Current),
        4 => (0..5_usize).prop_map(Which::Age),
        1 => Just(Which::Null),
        1 => Just(Which::Never),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![9 => select(SIZES[..3].to_vec()), 1 => Just(SIZES[3])]
}

fn step() -> impl Strategy<Value = Step> {
    let put = (key(), size(), any::<u8>(), condition()).prop_map(|(key, size, fill, condition)| Step::Put {
        key,
        size,
        fill,
        condition,
    });
    let delete = (key(), which(), delete_condition()).prop_map(|(key, which, condition)| Step::Delete {
        key,
        which,
        condition,
    });
    let copy = (key(), which(), key(), condition()).prop_map(|(from, which, to, condition)| Step::Copy {
        from,
        which,
        to,
        condition,
    });
    let tag =
        (key(), which(), any::<u8>()).prop_map(|(key, which, value)| Step::SetTags { key, which, value });
    let part = (0..4_usize, 1..5_u32, 1000..3000_usize, any::<u8>())
        .prop_map(|(upload, number, size, fill)| Step::PutPart { upload, number, size, fill });
    let copy_part = (0..4_usize, 1..5_u32, key()).prop_map(|(upload, number, from)| Step::CopyPart {
        upload,
        number,
        from,
    });
    let complete = (0..4_usize, 0..6_usize, condition())
        .prop_map(|(upload, skip, condition)| Step::Complete { upload, skip, condition });
    let list = (select(vec!["", "a", "a/", "b", "z"]), select(vec![None, Some("/"), Some("\0")]), 0..9_usize)
        .prop_map(|(prefix, delimiter, limit)| Step::List { prefix, delimiter, limit });
    prop_oneof![
        8 => put,
        5 => delete,
        2 => vec((key(), which()), 1..8).prop_map(Step::DeleteMany),
        3 => copy,
        2 => tag,
        1 => any::<bool>().prop_map(|suspended| Step::Versioning { suspended }),
        1 => key().prop_map(|key| Step::Begin { key }),
        4 => part,
        1 => copy_part,
        2 => complete,
        1 => (0..4_usize).prop_map(|upload| Step::Abort { upload }),
        3 => list,
    ]
}

/// A random history.
pub(in crate::store) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..60)
}
