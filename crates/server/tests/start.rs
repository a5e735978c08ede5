//! Starting: the banner, the root key, the lock, health; and what is left on disk.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use support::server::PATIENCE;
use support::{Program, Server, request};

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: admin\r\n\r\n").into_bytes()
}

#[test]
fn the_first_start_makes_a_key_and_the_second_finds_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = Server::on(dir.path());
    let file = dir.path().join("data/root-key.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        first.banner.contains("aws --endpoint-url") && first.banner.contains("rclone lsd"),
        "{}",
        first.banner
    );
    assert_eq!(first.send("PUT", "/kept", b"").status, 200);
    let key = (first.key_id.clone(), first.secret.clone());
    drop(first);
    let second = Server::on(dir.path());
    assert_eq!((second.key_id.clone(), second.secret.clone()), key);
    assert_eq!(second.send("HEAD", "/kept", b"").status, 200);
}

#[test]
fn the_environment_sets_another_root_key_and_its_secret_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let server = Program::new(&["serve", "data", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .dir(dir.path())
        .env("SLUICE_ACCESS_KEY", "my-own-key")
        .env("SLUICE_SECRET_KEY", "swordfish-swordfish")
        .serve();
    assert_eq!(server.key_id, "my-own-key");
    assert!(!server.banner.contains("swordfish"));
    assert!(!dir.path().join("data/root-key.toml").exists());
}

#[test]
fn a_second_process_on_the_directory_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let data = dir.path().join("data");
    let arguments =
        ["serve", data.to_str().unwrap(), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let output = Program::new(&arguments).output();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&server.pid().to_string()), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_port_in_use_is_told_by_its_setting() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let taken = server.endpoint.to_string();
    let output = Program::new(&["serve", "other", "--listen", &taken]).dir(dir.path()).output();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("server.listen") && stderr.contains(&taken), "{stderr}");
}

#[test]
fn a_directory_that_is_a_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), b"").unwrap();
    let output = Program::new(&["serve", "data"]).dir(dir.path()).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("data"));
}

