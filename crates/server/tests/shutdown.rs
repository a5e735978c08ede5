//! Stopping: requests in flight are finished, the wait has an end, a second signal ends it.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::time::Instant;

use rustix::process::Signal;
use s3_auth::PayloadForm;
use support::Server;
use support::server::PATIENCE;

/// A server with an upload that has begun and sent half of its ten bytes.
fn half_an_upload(server: &Server) -> support::Connection {
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let mut head =
        server.signed_head("PUT", "/bucket/key", &[("expect", "100-continue")], PayloadForm::Unsigned);
    head.extend_from_slice(b"content-length: 10\r\n\r\n");
    let mut connection = server.connect();
    connection.write(&head);
    assert_eq!(connection.answer().status, 100, "the body is being read");
    connection.write(b"01234");
    connection
}

#[test]
fn an_upload_in_flight_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "shutdown_timeout = \"1h\"");
    let mut upload = half_an_upload(&server);
    server.terminate();
    server.wait_for_log("stopping");
    let until = Instant::now() + PATIENCE;
    let ready = || support::request(server.admin, b"GET /readyz HTTP/1.1\r\nhost: admin\r\n\r\n").status;
    while ready() != 503 {
        assert!(Instant::now() < until, "a stopping server says that it is ready");
    }
    upload.write(b"56789");
    assert_eq!(upload.answer().status, 200);
    assert!(upload.is_closed());
    assert!(server.wait().0.success());
    let again = Server::on(dir.path());
    assert_eq!(again.send("GET", "/bucket/key", b"").body, b"0123456789");
}

#[test]
fn the_wait_has_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "shutdown_timeout = \"1s\"");
    let _upload = half_an_upload(&server);
    server.terminate();
    let (status, log) = server.wait();
    assert!(status.success());
    assert!(log.iter().any(|line| line.contains("cut off")), "{log:?}");
}

#[test]
fn a_second_signal_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "shutdown_timeout = \"1h\"");
    let _upload = half_an_upload(&server);
    server.signal(Signal::INT);
    server.wait_for_log("stopping");
    server.terminate();
    assert_eq!(server.wait().0.code(), Some(1));
}

#[test]
fn idle_connections_do_not_delay_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "shutdown_timeout = \"1h\"");
    let mut idle = server.connect();
    idle.write(&server.signed("GET", "/", b""));
    assert_eq!(idle.answer().status, 200);
    server.terminate();
    assert!(server.wait().0.success());
    assert!(idle.is_closed());
}
