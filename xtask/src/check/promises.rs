use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::tree::{files, read};

const PAGE: &str = "docs/semantics.md";

/// Promises without a test, and tests that are named but do not exist.
pub(super) fn findings() -> Result<Vec<String>, String> {
    let files = files()?;
    let mut sources = Sources { files, texts: HashMap::new() };
    let mut findings = Vec::new();
    let page = match read(Path::new(PAGE)) {
        Ok(page) => page,
        Err(error) => return Ok(vec![error]),
    };
    for (number, line) in page.lines().enumerate() {
        let Some((promise, tests)) = promise_of(line) else { continue };
        if tests.is_empty() {
            findings.push(format!("{PAGE}:{}: no test named: {promise}", number + 1));
        }
        for test in tests {
            if !sources.hold(test)? {
                findings.push(format!("{PAGE}:{}: there is no test {test}", number + 1));
            }
        }
    }
    Ok(findings)
}

/// The promise and the tests of a table's row; headings and rulers are no promises.
fn promise_of(line: &str) -> Option<(&str, Vec<&str>)> {
    let cells: Vec<&str> =
        line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let (promise, rest) = cells.split_first()?;
    let tests = rest.last()?;
    if promise.eq_ignore_ascii_case("promise") || promise.starts_with("--") || promise.starts_with(":-") {
        return None;
    }
    Some((promise, tests.split('`').skip(1).step_by(2).collect()))
}

struct Sources {
    files: Vec<PathBuf>,
    texts: HashMap<PathBuf, String>,
}

impl Sources {
    /// Whether `crate::path::name` or `dir/file.py::name` is a function of that crate or file.
    fn hold(&mut self, test: &str) -> Result<bool, String> {
        let Some((place, _)) = test.split_once("::") else { return Ok(false) };
        let name = test.rsplit("::").next().unwrap_or_default();
        let (ending, definition) = if place.ends_with(".py") {
            ("py", format!("def {name}("))
        } else {
            ("rs", format!("fn {name}("))
        };
        let below = place.replace('_', "-");
        let inside = |file: &Path| {
            file == Path::new(place)
                || file.starts_with(Path::new("crates").join(&below))
                || (below == "xtask" && file.starts_with("xtask"))
        };
        let candidates: Vec<PathBuf> = self
            .files
            .iter()
            .filter(|file| inside(file) && file.extension().is_some_and(|end| end == ending))
            .cloned()
            .collect();
        for file in candidates {
            if !self.texts.contains_key(&file) {
                self.texts.insert(file.clone(), read(&file)?);
            }
            if self.texts[&file].contains(&definition) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_tests_in_backticks() {
        let row = "| Reads see writes. | `native::list::sees`, `tests/clients/test_a.py::test_b` |";
        let tests = vec!["native::list::sees", "tests/clients/test_a.py::test_b"];
        assert_eq!(promise_of(row), Some(("Reads see writes.", tests)));
        assert_eq!(promise_of("|---|---|"), None);
        assert_eq!(promise_of("| Promise | Test |"), None);
        assert_eq!(promise_of("| Nothing shows it. | |"), Some(("Nothing shows it.", Vec::new())));
    }

    #[test]
    fn a_test_of_this_file_exists_and_another_does_not() {
        let mut sources = Sources { files: files().unwrap(), texts: HashMap::new() };
        let real = "xtask::check::promises::tests::a_row_names_its_tests_in_backticks";
        assert!(sources.hold(real).unwrap());
        assert!(!sources.hold(&["xtask::check::no", "such_test"].concat()).unwrap());
    }
}
