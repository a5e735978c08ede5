use std::time::Duration;

use super::super::generator::{Findings, load_against};
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::super::throttle::{Link, Share, Throttle};

const ROW: &str = "gateway";
const SLOW_BYTES_PER_SECOND: u64 = 200_000_000;
const MIB: f64 = (1 << 20) as f64;

/// A server, and a gateway onto it.
struct Pair {
    direct: Sluice,
    gateway: Sluice,
}

impl Pair {
    fn start() -> Result<Self, String> {
        let direct = Sluice::on_empty("gateway-behind")?;
        let gateway = Sluice::gateway_onto("gateway-front", &direct.url())?;
        Ok(Self { direct, gateway })
    }

    /// The same load on the gateway and on what is behind it, in turns.
    fn load(&self, words: &[&str]) -> Result<Findings, String> {
        load_against(&self.gateway, &self.direct.url(), &self.direct, words)
    }
}

/// Through the S3 gateway onto another Sluice on the same machine, beside going there directly.
pub(super) fn gateway() -> Result<Vec<Line>, String> {
    let pair = Pair::start()?;
    let mut lines = puts(&pair)?;
    lines.extend(gets(&pair)?);
    lines.extend(small(&pair)?);
    lines.extend(reuse(&pair)?);
    drop(pair);
    lines.extend(slow()?);
    Ok(lines)
}

fn line(figure: &str, value: f64, aim: Aim) -> Line {
    Line::new(ROW, figure, value, aim)
}

fn puts(pair: &Pair) -> Result<Vec<Line>, String> {
    let words =
        ["put", "--size", "64MiB", "--connections", "4", "--count", "32", "--warmup", "0", "--rounds", "3"];
    let found = pair.load(&words)?;
    Ok(vec![
        line("PUT 64 MiB: throughput over direct", found.ratio("throughput"), Aim::AtLeast(0.7)),
        line("PUT 64 MiB: MiB/s", found.figure("mib_per_second"), Aim::Shown),
        line("PUT 64 MiB: MiB/s, direct", found.against("mib_per_second"), Aim::Shown),
        line("PUT 64 MiB: gateway's own CPU ms/GiB", found.figure("server_cpu_ms_per_gib"), Aim::Shown),
        line("PUT 64 MiB: direct server's CPU ms/GiB", found.against("server_cpu_ms_per_gib"), Aim::Shown),
    ])
}

const LARGE_GETS: [&str; 9] =
    ["get", "--size", "64MiB", "--objects", "4", "--connections", "4", "--discard", "kernel"];

fn gets(pair: &Pair) -> Result<Vec<Line>, String> {
    let found = pair.load(&[&LARGE_GETS[..], &["--duration", "3", "--rounds", "3"]].concat())?;
    Ok(vec![
        line(
            "GET 64 MiB: gateway's own CPU ms/GiB",
            found.figure("server_cpu_ms_per_gib"),
            Aim::AtMost(350.0),
        ),
        line("GET 64 MiB: direct server's CPU ms/GiB", found.against("server_cpu_ms_per_gib"), Aim::Shown),
        line("GET 64 MiB: MiB/s", found.figure("mib_per_second"), Aim::Shown),
        line("GET 64 MiB: MiB/s, direct", found.against("mib_per_second"), Aim::Shown),
    ])
}

fn small(pair: &Pair) -> Result<Vec<Line>, String> {
    let words = ["get", "--size", "4KiB", "--connections", "1", "--duration", "3", "--rounds", "3"];
    let found = pair.load(&words)?;
    Ok(vec![
        line("GET 4 KiB: median over direct", found.ratio("median"), Aim::AtMost(2.5)),
        line("GET 4 KiB: median us", found.figure("median_ms") * 1e3, Aim::Shown),
        line("GET 4 KiB: median us, direct", found.against("median_ms") * 1e3, Aim::Shown),
        line("GET 4 KiB: gateway's own CPU us", found.figure("server_cpu_us_per_request"), Aim::Shown),
        line("GET 4 KiB: direct server's CPU us", found.against("server_cpu_us_per_request"), Aim::Shown),
    ])
}

/// What the gateway's metrics say of its connections, after all that load.
fn reuse(pair: &Pair) -> Result<Vec<Line>, String> {
    let connections = pair.gateway.metric("sluice_remote_connections_total")?;
    let requests = pair.gateway.metric("sluice_remote_requests_total")?;
    Ok(vec![line(
        "requests over each connection to the service",
        requests / connections,
        Aim::AtLeast(100.0),
    )])
}

/// Both ways lead through an upstream of 200 MB/s.
fn slow() -> Result<Vec<Line>, String> {
    let direct = Sluice::on_empty("gateway-behind")?;
    let link = Link { bytes_per_second: SLOW_BYTES_PER_SECOND, share: Share::All, latency: Duration::ZERO };
    let throttle = Throttle::start(direct.port(), link)?;
    let gateway = Sluice::gateway_onto("gateway-front", &throttle.url())?;
    let words = [&LARGE_GETS[..], &["--duration", "4", "--rounds", "3"]].concat();
    let found = load_against(&gateway, &throttle.url(), &direct, &words)?;
    Ok(vec![
        line(
            "GET 64 MiB, upstream of 200 MB/s: throughput over direct",
            found.ratio("throughput"),
            Aim::AtLeast(0.95),
        ),
        line("GET 64 MiB, upstream of 200 MB/s: MiB/s", found.figure("mib_per_second"), Aim::Shown),
    ])
}

/// Peak memory of the gateway while 16 parts of 1 GiB pass through at once.
pub(super) fn memory() -> Result<Vec<Line>, String> {
    let pair = Pair::start()?;
    let words = [
        "multipart",
        "--size",
        "1GiB",
        "--part-size",
        "1GiB",
        "--connections",
        "16",
        "--count",
        "16",
        "--warmup",
        "0",
    ];
    let found = super::super::generator::load(&pair.gateway, &words)?;
    let peak = found.figure("peak_memory_bytes") / MIB;
    let figure = "peak MiB after 16 parts of 1 GiB at once";
    Ok(vec![
        Line::new("gateway-memory", figure, peak, Aim::AtMost(256.0)),
        Line::new("gateway-memory", "MiB/s", found.figure("mib_per_second"), Aim::Shown),
    ])
}
