use std::process::Command;

use super::super::generator::load_against;
use super::super::server::Sluice;
use super::super::table::{Aim, Line};
use super::super::{program, workspace};
use crate::run::output;

const ROW: &str = "crypt";

/// A new keyring; the reference by which settings name it.
pub(super) fn keyring() -> Result<String, String> {
    let path = workspace().join("keys.toml");
    let _ = std::fs::remove_file(&path);
    output(Command::new(program("sluice")).args(["crypt", "keygen"]).arg(&path))?;
    Ok(format!("file:{}", path.display()))
}

/// An encrypted native store beside one that is not.
pub(super) fn crypt() -> Result<Vec<Line>, String> {
    let keyring = keyring()?;
    let mut lines = Vec::new();
    for (algorithm, put, get) in [
        ("aes-256-gcm", Aim::AtLeast(0.75), Aim::AtLeast(0.6)),
        ("chacha20-poly1305", Aim::Shown, Aim::Shown),
    ] {
        let sealed = Sluice::configured(
            "crypt-sealed",
            &format!(
                "[store.near]\nkind = \"local\"\npath = \"near\"\n\
                 layers = [ {{ kind = \"crypt\", keyring = \"{keyring}\", algorithm = \"{algorithm}\" }} ]\n"
            ),
        )?;
        let plain = Sluice::on_empty("crypt-plain")?;
        let beside = |words: &[&str]| load_against(&sealed, &plain.url(), &plain, words);
        let common = ["--size", "64MiB", "--connections", "4"];
        let puts =
            beside(&[&["put", "--count", "32", "--warmup", "0", "--rounds", "3"], &common[..]].concat())?;
        let gets = [
            "get",
            "--objects",
            "4",
            "--duration",
            "3",
            "--rounds",
            "5",
            "--discard",
            "kernel",
            "--prefix",
            "gets/",
        ];
        let gets = beside(&[&gets[..], &common[..]].concat())?;
        let small = beside(&[
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
            "small/",
        ])?;
        let mut line = |figure: &str, value, aim| {
            lines.push(Line::new(ROW, format!("{algorithm}: {figure}"), value, aim))
        };
        line("PUT 64 MiB: throughput over plain", puts.ratio("throughput"), put);
        line("PUT 64 MiB: MiB/s", puts.figure("mib_per_second"), Aim::Shown);
        line("PUT 64 MiB: MiB/s, plain", puts.against("mib_per_second"), Aim::Shown);
        line("GET 64 MiB: throughput over plain", gets.ratio("throughput"), get);
        line("GET 64 MiB: MiB/s", gets.figure("mib_per_second"), Aim::Shown);
        line("GET 64 MiB: MiB/s, plain", gets.against("mib_per_second"), Aim::Shown);
        line("GET 4 KiB: requests a second over plain", small.ratio("throughput"), Aim::Shown);
    }
    Ok(lines)
}
