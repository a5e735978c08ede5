use std::process::Command;

use crate::run::{has_program, run};

/// Installs the packages of the programs that are missing, where this may be done without asking; returns a sentence for
/// each program that is still missing.
pub(crate) fn provide(programs: &[(&str, &str)]) -> Vec<String> {
    let packages: Vec<&str> =
        programs.iter().filter(|(program, _)| !has_program(program)).map(|(_, package)| *package).collect();
    if !packages.is_empty()
        && let Err(error) = install(&packages)
    {
        println!("Debian packages: {error}");
    }
    let missing = programs.iter().filter(|(program, _)| !has_program(program));
    missing.map(|(program, package)| format!("{program} is missing (Debian package {package})")).collect()
}

/// Installs packages.
///
/// # Errors
/// Where there is no right to do so, or it fails.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    if !has_program("apt-get") {
        return Err("there is no apt-get here".into());
    }
    run(apt_get(&["update", "-qq"])?.env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut command = apt_get(&["install", "-y", "-qq", "--no-install-recommends"])?;
    run(command.args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// `apt-get` as root, or by a sudo that asks nothing.
fn apt_get(words: &[&str]) -> Result<Command, String> {
    let succeeds = |program: &str, words: &[&str]| {
        Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
    };
    let mut command = if succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        Command::new("apt-get")
    } else if succeeds("sudo", &["-n", "true"]) {
        let mut command = Command::new("sudo");
        command.args(["-n", "apt-get"]);
        command
    } else {
        return Err("neither root nor a sudo without a password".into());
    };
    command.args(words);
    Ok(command)
}
