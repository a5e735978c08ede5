use std::time::Duration;

use super::super::generator::{Findings, load, load_against};
use super::super::server::{Sluice, far_store};
use super::super::table::{Aim, Line};
use super::super::throttle::{Link, Share, Throttle};
use super::plain::Plain;

const ROW: &str = "cache";
/// What a far service is like: 50 ms away, 40 MB/s over one connection.
const FAR: Link =
    Link { bytes_per_second: 40_000_000, share: Share::Connection, latency: Duration::from_millis(50) };
/// Cold objects whose first byte is waited for.
const FIRST_BYTES: usize = 50;

/// A cache in front of another Sluice, beside a native store and beside going there directly.
pub(super) fn cache() -> Result<Vec<Line>, String> {
    let mut lines = hits()?;
    lines.extend(miss()?);
    lines.extend(first_bytes()?);
    lines.extend(readers()?);
    Ok(lines)
}

fn line(figure: impl Into<String>, value: f64, aim: Aim) -> Line {
    Line::new(ROW, figure, value, aim)
}

/// Settings with a cache in front of the service at `url`; everybody may read its bucket.
fn settings(url: &str, options: &str) -> String {
    format!(
        "{}[bucket.\"*\"]\nstore = \"far\"\n[bucket.bench]\nanonymous = \"read\"\n\
         layers = [ {{ kind = \"cache\", path = \"cached\", size = \"8GiB\", {options} }} ]\n",
        far_store(url)
    )
}

fn hits() -> Result<Vec<Line>, String> {
    let far = Sluice::on_empty("cache-far")?;
    let native = Sluice::on_empty("cache-native")?;
    let mut lines = Vec::new();
    for (name, options) in
        [("", "mode = \"immutable\""), (", in memory", "mode = \"immutable\", memory = \"64MiB\"")]
    {
        let near = Sluice::configured("cache-near", &settings(&far.url(), options))?;
        let beside = |words: &[&str]| load_against(&near, &native.url(), &native, words);
        let small = [
            "get",
            "--size",
            "4KiB",
            "--connections",
            "32",
            "--duration",
            "3",
            "--rounds",
            "5",
            "--auth",
            "presigned",
        ];
        let small = beside(&[&small[..], &["--prefix", "small/"]].concat())?;
        lines.extend(of_hits(&format!("hit 4 KiB{name}"), &small, "requests_per_second", Aim::AtLeast(0.8)));
        if name.is_empty() {
            let large =
                ["get", "--size", "64MiB", "--objects", "4", "--connections", "4", "--discard", "kernel"];
            let large =
                beside(&[&large[..], &["--duration", "3", "--rounds", "5", "--warmup", "2"]].concat())?;
            lines.extend(of_hits("hit 64 MiB", &large, "mib_per_second", Aim::AtLeast(0.9)));
        }
    }
    Ok(lines)
}

fn of_hits(name: &str, found: &Findings, figure: &str, aim: Aim) -> Vec<Line> {
    vec![
        line(format!("{name}: throughput over the native store's"), found.ratio("throughput"), aim),
        line(format!("{name}: {figure}"), found.figure(figure), Aim::Shown),
        line(format!("{name}: {figure}, native"), found.against(figure), Aim::Shown),
    ]
}

fn miss() -> Result<Vec<Line>, String> {
    let far = Sluice::on_empty("cache-far")?;
    let link = Throttle::start(far.port(), FAR)?;
    let near = Sluice::configured("cache-near", &settings(&link.url(), "mode = \"ttl\", ttl = \"1h\""))?;
    let once =
        ["--objects", "1", "--connections", "1", "--count", "1", "--warmup", "0", "--discard", "kernel"];
    let found = load(&near, &[&["get", "--size", "1GiB"], &once[..]].concat())?;
    let direct = Sluice::gateway_onto("cache-direct", &link.url())?;
    let single = load(&direct, &[&["get", "--size", "256MiB", "--prefix", "one/"], &once[..]].concat())?;
    let (rate, one) = (found.figure("mib_per_second"), single.figure("mib_per_second"));
    Ok(vec![
        line("miss of 1 GiB, 50 ms and 40 MB/s a connection: over one", rate / one, Aim::AtLeast(5.0)),
        line("miss of 1 GiB: MiB/s", rate, Aim::Shown),
        line("one connection: MiB/s", one, Aim::Shown),
    ])
}

fn first_bytes() -> Result<Vec<Line>, String> {
    let far = Sluice::configured(
        "cache-far",
        "[store.here]\nkind = \"local\"\npath = \"here\"\n[bucket.bench]\nanonymous = \"read\"\n",
    )?;
    let link = Throttle::start(far.port(), FAR)?;
    let near = Sluice::configured("cache-near", &settings(&link.url(), "mode = \"ttl\", ttl = \"1h\""))?;
    let objects = FIRST_BYTES.to_string();
    load(
        &far,
        &[
            "get",
            "--size",
            "4MiB",
            "--objects",
            &objects,
            "--count",
            "1",
            "--connections",
            "4",
            "--warmup",
            "0",
        ],
    )?;
    let paths: Vec<_> = (0..FIRST_BYTES).map(|number| format!("/bench/load/o{number:08}")).collect();
    let direct = median_ms(link.port(), &paths)?;
    let cold = median_ms(near.port(), &paths)?;
    Ok(vec![
        line("first byte of a miss over the direct first byte", cold / direct, Aim::AtMost(1.3)),
        line("first byte of a miss: median, ms", cold, Aim::Shown),
        line("direct first byte: median, ms", direct, Aim::Shown),
    ])
}

fn median_ms(port: u16, paths: &[String]) -> Result<f64, String> {
    let mut connection = Plain::open(port)?;
    let taken = paths.iter().map(|path| connection.first_byte(path));
    let mut taken = taken.collect::<Result<Vec<_>, _>>()?;
    taken.sort();
    Ok(taken[taken.len() / 2].as_secs_f64() * 1e3)
}

fn readers() -> Result<Vec<Line>, String> {
    const SIZE: f64 = (256 << 20) as f64;
    let far = Sluice::on_empty("cache-far")?;
    let near = Sluice::configured("cache-near", &settings(&far.url(), "mode = \"ttl\", ttl = \"1h\""))?;
    let words = [
        "get",
        "--size",
        "256MiB",
        "--objects",
        "1",
        "--connections",
        "32",
        "--count",
        "32",
        "--warmup",
        "0",
    ];
    load(&near, &[&words[..], &["--discard", "kernel"]].concat())?;
    let fetched = near.metric("sluice_cache_fetched_bytes_total")? / SIZE;
    Ok(vec![line("32 readers of one cold object: times it was fetched", fetched, Aim::AtMost(1.0))])
}
