use store::Position;

/// Where a listing goes on behind the marker that a client sent.
///
/// A marker that is itself a common prefix, as `NextMarker` gives it, stands for all keys rolled up in it: the listing
/// goes on behind them. Any other text is a key, there or not; what it would roll up into may come again.
pub(crate) fn position(marker: &str, prefix: &str, delimiter: Option<&str>) -> Option<Position> {
    if marker.is_empty() {
        return None;
    }
    Some(if is_common_prefix(marker, prefix, delimiter) {
        Position::Prefix(marker.to_owned())
    } else {
        Position::Key(marker.to_owned())
    })
}

fn is_common_prefix(marker: &str, prefix: &str, delimiter: Option<&str>) -> bool {
    let (Some(delimiter), Some(rest)) = (delimiter, marker.strip_prefix(prefix)) else { return false };
    rest.find(delimiter).is_some_and(|at| at + delimiter.len() == rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_common_prefix_skips_what_it_rolls_up() {
        let key = |text: &str| Some(Position::Key(text.to_owned()));
        let rolled = |text: &str| Some(Position::Prefix(text.to_owned()));
        let cases = [
            ("", "", Some("/"), None),
            ("boo/", "", Some("/"), rolled("boo/")),
            ("boo/bar", "", Some("/"), key("boo/bar")),
            ("boo/bar/", "", Some("/"), key("boo/bar/")),
            ("boo/bar/", "boo/", Some("/"), rolled("boo/bar/")),
            ("boo/", "boo/", Some("/"), key("boo/")),
            ("boo/", "", None, key("boo/")),
            ("aXYb", "", Some("XY"), key("aXYb")),
            ("aXY", "", Some("XY"), rolled("aXY")),
            ("a/", "b", Some("/"), key("a/")),
        ];
        for (marker, prefix, delimiter, expected) in cases {
            assert_eq!(position(marker, prefix, delimiter), expected, "{marker:?} under {prefix:?}");
        }
    }
}
