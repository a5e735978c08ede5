//! Independent programs that stand in for services, which the stores elsewhere are tested against.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{cache, node, python};
use crate::run::{has_program, run};
use crate::tree::root;

/// A program that stands in for a service, and the tests that start it.
struct Provider {
    name: &'static str,
    /// The variable in which tests look for its path.
    variable: &'static str,
    package: &'static str,
    test: &'static str,
    provide: fn(&Provider) -> Result<PathBuf, String>,
}

/// MinIO's last release: the second independent S3, which checks every signature.
const MINIO: &str = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";
const FAKE_GCS: &str = "github.com/fsouza/fake-gcs-server@v1.56.1";

const PROVIDERS: [Provider; 4] = [
    Provider {
        name: "minio",
        variable: "SLUICE_TEST_MINIO",
        package: "remote-s3",
        test: "minio",
        provide: |provider| go_program(provider, MINIO),
    },
    Provider {
        name: "moto_server",
        variable: "SLUICE_TEST_MOTO",
        package: "remote-s3",
        test: "moto",
        provide: |_| moto(),
    },
    Provider {
        name: "fake-gcs-server",
        variable: "SLUICE_TEST_FAKE_GCS",
        package: "remote-gcs",
        test: "fake_gcs",
        provide: |provider| go_program(provider, FAKE_GCS),
    },
    Provider {
        name: "azurite",
        variable: "SLUICE_TEST_AZURITE",
        package: "remote-azure",
        test: "azurite",
        provide: |_| azurite(),
    },
];

/// What is there of them.
#[derive(Default)]
pub(crate) struct Provided {
    /// The variables that name the programs.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
    /// The test binaries that can run: package and name.
    pub(crate) tests: Vec<(&'static str, &'static str)>,
    /// A sentence for each program that is missing.
    pub(crate) missing: Vec<String>,
}

/// Installs what is missing below the cache, once for each pinned version.
pub(crate) fn provide() -> Provided {
    let mut provided = Provided::default();
    for provider in &PROVIDERS {
        match (provider.provide)(provider) {
            Ok(program) => {
                provided.variables.push((provider.variable, program));
                provided.tests.push((provider.package, provider.test));
            }
            Err(error) => provided.missing.push(format!(
                "{}: the tests of {} against it cannot run: {error}",
                provider.name, provider.package
            )),
        }
    }
    provided
}

/// A Go program of a pinned version, in a directory named after that version.
fn go_program(provider: &Provider, module: &str) -> Result<PathBuf, String> {
    let (_, version) = module.split_once('@').ok_or("the module has no version")?;
    let dir = cache().join(format!("{}-{version}", provider.name));
    let program = dir.join(provider.name);
    if program.exists() {
        return Ok(program);
    }
    if !has_program("go") {
        return Err("go is missing (https://go.dev/dl, 1.24 or later)".into());
    }
    println!("building {} {version}", provider.name);
    fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    let mut command = Command::new("go");
    command.args(["install", "-ldflags", "-s -w", module]).env("GOBIN", &dir);
    run(&mut command)?;
    Ok(program)
}

fn moto() -> Result<PathBuf, String> {
    let venv = python::environment("moto", &providers().join("moto.txt"))?;
    Ok(venv.join("bin/moto_server"))
}

fn azurite() -> Result<PathBuf, String> {
    let to = cache().join("azurite");
    node::install(&providers().join("azurite"), &to)?;
    Ok(to.join("node_modules/.bin/azurite-blob"))
}

/// Where the pinned versions stand.
fn providers() -> PathBuf {
    root().join("tests/providers")
}

/// Whether a package has a test binary of that name.
pub(crate) fn has_test(package: &str, test: &str) -> bool {
    let tests: &Path = &root().join("crates").join(package).join("tests");
    tests.join(format!("{test}.rs")).exists() || tests.join(test).join("main.rs").exists()
}
