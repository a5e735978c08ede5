use super::super::generator::{Findings, load};
use super::super::nginx::Nginx;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};

/// The file of nginx that stands for the generator's only object.
const FILE: &str = "bench/load/o00000000";

/// GET of 64 MiB in the page cache over 4 connections, beside nginx.
pub(super) fn large() -> Result<Vec<Line>, String> {
    let words = [
        "--size",
        "64MiB",
        "--connections",
        "4",
        "--discard",
        "kernel",
        "--duration",
        "3",
        "--auth",
        "header",
    ];
    let found = beside_nginx(64 << 20, &words)?;
    let line = |figure: &str, value, aim| Line::new("get-large", figure, value, aim);
    Ok(vec![
        line("throughput over nginx's", found.ratio("throughput"), Aim::AtLeast(1.0)),
        line("server CPU over nginx's", found.ratio("server_cpu"), Aim::AtMost(1.5)),
        line("MiB/s", found.figure("mib_per_second"), Aim::Shown),
        line("MiB/s, nginx", found.against("mib_per_second"), Aim::Shown),
        line("server CPU ms/GiB", found.figure("server_cpu_ms_per_gib"), Aim::Shown),
        line("server CPU ms/GiB, nginx", found.against("server_cpu_ms_per_gib"), Aim::Shown),
        line("generator CPU ms per request", found.figure("own_cpu_us_per_request") / 1e3, Aim::Shown),
    ])
}

/// GET of 4 KiB by presigned URLs over 32 connections, beside nginx unsigned.
pub(super) fn small() -> Result<Vec<Line>, String> {
    let words = ["--size", "4KiB", "--connections", "32", "--duration", "3", "--auth", "presigned"];
    let found = beside_nginx(4 << 10, &words)?;
    let line = |figure: &str, value, aim| Line::new("get-small", figure, value, aim);
    Ok(vec![
        line("requests a second over nginx's", found.ratio("throughput"), Aim::AtLeast(0.5)),
        line("p99, ms", found.figure("p99_ms"), Aim::AtMost(10.0)),
        line("median, ms", found.figure("median_ms"), Aim::Shown),
        line("requests/s", found.figure("requests_per_second"), Aim::Shown),
        line("requests/s, nginx", found.against("requests_per_second"), Aim::Shown),
        line("server CPU us/request", found.figure("server_cpu_us_per_request"), Aim::Shown),
        line("server CPU us/request, nginx", found.against("server_cpu_us_per_request"), Aim::Shown),
        line("generator CPU us/request", found.figure("own_cpu_us_per_request"), Aim::Shown),
    ])
}

fn beside_nginx(size: usize, words: &[&str]) -> Result<Findings, String> {
    let nginx = Nginx::with_files(&[(FILE, size)])?;
    let server = Sluice::on_empty("get")?;
    let (url, worker) = (nginx.url(), nginx.worker()?);
    let other = ["--against", &url, "--against-auth", "none", "--against-pid", &worker];
    let mut all = vec!["get", "--objects", "1", "--rounds", "5"];
    all.extend(words);
    all.extend(other);
    load(&server, &all)
}
