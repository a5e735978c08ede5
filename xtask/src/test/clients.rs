//! Real programs against the real binary: directly, and through gateways onto other services.

use std::path::Path;
use std::process::Command;

use super::{Depth, Plan, Summary, clients, debian, node, python};
use crate::run::{cargo, run, tee};
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

/// A service that the client tests reach through a gateway, or layers that they reach stores through.
struct Gateway {
    /// Its kind of store, as settings name it, or the name of the layers in `gateways.py`.
    kind: &'static str,
    /// The test files that each change is tested with; empty means all. The long run takes all.
    files: &'static [&'static str],
}

/// Objects, buckets, parts, and the programs that are hardest to please.
const CORE: [&str; 6] = [
    "test_boto3_objects.py",
    "test_boto3_buckets.py",
    "test_boto3_multipart.py",
    "test_rclone.py",
    "test_restic.py",
    "test_s3fs.py",
];

const GATEWAYS: [Gateway; 11] = [
    Gateway { kind: "s3", files: &[] },
    Gateway { kind: "gcs", files: &CORE },
    Gateway { kind: "azure", files: &CORE },
    Gateway { kind: "drime", files: &CORE },
    Gateway { kind: "cache", files: &CORE },
    Gateway { kind: "mirror", files: &CORE },
    Gateway { kind: "crypt", files: &CORE },
    Gateway { kind: "light", files: &CORE },
    Gateway { kind: "prefix", files: &CORE },
    Gateway { kind: "stack1", files: &CORE },
    Gateway { kind: "stack2", files: &CORE },
];

/// Runs all suites directly, then through each gateway.
pub(super) fn client_tests(plan: &Plan, summary: &mut Summary) -> Result<(), String> {
    let mut missing = debian::provide(&CLIENTS);
    let node = node::provide().map_err(|error| missing.push(error)).is_ok();
    run(cargo().args(["build", "--release", "--package", "server", "--bin", "sluice"]))?;
    run(cargo().args(["build", "--release", "--package", "bench", "--bins"]))?;
    run(cargo().args(["build", "--package", "stubs", "--bin", "stub"]))?;
    for suite in python::SUITES {
        let venv = match python::provide(&suite) {
            Ok(venv) => venv,
            Err(error) => {
                missing.push(error);
                continue;
            }
        };
        let runner = Runner { plan, venv: &venv, suite: &suite, node };
        runner.run(suite.name, None, summary)?;
        for gateway in &GATEWAYS {
            runner.run(&format!("{} through {}", suite.name, gateway.kind), Some(gateway), summary)?;
        }
    }
    summary.skipped.extend(missing);
    Ok(())
}

/// Runs one suite in its environment.
struct Runner<'a> {
    plan: &'a Plan,
    venv: &'a Path,
    suite: &'a python::Suite,
    /// Whether the packages for Node are there.
    node: bool,
}

impl Runner<'_> {
    fn run(&self, name: &str, gateway: Option<&Gateway>, summary: &mut Summary) -> Result<(), String> {
        let Some(files) = self.files(gateway) else { return Ok(()) };
        println!("\n---- {name} ----");
        let mut command = self.pytest(&files);
        if let Some(gateway) = gateway {
            command.env("SLUICE_TEST_STORE", gateway.kind);
        }
        let (output, passed) = tee(&mut command)?;
        let nothing_chosen =
            self.plan.filter.is_some() && output.contains("deselected") && !output.contains(" passed");
        summary.add(name, (output, passed || nothing_chosen), is_pytest_closing);
        Ok(())
    }

    /// The files to run; `None` where this suite has none of those that the gateway is tested with.
    fn files(&self, gateway: Option<&Gateway>) -> Option<Vec<&'static str>> {
        let all = self.suite.files;
        match gateway {
            Some(gateway) if self.plan.depth == Depth::Usual && !gateway.files.is_empty() => {
                let has_all = all == [""];
                let chosen = gateway.files.iter().filter(|file| has_all || all.contains(file));
                let chosen: Vec<_> = chosen.copied().collect();
                (!chosen.is_empty()).then_some(chosen)
            }
            _ => Some(all.to_vec()),
        }
    }

    fn pytest(&self, files: &[&str]) -> Command {
        let mut command = Command::new(self.venv.join("bin/python"));
        command.args(["-m", "pytest", "-ra", "--color=no", "-p", "no:cacheprovider"]);
        command.args(files.iter().map(|file| clients().join(file)));
        let ignored = self.suite.ignored.iter();
        command.args(ignored.map(|file| format!("--ignore={}", clients().join(file).display())));
        if let Some(filter) = &self.plan.filter {
            command.args(["-k", filter]);
        }
        let path = format!("{}:{}", self.venv.join("bin").display(), path());
        command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(root());
        command.env("SLUICE_BIN", root().join("target/release/sluice"));
        command.env("SLUICE_FILL", root().join("target/release/fill"));
        command.env("SLUICE_STUB", root().join("target/debug/stub"));
        command.env("SLUICE_TEST_NODE", if self.node { "1" } else { "0" });
        command.env("SLUICE_TEST_FULL", if self.plan.depth == Depth::Full { "1" } else { "0" });
        command
    }
}

pub(super) fn is_pytest_closing(line: &str) -> bool {
    let counted = [" passed", " failed", " skipped", " error"].iter().any(|word| line.contains(word));
    counted && line.contains(" in ") && line.starts_with(|first: char| first.is_ascii_digit())
}

#[allow(clippy::disallowed_methods, reason = "a program is found by the PATH of whoever called")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}
