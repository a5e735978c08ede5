use std::thread;

use super::super::generator::load;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::crypt::keyring;

const ROW: &str = "stack-memory";
const MIB: f64 = (1 << 20) as f64;

/// Peak memory of 16 readers and 16 writers of 256 MiB objects through encryption over a cache over a mirror.
pub(super) fn memory() -> Result<Vec<Line>, String> {
    let settings = format!(
        "[store.one]\nkind = \"local\"\npath = \"one\"\n[store.two]\nkind = \"local\"\npath = \"two\"\n\
         [store.both]\nkind = \"mirror\"\ntargets = [\"one\", \"two\"]\n[bucket.\"*\"]\nstore = \"both\"\n\
         layers = [ {{ kind = \"crypt\", keyring = \"{}\" }}, {{ kind = \"cache\", path = \"cached\", size = \"2GiB\" }} ]\n",
        keyring()?
    );
    let server = Sluice::configured("stack", &settings)?;
    let common = ["--size", "256MiB", "--connections", "16", "--count", "16", "--warmup", "0"];
    // The objects to read are put first, by themselves.
    let read = [&["get", "--objects", "2", "--discard", "kernel", "--prefix", "read/"], &common[..]].concat();
    load(&server, &read)?;
    let again = [&read[..], &["--prepared"]].concat();
    let write = [&["put", "--prefix", "write/"], &common[..]].concat();
    let (read, written) = thread::scope(|scope| {
        let reading = scope.spawn(|| load(&server, &again));
        let written = load(&server, &write);
        (reading.join(), written)
    });
    let read = read.map_err(|_| "the readers broke off".to_owned())??;
    let written = written?;
    let peak = read.figure("peak_memory_bytes").max(written.figure("peak_memory_bytes")) / MIB;
    Ok(vec![
        Line::new(ROW, "peak MiB after 16 readers and 16 writers of 256 MiB", peak, Aim::AtMost(256.0)),
        Line::new(ROW, "readers, MiB/s", read.figure("mib_per_second"), Aim::Shown),
        Line::new(ROW, "writers, MiB/s", written.figure("mib_per_second"), Aim::Shown),
    ])
}
