use std::path::PathBuf;

use crate::tree::{read, rust_files};

/// Libraries that do not open with what they know and what they do not.
pub(super) fn findings() -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let is_room = |file: &PathBuf| file.starts_with("crates") && file.ends_with("src/lib.rs");
    for file in rust_files()?.into_iter().filter(is_room) {
        if !opens_well(&read(&file)?) {
            findings.push(format!("{} does not open with //! Knows … Does not know …", file.display()));
        }
    }
    Ok(findings)
}

fn opens_well(source: &str) -> bool {
    let opening: Vec<&str> =
        source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let place = |word: &str| opening.iter().position(|line| line.starts_with(word));
    matches!((place("Knows"), place("Does not know")), (Some(knows), Some(not)) if knows < not)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sentences_are_asked_for_in_the_opening_comment() {
        assert!(opens_well("//! A room.\n//!\n//! Knows: a.\n//! Does not know: b.\n\nmod a;"));
        assert!(!opens_well("//! A room.\n//! Knows: a.\n"));
        assert!(!opens_well("mod a;\n//! Knows: a.\n//! Does not know: b.\n"));
    }
}
