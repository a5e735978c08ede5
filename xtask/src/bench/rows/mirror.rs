use super::super::generator::load_against;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};

const ROW: &str = "mirror";

const SETTINGS: &str = "\
[store.one]
kind = \"local\"
path = \"one\"
[store.two]
kind = \"local\"
path = \"two\"
[store.both]
kind = \"mirror\"
targets = [\"one\", \"two\"]
write = \"all\"
";

/// A mirror of two native stores on one device, beside one of them: every byte is written twice.
pub(super) fn mirror() -> Result<Vec<Line>, String> {
    let mirror = Sluice::configured("mirror-front", SETTINGS)?;
    let single = Sluice::on_empty("mirror-single")?;
    let beside = |words: &[&str]| load_against(&mirror, &single.url(), &single, words);
    let puts = beside(&[
        "put",
        "--size",
        "64MiB",
        "--connections",
        "4",
        "--count",
        "24",
        "--warmup",
        "0",
        "--rounds",
        "3",
    ])?;
    let small = beside(&[
        "put",
        "--size",
        "4KiB",
        "--connections",
        "32",
        "--duration",
        "4",
        "--rounds",
        "3",
        "--prefix",
        "small/",
    ])?;
    let gets = [
        "get",
        "--size",
        "64MiB",
        "--objects",
        "4",
        "--connections",
        "4",
        "--discard",
        "kernel",
        "--prefix",
        "gets/",
    ];
    let gets = beside(&[&gets[..], &["--duration", "3", "--rounds", "3"]].concat())?;
    let reads = beside(&[
        "get",
        "--size",
        "4KiB",
        "--connections",
        "32",
        "--duration",
        "3",
        "--rounds",
        "3",
        "--prefix",
        "reads/",
    ])?;
    let line = |figure: &str, value| Line::new(ROW, figure, value, Aim::Shown);
    Ok(vec![
        line("PUT 64 MiB: throughput over one store's", puts.ratio("throughput")),
        line("PUT 64 MiB: MiB/s", puts.figure("mib_per_second")),
        line("PUT 64 MiB: server CPU over one store's", puts.ratio("server_cpu")),
        line("PUT 4 KiB: requests a second over one store's", small.ratio("throughput")),
        line("PUT 4 KiB: requests/s", small.figure("requests_per_second")),
        line("GET 64 MiB: throughput over one store's", gets.ratio("throughput")),
        line("GET 4 KiB: requests a second over one store's", reads.ratio("throughput")),
    ])
}
