//! Peers that send too much, too little, too slowly or two things at once.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::path::Path;

use s3_auth::PayloadForm;
use support::{Connection, Server, request};

fn anonymous(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: s3\r\n{headers}\r\n").into_bytes()
}

/// A server that waits for nobody longer than a second, on a directory that one with patience has filled.
fn impatient(dir: &Path, fill: impl FnOnce(&Server)) -> Server {
    let patient = Server::on(dir);
    fill(&patient);
    patient.terminate();
    assert!(patient.wait().0.success());
    Server::with(dir, "idle_timeout = \"1s\"")
}

#[test]
fn every_answer_bears_its_ids_and_errors_repeat_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let answer = request(server.endpoint, &anonymous("/bucket/key", ""));
    let id = answer.header("x-amz-request-id").unwrap().to_owned();
    assert_eq!((id.len(), answer.header("server")), (16, Some("Sluice")));
    assert!(answer.header("date").is_some());
    let host = answer.header("x-amz-id-2").unwrap().to_owned();
    assert!(answer.text().contains(&format!("<RequestId>{id}</RequestId>")), "{}", answer.text());
    assert!(answer.text().contains(&format!("<HostId>{host}</HostId>")));
    let head = server.send("HEAD", "/no-such-bucket", b"");
    assert_eq!((head.status, head.body.len()), (404, 0));
    assert!(head.header("x-amz-request-id").is_some_and(|other| other != id));
}

#[test]
fn a_head_too_large_is_refused_in_s3s_words() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let answer =
        request(server.endpoint, &anonymous("/bucket/key", &format!("x-filler: {}\r\n", "v".repeat(17_000))));
    assert_eq!((answer.status, answer.code()), (400, "RequestHeaderSectionTooLarge".to_owned()));
    let huge = anonymous("/bucket/key", &format!("x-filler: {}\r\n", "v".repeat(200_000)));
    let mut connection = server.connect();
    let _ = connection.try_write(&huge);
    assert_eq!(connection.answer().status, 431);
}

#[test]
fn a_length_told_twice_is_refused_and_ends_the_connection() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "content-length: 4\r\ncontent-length: 40\r\n",
        "content-length: 4, 4\r\n",
        "content-length: -4\r\n",
        "content-length: +4\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let mut connection = server.connect();
        connection
            .write(format!("PUT /bucket/key HTTP/1.1\r\nhost: s3\r\n{headers}\r\n0\r\n\r\n").as_bytes());
        // What would be a second request to somebody who read the first one's length differently.
        let _ = connection.try_write(&anonymous("/smuggled", ""));
        let answer = connection.answer();
        // With both, the coding counts, as RFC 9112 allows, and an object without a length is refused.
        let expected = if headers.contains("chunked\r\n") { 411 } else { 400 };
        assert_eq!(answer.status, expected, "{headers}");
        let rest = connection.rest();
        assert!(rest.is_empty(), "{headers}: {}", String::from_utf8_lossy(&rest));
    }
}

#[test]
fn an_object_of_unknown_length_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    for (header, body) in [("", ""), ("transfer-encoding: chunked\r\n", "4\r\nabcd\r\n0\r\n\r\n")] {
        let mut bytes = server.signed_head("PUT", "/bucket/key", &[], PayloadForm::Unsigned);
        bytes.extend_from_slice(format!("{header}\r\n{body}").as_bytes());
        let answer = request(server.endpoint, &bytes);
        assert_eq!((answer.status, answer.code()), (411, "MissingContentLength".to_owned()), "{header}");
    }
}

#[test]
fn a_refused_upload_is_not_asked_to_continue() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let mut connection = server.connect();
    connection.write(
        b"PUT /bucket/key HTTP/1.1\r\nhost: s3\r\ncontent-length: 5000000000\r\nexpect: 100-continue\r\n\r\n",
    );
    let answer = connection.answer();
    // The client may send the body or not: only a new connection is clear again, and the client must know.
    assert_eq!((answer.status, answer.header("connection")), (404, Some("close")));
    assert!(connection.is_closed());
}

#[test]
fn a_client_that_waits_to_send_nothing_gets_a_connection_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let mut connection = server.connect();
    connection.write(&server.signed_with("PUT", "/bucket/empty", &[("expect", "100-continue")], b""));
    let answer = connection.answer();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
}

