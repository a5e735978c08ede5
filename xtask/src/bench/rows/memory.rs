use super::super::generator::load;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};

const LIMIT_MIB: f64 = 256.0;

/// Peak resident memory after very large and very many bodies.
pub(super) fn memory() -> Result<Vec<Line>, String> {
    let server = Sluice::on_empty("memory")?;
    let quick = ["--warmup", "0", "--rounds", "1", "--discard", "kernel"];
    let run = |words: &[&str]| {
        let found = load(&server, &[words, &quick].concat())?;
        Ok::<f64, String>(found.figure("peak_memory_bytes") / f64::from(1 << 20))
    };
    let line = |figure: &str, value| Line::new("memory", figure, value, Aim::AtMost(LIMIT_MIB));
    let one = ["--connections", "1", "--count", "1", "--objects", "1"];
    let many = ["--connections", "64", "--count", "64", "--objects", "1"];
    Ok(vec![
        // The object is put first, as one unsigned chunk.
        line(
            "peak MiB after PUT of 5 GiB in one chunk, and GET",
            run(
                &[&["get", "--size", "5GiB", "--payload", "trailer", "--prefix", "huge/"], &one[..]].concat()
            )?,
        ),
        line(
            "peak MiB after 64 PUTs of 256 MiB at once",
            run(&[&["put", "--size", "256MiB", "--prefix", "many/"], &many[..]].concat())?,
        ),
        line(
            "peak MiB after 64 GETs of one object of 1 GiB at once",
            run(&[&["get", "--size", "1GiB", "--prefix", "one/"], &many[..]].concat())?,
        ),
    ])
}