#[test]
fn memory_without_a_directory_writes_nothing_to_disk() {
    let dir = tempfile::tempdir().unwrap();
    let arguments =
        ["serve", "--store", "memory", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let server = Program::new(&arguments).dir(dir.path()).serve();
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(server.send("PUT", "/bucket/key", b"bytes").status, 200);
    assert_eq!(server.send("GET", "/bucket/key", b"").body, b"bytes");
    server.terminate();
    assert!(server.wait().0.success());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_snapshot_outlives_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                [store.ram]\nkind = \"memory\"\nsnapshot = \"ram.snapshot\"\n";
    std::fs::write(&config, text).unwrap();
    let start =
        || Program::new(&["serve", "state", "--config", config.to_str().unwrap()]).dir(dir.path()).serve();
    let first = start();
    assert_eq!(first.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(first.send("PUT", "/bucket/key", b"bytes").status, 200);
    first.terminate();
    assert!(first.wait().0.success());
    assert_eq!(start().send("GET", "/bucket/key", b"").body, b"bytes");
}

#[test]
fn a_snapshot_taken_on_the_way_outlives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                [store.ram]\nkind = \"memory\"\nsnapshot = \"ram.snapshot\"\nsnapshot_every = \"1s\"\n";
    std::fs::write(&config, text).unwrap();
    let start =
        || Program::new(&["serve", "state", "--config", config.to_str().unwrap()]).dir(dir.path()).serve();
    let first = start();
    assert_eq!(first.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(first.send("PUT", "/bucket/key", b"bytes").status, 200);
    // A snapshot that is begun after the put holds the object; the second one from now on surely is.
    let snapshot = dir.path().join("ram.snapshot");
    let written = || std::fs::metadata(&snapshot).and_then(|metadata| metadata.modified()).ok();
    let until = Instant::now() + PATIENCE;
    for _ in 0..2 {
        let before = written();
        while written() == before {
            assert!(Instant::now() < until, "no snapshot is written");
            assert_eq!(first.send("GET", "/bucket/key", b"").body, b"bytes");
        }
    }
    drop(first);
    assert_eq!(start().send("GET", "/bucket/key", b"").body, b"bytes");
}

#[test]
fn a_full_memory_store_refuses_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                [store.ram]\nkind = \"memory\"\nmax_size = \"1MiB\"\n";
    std::fs::write(&config, text).unwrap();
    let server =
        Program::new(&["serve", "state", "--config", config.to_str().unwrap()]).dir(dir.path()).serve();
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let refused = server.send("PUT", "/bucket/large", &vec![7; 2_000_000]);
    assert_eq!((refused.status, refused.code()), (507, "InsufficientStorage".to_owned()));
    assert_eq!(server.send("GET", "/bucket/large", b"").status, 404);
    assert_eq!(server.send("PUT", "/bucket/small", b"bytes").status, 200);
}

#[test]
fn buckets_of_the_configuration_are_there_at_start_in_their_own_stores() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    let text = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                [store.near]\nkind = \"local\"\npath = \"near\"\n[store.ram]\nkind = \"memory\"\n\
                [bucket.scratch]\nstore = \"ram\"\nanonymous = \"read\"\n[bucket.\"*\"]\nstore = \"near\"\n";
    std::fs::write(&config, text).unwrap();
    let server =
        Program::new(&["serve", "state", "--config", config.to_str().unwrap()]).dir(dir.path()).serve();
    assert_eq!(server.send("PUT", "/made", b"").status, 200);
    assert_eq!(server.send("PUT", "/scratch/key", b"bytes").status, 200);
    let anonymous = request(server.endpoint, b"GET /scratch/key HTTP/1.1\r\nhost: s3\r\n\r\n");
    assert_eq!((anonymous.status, anonymous.body), (200, b"bytes".to_vec()));
    let refused = request(server.endpoint, b"GET /made HTTP/1.1\r\nhost: s3\r\n\r\n");
    assert_eq!((refused.status, refused.code()), (403, "AccessDenied".to_owned()));
    let listed = server.send("GET", "/", b"").text();
    assert!(listed.contains("scratch") && listed.contains("made"), "{listed}");
}

#[test]
fn health_and_metrics_are_open_and_the_rest_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(request(server.admin, &get("/healthz")).status, 200);
    assert_eq!(request(server.admin, &get("/readyz")).status, 200);
    let page = request(server.admin, &get("/metrics")).text();
    for line in [
        "sluice_requests_total{operation=\"CreateBucket\",status=\"200\"} 1\n",
        "process_resident_memory_bytes ",
        "sluice_meta_commits_total{store=\"default\"} ",
        "sluice_orphans_removed_total{store=\"default\"} 0\n",
        "# EOF\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert_eq!(request(server.admin, &get("/v1/capabilities")).status, 403);
    let scrub = b"POST /v1/scrub HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(request(server.admin, scrub).status, 403);
}

#[test]
fn no_secret_stands_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "log_level = \"trace\"");
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let query = "/bucket/key?X-Amz-Signature=0123456789abcdef&X-Amz-Credential=someone";
    request(server.endpoint, format!("GET {query} HTTP/1.1\r\nhost: s3\r\n\r\n").as_bytes());
    let secret = server.secret.clone();
    server.terminate();
    let (status, log) = server.wait();
    assert!(status.success());
    assert!(
        log.iter().any(|line| line.contains("operation=GetObject") && line.contains("key=\"key\"")),
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.contains(&secret) || line.contains("0123456789abcdef")), "{log:?}");
}

#[test]
fn json_log_lines_are_json() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "log_format = \"json\"");
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    server.terminate();
    let (_, log) = server.wait();
    let lines: Vec<serde_json::Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["operation"] == "CreateBucket").unwrap();
    assert_eq!(
        (&line["status"], &line["level"], &line["user"]),
        (&200.into(), &"INFO".into(), &"root".into())
    );
}
