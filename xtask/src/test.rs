mod clients;
mod debian;
mod node;
mod providers;
mod python;

use std::path::PathBuf;

use providers::{Provided, has_test};

use crate::run::{cargo, is_ci, tee};
use crate::tree::root;

/// How much is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Usual,
    /// Also what is too long for every change.
    Full,
}

struct Plan {
    depth: Depth,
    filter: Option<String>,
}

/// Every test of the tree: those of the crates, then real programs against the real binary.
pub(crate) fn test(words: &[&str]) -> Result<(), String> {
    let plan = parse(words)?;
    let mut summary = Summary::default();
    let provided = providers::provide();
    cargo_tests(&plan, &provided, &mut summary)?;
    provider_tests(&plan, &provided, &mut summary)?;
    clients::client_tests(&plan, &mut summary)?;
    summary.print();
    summary.verdict()
}

fn parse(words: &[&str]) -> Result<Plan, String> {
    let mut plan = Plan { depth: Depth::Usual, filter: None };
    for word in words {
        match *word {
            "--full" => plan.depth = Depth::Full,
            word if word.starts_with('-') => {
                return Err(format!("{word}: only --full and one FILTER are known"));
            }
            word if plan.filter.is_none() => plan.filter = Some(word.to_owned()),
            word => return Err(format!("{word}: one FILTER at most")),
        }
    }
    Ok(plan)
}

/// What the runners said of themselves, kept for the end.
#[derive(Default)]
struct Summary {
    lines: Vec<String>,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Summary {
    /// Keeps a runner's closing lines and its verdict.
    fn add(&mut self, name: &str, (output, passed): (String, bool), is_closing: fn(&str) -> bool) {
        let closing: Vec<&str> = output
            .lines()
            .map(|line| line.trim_matches(['=', ' ']))
            .filter(|line| is_closing(line))
            .collect();
        self.skipped.extend(
            closing.iter().filter(|line| line.contains(" skipped")).map(|line| format!("{name}: {line}")),
        );
        self.lines.extend(closing.iter().map(|line| (*line).to_owned()));
        if !passed {
            self.failed.push(name.to_owned());
        }
    }

    fn print(&self) {
        println!("\n---- all tests ----");
        self.lines.iter().for_each(|line| println!("{line}"));
        for skipped in &self.skipped {
            println!("\n!!!! SKIPPED !!!! {skipped}");
        }
    }

    fn verdict(&self) -> Result<(), String> {
        if !self.failed.is_empty() {
            return Err(format!("failed: {}", self.failed.join(", ")));
        }
        if is_ci() && !self.skipped.is_empty() {
            return Err(format!("nothing may be skipped where CI=true: {}", self.skipped.join("; ")));
        }
        Ok(())
    }
}

fn cargo_tests(plan: &Plan, provided: &Provided, summary: &mut Summary) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    command.args(plan.filter.as_deref());
    if plan.depth == Depth::Full {
        command.args(["--", "--include-ignored"]);
    }
    command.envs(provided.variables.iter().map(|(name, path)| (name, path)));
    summary.add("cargo test", tee(&mut command)?, is_cargo_closing);
    Ok(())
}

/// The stores elsewhere against programs that stand in for their services.
fn provider_tests(plan: &Plan, provided: &Provided, summary: &mut Summary) -> Result<(), String> {
    let tests: Vec<_> = provided.tests.iter().filter(|(package, test)| has_test(package, test)).collect();
    summary.skipped.extend(provided.missing.iter().cloned());
    // The long run has asked for them already.
    if tests.is_empty() || plan.depth == Depth::Full {
        return Ok(());
    }
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]);
    for (package, test) in tests {
        command.args(["--package", package, "--test", test]);
    }
    command.args(plan.filter.as_deref()).args(["--", "--ignored"]);
    command.envs(provided.variables.iter().map(|(name, path)| (name, path)));
    summary.add("stores elsewhere", tee(&mut command)?, is_cargo_closing);
    Ok(())
}

fn is_cargo_closing(line: &str) -> bool {
    line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed")
}

/// Where the tests with real clients are.
fn clients() -> PathBuf {
    root().join("tests/clients")
}

/// Where what they need is kept between runs.
fn cache() -> PathBuf {
    root().join("target/clients")
}

#[cfg(test)]
mod tests {
    use super::clients::is_pytest_closing;
    use super::*;

    #[test]
    fn the_closing_lines_of_both_runners_are_known() {
        assert!(is_pytest_closing("12 passed, 1 skipped in 3.20s"));
        assert!(is_pytest_closing("1 failed, 2 passed in 61.00s (0:01:01)"));
        assert!(!is_pytest_closing("collected 12 items"));
        assert!(is_cargo_closing("test result: ok. 3 passed; 0 failed; 0 ignored"));
        assert!(!is_cargo_closing("test result: ok. 0 passed; 0 failed; 3 ignored"));
    }

    #[test]
    fn a_skipped_test_is_said_aloud() {
        let mut summary = Summary::default();
        summary.add("clients", ("== 3 passed, 1 skipped in 1.00s ==".into(), true), is_pytest_closing);
        assert_eq!(summary.lines, ["3 passed, 1 skipped in 1.00s"]);
        assert_eq!(summary.skipped.len(), 1);
        assert!(summary.failed.is_empty());
    }

    #[test]
    fn words_other_than_full_and_a_filter_are_refused() {
        assert!(parse(&["--fast"]).is_err());
        assert!(parse(&["a", "b"]).is_err());
        let plan = parse(&["--full", "boto3"]).unwrap();
        assert!(plan.depth == Depth::Full && plan.filter.as_deref() == Some("boto3"));
    }
}
