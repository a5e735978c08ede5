//! `sluice scrub`: on a directory at rest, and by the server that holds it.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::path::{Path, PathBuf};

use support::{Program, Server};

fn scrub(dir: &Path) -> (Option<i32>, String) {
    let data = dir.join("data");
    let output = Program::new(&["scrub", data.to_str().unwrap()]).output();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), said.concat())
}

/// The data directory of a server that has stored one large and one small object.
fn filled() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(server.send("PUT", "/bucket/large", &vec![7; 300_000]).status, 200);
    assert_eq!(server.send("PUT", "/bucket/small", b"bytes").status, 200);
    (dir, server)
}

/// The one file that holds the large object.
fn largest_file(dir: &Path) -> PathBuf {
    let mut found: Option<(u64, PathBuf)> = None;
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let (metadata, path) = (entry.metadata().unwrap(), entry.path());
            if metadata.is_dir() {
                open.push(path);
            } else if found.as_ref().is_none_or(|(size, _)| metadata.len() > *size) {
                found = Some((metadata.len(), path));
            }
        }
    }
    found.unwrap().1
}

#[test]
fn the_same_is_said_at_rest_and_by_a_running_server() {
    let (dir, server) = filled();
    let (code, running) = scrub(dir.path());
    assert_eq!(code, Some(0), "{running}");
    assert!(running.contains("1 blobs") && running.contains("nothing is damaged"), "{running}");
    server.terminate();
    assert!(server.wait().0.success());
    assert_eq!(scrub(dir.path()), (Some(0), running));
}

#[test]
fn a_flipped_bit_is_found_and_never_served() {
    let (dir, server) = filled();
    let blob = largest_file(&dir.path().join("data/blobs"));
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[150_000] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let (code, said) = scrub(dir.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("DAMAGED") && said.contains("1 damaged"), "{said}");
    let answer = server.send("GET", "/bucket/large", b"");
    assert_eq!((answer.status, answer.code()), (500, "InternalError".to_owned()));
    let metrics = support::request(server.admin, b"GET /metrics HTTP/1.1\r\nhost: admin\r\n\r\n").text();
    assert!(metrics.contains("sluice_corrupt_reads_total 1\n"), "{metrics}");
}

#[test]
fn a_read_that_meets_damage_halfway_breaks_off() {
    const SIZE: usize = 8_000_000;
    let (dir, server) = filled();
    assert_eq!(server.send("PUT", "/bucket/huge", &vec![9; SIZE]).status, 200);
    let blob = largest_file(&dir.path().join("data/blobs"));
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[SIZE - 100] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let mut connection = server.connect();
    connection.write(&server.signed("GET", "/bucket/huge", b""));
    let got = connection.rest();
    let body_at = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let body = &got[body_at..];
    assert!(body.len() < SIZE && body.iter().all(|byte| *byte == 9), "{} bytes", body.len());
    assert!(server.wait_for_log("operation=GetObject").contains("ended=failed"));
}

#[test]
fn a_blob_that_is_gone_is_found() {
    let (dir, server) = filled();
    std::fs::remove_file(largest_file(&dir.path().join("data/blobs"))).unwrap();
    let (code, said) = scrub(dir.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("DAMAGED") && said.contains("large"), "{said}");
    assert_eq!(server.send("GET", "/bucket/large", b"").status, 500);
}

#[test]
fn an_interrupted_check_is_gone_on_with() {
    let (dir, server) = filled();
    server.terminate();
    assert!(server.wait().0.success());
    let kept = "{\"place\":\"blobs:\",\"records\":41,\"blobs\":0,\"bytes\":0,\"damaged\":0}";
    std::fs::write(dir.path().join("data/scrub.json"), kept).unwrap();
    let (code, said) = scrub(dir.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("going on") && said.contains("41 records and 1 blobs"), "{said}");
    assert!(!dir.path().join("data/scrub.json").exists());
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = scrub(dir.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("no such directory"), "{said}");
}
