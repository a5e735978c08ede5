//! Splitting texts at a byte. The standard library's searchers of characters cost more than the signature's hash, over all
//! the short texts of a request.

use memchr::{memchr, memrchr};

/// The text before and after the first `byte`, an ASCII character.
pub fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr(byte, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// The text before and after the last `byte`, an ASCII character.
pub fn rsplit_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memrchr(byte, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// The pieces between all `byte`s, an ASCII character; one piece where there is none.
pub fn split(text: &str, byte: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        match split_once(text, byte) {
            Some((piece, after)) => {
                rest = Some(after);
                Some(piece)
            }
            None => Some(text),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_those_of_the_standard_library(text in "[a;\u{e9}]{0,12}") {
            prop_assert_eq!(split_once(&text, b';'), text.split_once(';'));
            prop_assert_eq!(rsplit_once(&text, b';'), text.rsplit_once(';'));
            prop_assert_eq!(split(&text, b';').collect::<Vec<_>>(), text.split(';').collect::<Vec<_>>());
        }
    }
}
