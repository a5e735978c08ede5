use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_path_buf()
}

/// Files of the checkout that git tracks, or would if they were added; relative to the root, in order.
pub(crate) fn files() -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut files: Vec<PathBuf> = listed.split_terminator('\0').map(PathBuf::from).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// The Rust sources among [`files`].
pub(crate) fn rust_files() -> Result<Vec<PathBuf>, String> {
    Ok(files()?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")).collect())
}

/// Reads a file of the checkout.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(root().join(file)).map_err(|error| format!("{}: {error}", file.display()))
}

/// The lines inside the fenced block of a Markdown text that begins with this info string.
pub(crate) fn fenced_block<'a>(text: &'a str, info: &str) -> Option<Vec<&'a str>> {
    let mut lines = text.lines();
    lines.by_ref().find(|line| line.strip_prefix("```") == Some(info))?;
    Some(lines.take_while(|line| *line != "```").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fenced_block_is_found_by_its_whole_info_string() {
        let text = "```edges-more\nx\n```\n```edges\na -> b\n```\nrest";
        assert_eq!(fenced_block(text, "edges"), Some(vec!["a -> b"]));
        assert_eq!(fenced_block(text, "none"), None);
    }
}
