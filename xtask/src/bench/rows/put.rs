use std::process::Command;

use super::super::generator::load;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::super::{program, workspace};
use crate::run::output;

/// PUT of 4 KiB over 64 connections, beside the metadata engine alone.
pub(super) fn small() -> Result<Vec<Line>, String> {
    let before = engine()?;
    let server = Sluice::on_empty("put-small")?;
    let found =
        load(&server, &["put", "--size", "4KiB", "--connections", "64", "--duration", "5", "--rounds", "3"])?;
    drop(server);
    let engine = f64::midpoint(before, engine()?);
    let line = |figure: &str, value, aim| Line::new("put-small", figure, value, aim);
    let rate = found.figure("requests_per_second");
    Ok(vec![
        line("requests a second over the engine's", rate / engine, Aim::AtLeast(0.6)),
        line("requests/s", rate, Aim::Shown),
        line("commits/s of the engine alone, 64 threads", engine, Aim::Shown),
        line("median, ms", found.figure("median_ms"), Aim::Shown),
        line("p99, ms", found.figure("p99_ms"), Aim::Shown),
        line("server CPU us/request", found.figure("server_cpu_us_per_request"), Aim::Shown),
        line("generator CPU us/request", found.figure("own_cpu_us_per_request"), Aim::Shown),
    ])
}

/// Commits a second of the engine's own example: 64 threads, the same inline value.
fn engine() -> Result<f64, String> {
    let mut command = Command::new(program("examples/engine"));
    command.args(["--threads", "64", "--value", "4096", "--seconds", "4", "--only", "puts", "--dir"]);
    let printed = output(command.arg(workspace()))?;
    let row = printed.lines().find(|line| line.starts_with("puts of 4096 B, 64 threads"));
    let rate = row.and_then(|row| row.split_whitespace().find_map(|word| word.strip_suffix("/s")));
    rate.and_then(|rate| rate.parse().ok()).ok_or_else(|| format!("the engine's example said:\n{printed}"))
}

/// PUT of 64 MiB over 4 connections, beside MD5 of the same bytes on one thread.
pub(super) fn large() -> Result<Vec<Line>, String> {
    let md5 = output(&mut Command::new(program("md5")))?;
    let md5: serde_json::Value = serde_json::from_str(&md5).map_err(|error| error.to_string())?;
    let md5 = md5["ms_per_gib"].as_f64().unwrap_or(f64::NAN);
    let mut lines = vec![Line::new("put-large", "MD5 of one stream, CPU ms/GiB", md5, Aim::Shown)];
    for (payload, aim) in [("unsigned", 1.6), ("signed", 2.1)] {
        let server = Sluice::on_empty("put-large")?;
        let words = [
            "put",
            "--size",
            "64MiB",
            "--connections",
            "4",
            "--count",
            "48",
            "--warmup",
            "0",
            "--payload",
            payload,
        ];
        let found = load(&server, &words)?;
        let cpu = found.figure("server_cpu_ms_per_gib");
        let mut line = |figure: &str, value, aim| {
            lines.push(Line::new("put-large", format!("{payload}: {figure}"), value, aim));
        };
        line("server CPU over MD5's", cpu / md5, Aim::AtMost(aim));
        line("server CPU ms/GiB", cpu, Aim::Shown);
        line("MiB/s", found.figure("mib_per_second"), Aim::Shown);
    }
    Ok(lines)
}
