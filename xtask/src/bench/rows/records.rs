use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::generator::load;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::super::{program, workspace};
use crate::run::run;

const RECORDS: u64 = 10_000_000;

/// GET and PUT of random keys among 10,000,000, with memory for a tenth of them.
pub(super) fn records() -> Result<Vec<Line>, String> {
    let data = workspace().join("records");
    let (objects, marker) = (RECORDS.to_string(), workspace().join("records.filled"));
    if !(data.exists() && marker.exists()) {
        run(Command::new(program("fill")).arg(&data).args(["--objects", &objects]))?;
        fs::write(&marker, "").map_err(|error| error.to_string())?;
    }
    let limit_bytes = size_of(&data)? / 10;
    forget(&data)?;
    let server = Sluice::on_with_memory(&data, limit_bytes)?;
    let mut lines =
        vec![Line::new("records", "memory and page cache, MiB", (limit_bytes >> 20) as f64, Aim::Shown)];
    let common =
        ["--prepared", "--objects", &objects, "--size", "100", "--connections", "32", "--duration", "30"];
    for operation in ["get", "overwrite"] {
        let found = load(&server, &[&[operation], &common[..]].concat())?;
        let mut line = |figure: &str, value| {
            lines.push(Line::new("records", format!("{operation}: {figure}"), value, Aim::Shown));
        };
        line("requests/s", found.figure("requests_per_second"));
        line("median, ms", found.figure("median_ms"));
        line("p99, ms", found.figure("p99_ms"));
        line("server CPU us/request", found.figure("server_cpu_us_per_request"));
    }
    Ok(lines)
}

/// Has the kernel forget what it keeps of the records in memory: pages that are there already count against nobody's limit.
fn forget(data: &Path) -> Result<(), String> {
    let records = data.join("meta.sqlite");
    run(Command::new("sync").arg(&records))?;
    let mut forget = Command::new("dd");
    forget.arg(format!("if={}", records.display())).args(["iflag=nocache", "count=0", "status=none"]);
    run(&mut forget)
}

/// Bytes of the files directly inside a directory: the records; the objects of this row are all inline.
fn size_of(directory: &Path) -> Result<u64, String> {
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(entries
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|found| found.len())
        .sum())
}
