use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::generator::{Findings, load};
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::super::{program, workspace};
use crate::run::run;

/// A bucket to list: its name and what it is filled with.
struct Bucket {
    name: &'static str,
    objects: u64,
    versions: u64,
    per_directory: Option<u64>,
}

const SMALL: u64 = 10_000;
const LARGE: u64 = 1_000_000;
/// Keys behind which pages begin, spread over the bucket.
const STARTS: u64 = 64;

const FLAT_SMALL: Bucket = Bucket { name: "flat-small", objects: SMALL, versions: 1, per_directory: None };
const FLAT_LARGE: Bucket = Bucket { name: "flat-large", objects: LARGE, versions: 1, per_directory: None };
const VERSIONED: Bucket = Bucket { name: "versioned", objects: SMALL, versions: 101, per_directory: None };
const TREE_SMALL: Bucket = Bucket { name: "tree-small", objects: SMALL, versions: 1, per_directory: Some(5) };
const TREE_LARGE: Bucket = Bucket { name: "tree-large", objects: LARGE, versions: 1, per_directory: Some(5) };

/// A page of 1,000: in a small bucket, in a large one, beside many noncurrent versions, and folded by a delimiter.
pub(super) fn list() -> Result<Vec<Line>, String> {
    let server = Sluice::on(&filled()?)?;
    let small = pages(&server, &FLAT_SMALL)?;
    let folded_small = pages(&server, &TREE_SMALL)?;
    let mut lines = vec![
        Line::new("list", "10,000 keys: median, ms", small.figure("median_ms"), Aim::Shown),
        Line::new("list", "10,000 keys: server CPU, ms", cpu(&small), Aim::AtMost(1.0)),
        Line::new("list", "10,000 keys, folded: median, ms", folded_small.figure("median_ms"), Aim::Shown),
        Line::new("list", "10,000 keys, folded: server CPU, ms", cpu(&folded_small), Aim::AtMost(1.0)),
    ];
    let larger = [
        ("1,000,000 keys", &FLAT_LARGE, &small),
        ("10,000 keys beside 1,000,000 versions", &VERSIONED, &small),
        ("1,000,000 keys, folded", &TREE_LARGE, &folded_small),
    ];
    for (name, bucket, base) in larger {
        let found = pages(&server, bucket)?;
        let ratio = found.figure("median_ms") / base.figure("median_ms");
        lines.push(Line::new("list", format!("{name}: median over 10,000 keys'"), ratio, Aim::AtMost(1.5)));
        lines.push(Line::new("list", format!("{name}: server CPU, ms"), cpu(&found), Aim::AtMost(1.0)));
    }
    Ok(lines)
}

fn cpu(found: &Findings) -> f64 {
    found.figure("server_cpu_us_per_request") / 1e3
}

fn pages(server: &Sluice, bucket: &Bucket) -> Result<Findings, String> {
    let last = bucket.objects.saturating_sub(1001 * bucket.per_directory.unwrap_or(1));
    let starts: Vec<String> = (0..STARTS).map(|place| key(bucket, last * place / STARTS)).collect();
    let starts = starts.join(",");
    let mut words =
        vec!["list", "--bucket", bucket.name, "--prepared", "--connections", "1", "--duration", "2"];
    words.extend(["--rounds", "3", "--start-after", &starts]);
    if bucket.per_directory.is_some() {
        words.extend(["--delimiter", "/"]);
    }
    load(server, &words)
}

fn key(bucket: &Bucket, number: u64) -> String {
    match bucket.per_directory {
        Some(count) => format!("load/d{:08}/o{number:08}", number / count),
        None => format!("load/o{number:08}"),
    }
}

/// The directory with all buckets; filled once and kept between runs.
fn filled() -> Result<PathBuf, String> {
    let data = workspace().join("listing");
    for bucket in [FLAT_SMALL, TREE_SMALL, VERSIONED, FLAT_LARGE, TREE_LARGE] {
        fill(&data, &bucket)?;
    }
    Ok(data)
}

fn fill(data: &Path, bucket: &Bucket) -> Result<(), String> {
    let marker = data.with_extension(format!("{}.filled", bucket.name));
    if data.exists() && marker.exists() {
        return Ok(());
    }
    eprintln!("filling the bucket {}", bucket.name);
    let mut command = Command::new(program("fill"));
    command.arg(data).args(["--bucket", bucket.name, "--objects", &bucket.objects.to_string()]);
    command.args(["--versions", &bucket.versions.to_string()]);
    if let Some(count) = bucket.per_directory {
        command.args(["--per-directory", &count.to_string()]);
    }
    run(command.stdout(std::process::Stdio::null()))?;
    fs::write(marker, "").map_err(|error| error.to_string())
}
