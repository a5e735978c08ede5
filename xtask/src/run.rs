use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

/// Whether this run may skip nothing.
#[allow(clippy::disallowed_methods, reason = "CI says who it is in the environment only")]
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Runs a command with its output passed through.
///
/// # Errors
/// Where it cannot be started or fails; the text names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{}: {error}", name(command)))?;
    if status.success() { Ok(()) } else { Err(format!("failed ({status}): {}", name(command))) }
}

/// Runs a command with its output passed through, and returns what it printed to standard output and whether it
/// succeeded.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn tee(command: &mut Command) -> Result<(String, bool), String> {
    let failed = |error: std::io::Error| error.to_string();
    let name = name(command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{name}: {error}"))?;
    let mut output = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let mut kept = String::new();
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        let mut out = std::io::stdout().lock();
        out.write_all(&line).and_then(|()| out.flush()).map_err(failed)?;
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok((kept, child.wait().map_err(failed)?.success()))
}

/// Runs a command and returns its standard output.
///
/// # Errors
/// Where it cannot be started or fails; the text holds what it said.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = name(command);
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(format!("failed ({}): {name}\n{out}{err}", output.status))
    }
}

/// Whether a program of this name can be started.
pub(crate) fn has_program(name: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "command -v \"$0\" >/dev/null 2>&1", name]);
    command.status().is_ok_and(|status| status.success())
}

/// The `cargo` that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.current_dir(crate::tree::root());
    command
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
