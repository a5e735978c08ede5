//! Layers on a running server: what an operator sees of them, and what they must not stand in the way of.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::collections::BTreeSet;

use support::{Server, request};

fn ask(server: &Server, path: &str) -> (u16, String) {
    let answer = request(server.admin, format!("GET {path} HTTP/1.1\r\nhost: admin\r\n\r\n").as_bytes());
    (answer.status, answer.text())
}

fn near(layers: &str) -> String {
    format!("[store.near]\nkind = \"memory\"\nlayers = [ {layers} ]\n")
}

#[test]
fn a_busy_store_takes_no_server_out_of_service() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), &near("{ kind = \"limit\", requests = 1, wait = \"1ms\" }"));
    for _ in 0..3 {
        assert_eq!(ask(&server, "/readyz").0, 200);
    }
    // None of these has taken a turn.
    assert_eq!(server.send("GET", "/", b"").status, 200);
}

#[test]
fn a_faulty_store_keeps_no_server_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let settings = near("{ kind = \"fault\", errors = 1.0 }") + "[bucket.photos]\n";
    let server = Server::with(dir.path(), &settings);
    assert_eq!(ask(&server, "/readyz").0, 200);
    assert_eq!(server.send("GET", "/photos", b"").status, 503);
}

#[test]
fn every_series_stands_once_on_the_page() {
    let kinds = [
        "{ kind = \"limit\", requests = 1000 }",
        "{ kind = \"bandwidth\", read = \"1GiB\" }",
        "{ kind = \"retry\" }",
        "{ kind = \"quota\", bytes = \"1GiB\", objects = 10 }",
        "{ kind = \"fault\" }",
    ];
    let twice = kinds.map(|kind| format!("{kind}, {kind}")).join(", ");
    let settings = format!("{}[bucket.twice]\nlayers = [ {twice} ]\n", near(&twice));
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), &settings);
    assert_eq!(server.send("PUT", "/twice/key", b"bytes").status, 200);
    let page = ask(&server, "/metrics").1;
    let mut seen = BTreeSet::new();
    for line in page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let series = line.rsplit_once(' ').unwrap().0;
        assert!(seen.insert(series), "{series} stands twice");
    }
    assert!(page.contains("sluice_limit_refused_total{layer=\"0\",store=\"near\"} 0\n"), "{page}");
    assert!(page.contains("sluice_limit_refused_total{layer=\"1\",bucket=\"twice\"} 0\n"), "{page}");
}

#[test]
fn the_page_tells_what_a_quota_counts_and_allows() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), &near("{ kind = \"quota\", bytes = \"1KiB\" }"));
    assert_eq!(server.send("PUT", "/photos", b"").status, 200);
    assert_eq!(server.send("PUT", "/photos/a", &[7; 1000]).status, 200);
    assert_eq!(server.send("PUT", "/photos/b", &[7; 25]).status, 507);
    let page = ask(&server, "/metrics").1;
    for line in [
        "sluice_quota_limit_bytes{store=\"near\"} 1024.0\n",
        "sluice_quota_used_bytes{inner_bucket=\"photos\",store=\"near\"} 1000.0\n",
        "sluice_quota_used_objects{inner_bucket=\"photos\",store=\"near\"} 1.0\n",
        "sluice_quota_refused_total{store=\"near\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!page.contains("sluice_quota_limit_objects"), "{page}");
}
