mod debian;
mod node;
mod python;

use std::path::PathBuf;
use std::process::Command;

use crate::run::{cargo, is_ci, run, tee};
use crate::tree::root;

/// Programs that the client tests drive, with the Debian package of each.
const CLIENTS: [(&str, &str); 7] = [
    ("rclone", "rclone"),
    ("restic", "restic"),
    ("s3fs", "s3fs"),
    ("fusermount", "fuse"),
    ("curl", "curl"),
    ("node", "nodejs"),
    ("npm", "npm"),
];

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
    cargo_tests(&plan, &mut summary)?;
    client_tests(&plan, &mut summary)?;
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

fn cargo_tests(plan: &Plan, summary: &mut Summary) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    command.args(plan.filter.as_deref());
    if plan.depth == Depth::Full {
        command.args(["--", "--include-ignored"]);
    }
    summary.add("cargo test", tee(&mut command)?, |line| {
        line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed")
    });
    Ok(())
}

fn client_tests(plan: &Plan, summary: &mut Summary) -> Result<(), String> {
    let mut missing = debian::provide(&CLIENTS);
    let node = node::provide().map_err(|error| missing.push(error)).is_ok();
    run(cargo().args(["build", "--release", "--package", "server", "--bin", "sluice"]))?;
    run(cargo().args(["build", "--release", "--package", "bench", "--bins"]))?;
    for suite in python::SUITES {
        let venv = match python::provide(&suite) {
            Ok(venv) => venv,
            Err(error) => {
                missing.push(error);
                continue;
            }
        };
        let mut command = pytest(plan, &venv, &suite);
        command.env("SLUICE_TEST_NODE", if node { "1" } else { "0" });
        let (output, passed) = tee(&mut command)?;
        let nothing_chosen =
            plan.filter.is_some() && output.contains("deselected") && !output.contains(" passed");
        summary.add(suite.name, (output, passed || nothing_chosen), is_pytest_closing);
    }
    summary.skipped.extend(missing);
    Ok(())
}

fn pytest(plan: &Plan, venv: &std::path::Path, suite: &python::Suite) -> Command {
    let mut command = Command::new(venv.join("bin/python"));
    command.args(["-m", "pytest", "-ra", "--color=no", "-p", "no:cacheprovider"]);
    command.args(suite.files.iter().map(|file| clients().join(file)));
    command.args(suite.ignored.iter().map(|file| format!("--ignore={}", clients().join(file).display())));
    if let Some(filter) = &plan.filter {
        command.args(["-k", filter]);
    }
    let path = format!("{}:{}", venv.join("bin").display(), path());
    command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(root());
    command.env("SLUICE_BIN", root().join("target/release/sluice"));
    command.env("SLUICE_FILL", root().join("target/release/fill"));
    command.env("SLUICE_TEST_FULL", if plan.depth == Depth::Full { "1" } else { "0" });
    command
}

fn is_pytest_closing(line: &str) -> bool {
    let counted = [" passed", " failed", " skipped", " error"].iter().any(|word| line.contains(word));
    counted && line.contains(" in ") && line.starts_with(|first: char| first.is_ascii_digit())
}

/// Where the tests with real clients are.
fn clients() -> PathBuf {
    root().join("tests/clients")
}

/// Where what they need is kept between runs.
fn cache() -> PathBuf {
    root().join("target/clients")
}

#[allow(clippy::disallowed_methods, reason = "a program is found by the PATH of whoever called")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_both_runners_are_known() {
        assert!(is_pytest_closing("12 passed, 1 skipped in 3.20s"));
        assert!(is_pytest_closing("1 failed, 2 passed in 61.00s (0:01:01)"));
        assert!(!is_pytest_closing("collected 12 items"));
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
