mod edges;
mod figures;
mod promises;
mod rooms;
mod words;

use crate::run::{cargo, run};

/// Finds what is wrong with the tree; an error where it cannot be looked at.
type Gate = fn() -> Result<Vec<String>, String>;

/// Runs every gate, prints every finding, then the figures, which are no gate.
pub(crate) fn check() -> Result<(), String> {
    let gates: [(&str, Gate); 5] = [
        ("format", format),
        ("edges", edges::findings),
        ("rooms", rooms::findings),
        ("words", words::findings),
        ("promises", promises::findings),
    ];
    let mut failed = Vec::new();
    for (name, gate) in gates {
        let findings = gate()?;
        println!("{name:<10}{}", if findings.is_empty() { "ok" } else { "FAILED" });
        findings.iter().for_each(|finding| println!("    {finding}"));
        if !findings.is_empty() {
            failed.push(name);
        }
    }
    print!("\n{}", figures::report()?);
    if failed.is_empty() { Ok(()) } else { Err(format!("check failed: {}", failed.join(", "))) }
}

/// Clippy and rustdoc over the workspace, warnings being errors.
pub(crate) fn lint() -> Result<(), String> {
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn format() -> Result<Vec<String>, String> {
    let formatted = run(cargo().args(["fmt", "--all", "--", "--check", "-l"]));
    Ok(formatted.err().map(|_| "run `cargo fmt --all`".to_owned()).into_iter().collect())
}