#[test]
fn an_early_refusal_is_heard_by_a_client_that_goes_on_sending() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let mut connection = server.connect();
    connection.write(b"PUT /bucket/key HTTP/1.1\r\nhost: s3\r\ncontent-length: 30000000\r\n\r\n");
    let piece = vec![0; 1_000_000];
    for _ in 0..30 {
        connection.write(&piece);
    }
    let answer = connection.answer();
    assert_eq!((answer.status, answer.header("connection")), (404, Some("close")));
    assert!(connection.is_closed());
}

#[test]
fn after_an_early_refusal_with_a_short_body_the_connection_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let mut connection = server.connect();
    for _ in 0..3 {
        connection.write(b"PUT /bucket/key HTTP/1.1\r\nhost: s3\r\ncontent-length: 300000\r\n\r\n");
        connection.write(&[0; 150_000]);
        assert_eq!(connection.answer().status, 404);
        connection.write(&[0; 150_000]);
    }
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "header_timeout = \"1s\"");
    let mut silent = server.connect();
    let mut slow = server.connect();
    // On a busy machine the time may be up already.
    let _ = slow.try_write(b"GET /bucket HTTP/1.1\r\nhost:");
    assert!(silent.is_closed());
    assert!(slow.rest().is_empty());
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "idle_timeout = \"1s\"\nheader_timeout = \"1h\"");
    let ask = anonymous("/bucket", "");
    // On a busy machine this test itself may be idle for too long between the two.
    let is_kept = (0..60).any(|_| {
        let mut connection = server.connect();
        let is_kept =
            (0..2).all(|_| connection.try_exchange(&ask).is_some_and(|answer| answer.status == 404));
        assert!(connection.rest().is_empty(), "an idle connection is closed");
        is_kept
    });
    assert!(is_kept, "no connection was kept from one request to the next");
}

#[test]
fn an_upload_that_stalls_is_a_request_timeout_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(dir.path(), |server| {
        assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    });
    let mut head = server.signed_head("PUT", "/bucket/key", &[], PayloadForm::Unsigned);
    head.extend_from_slice(b"content-length: 10\r\n\r\n01234");
    let mut connection = server.connect();
    connection.write(&head);
    let answer = connection.answer();
    assert_eq!((answer.status, answer.code()), (400, "RequestTimeout".to_owned()));
    assert_eq!(server.send("GET", "/bucket/key", b"").status, 404);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let mut head = server.signed_head("PUT", "/bucket/key", &[], PayloadForm::Unsigned);
    head.extend_from_slice(b"content-length: 1000000\r\n\r\n01234");
    let mut connection = server.connect();
    connection.write(&head);
    drop(connection);
    server.wait_for_log("operation=PutObject");
    assert_eq!(server.send("GET", "/bucket/key", b"").status, 404);
}

#[test]
fn a_reader_that_stalls_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(dir.path(), |server| {
        assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
        // More than the buffers of both ends take.
        assert_eq!(server.send("PUT", "/bucket/key", &vec![7; 32_000_000]).status, 200);
    });
    let mut connection = server.connect();
    connection.write(&server.signed("GET", "/bucket/key", b""));
    assert!(server.wait_for_log("operation=GetObject").contains("ended=abandoned"));
    assert!(connection.rest().len() < 32_000_000);
}

#[test]
fn one_connection_too_many_is_told_to_slow_down() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "max_connections = 2");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = server.connect();
        connection.write(&anonymous("/bucket", ""));
        assert_eq!(connection.answer().status, 404);
        held.push(connection);
    }
    let mut third = Connection::open(server.endpoint);
    let answer = third.answer();
    assert_eq!((answer.status, answer.code()), (503, "SlowDown".to_owned()));
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let mut bytes = server.signed("PUT", "/bucket", b"");
    bytes.extend(server.signed("PUT", "/bucket/key", b"bytes"));
    bytes.extend(server.signed("GET", "/bucket/key", b""));
    let mut connection = server.connect();
    connection.write(&bytes);
    assert_eq!(connection.answer().status, 200);
    assert_eq!(connection.answer().status, 200);
    assert_eq!(connection.answer().body, b"bytes");
}

#[test]
fn options_without_a_cors_rule_is_forbidden() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    let bytes = b"OPTIONS /bucket/key HTTP/1.1\r\nhost: s3\r\norigin: http://a\r\naccess-control-request-method: GET\r\n\r\n";
    let answer = request(server.endpoint, bytes);
    assert_eq!((answer.status, answer.code()), (403, "AccessForbidden".to_owned()));
}
