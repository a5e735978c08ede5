use std::path::Path;

use crate::tree::{files, read};

/// Text that no file may hold, and why. Written in two pieces so that this file does not hold it.
const FORBIDDEN: [(&str, &str); 10] = [
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (concat!("dbg", "!("), "left from debugging"),
    (concat!("TO", "DO"), "the tree holds no plans"),
    (concat!("FIX", "ME"), "the tree holds no plans"),
    (concat!("XX", "X:"), "the tree holds no plans"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("\"reso", "lved\": \"http"), "an address of a registry"),
];

/// Files that are looked at: those that people write.
const ENDINGS: [&str; 11] = ["rs", "py", "md", "toml", "json", "mjs", "js", "sh", "yml", "yaml", "txt"];

/// Lines that hold a forbidden text.
pub(super) fn findings() -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for file in files()?.into_iter().filter(|file| is_written(file)) {
        for (number, line) in read(&file)?.lines().enumerate() {
            let found = forbidden_in(line)
                .map(|(text, why)| format!("{}:{}: `{text}`: {why}", file.display(), number + 1));
            findings.extend(found);
        }
    }
    Ok(findings)
}

fn is_written(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending)) || file.starts_with(".ci")
}

fn forbidden_in(line: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    FORBIDDEN.iter().filter(move |(text, _)| line.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_text_is_found_and_other_text_is_not() {
        assert_eq!(forbidden_in(&format!("    {}!()", "todo")).count(), 1);
        assert_eq!(forbidden_in("let method = \"todo\";").count(), 0);
    }
}
