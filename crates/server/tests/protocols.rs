//! HTTP/2 with and without TLS, and certificates that change while the server runs.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use s3_auth::PayloadForm;
use support::Server;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use types::{Clock, SystemClock};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn install(dir: &Path, name: &str) {
    for kind in ["crt", "key"] {
        std::fs::copy(fixture(&format!("{name}.{kind}")), dir.join(format!("server.{kind}"))).unwrap();
    }
}

fn with_tls(dir: &Path) -> Server {
    install(dir, "first");
    Server::with(dir, "tls_cert = \"server.crt\"\ntls_key = \"server.key\"")
}

fn signed(
    server: &Server,
    scheme: &str,
    method: &str,
    path: &str,
    body: &'static [u8],
) -> Request<Full<Bytes>> {
    let uri = format!("{scheme}://{}{path}", server.endpoint);
    let (mut parts, ()) = Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
    let _ = server.signer().sign(&mut parts, PayloadForm::of_bytes(body), SystemClock.now());
    Request::from_parts(parts, Full::new(Bytes::from_static(body)))
}

/// Makes a bucket, puts an object and reads it, three requests side by side at the end.
async fn exchange_by_http2(
    server: &Server,
    scheme: &str,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    let send = |method, path, body| {
        let (mut sender, request) = (sender.clone(), signed(server, scheme, method, path, body));
        async move {
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.version(), Version::HTTP_2);
            let status = answer.status().as_u16();
            (status, answer.into_body().collect().await.unwrap().to_bytes())
        }
    };
    assert_eq!(send("PUT", "/bucket", b"").await.0, 200);
    assert_eq!(send("PUT", "/bucket/key", b"bytes").await.0, 200);
    let read = || send("GET", "/bucket/key", b"");
    for answer in <[_; 3]>::from(tokio::join!(read(), read(), read())) {
        assert_eq!(answer, (200, Bytes::from_static(b"bytes")));
    }
    drop(sender);
    connection.await.unwrap().unwrap();
}

async fn by_tls(address: SocketAddr, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for name in ["first.crt", "second.crt"] {
        roots.add(CertificateDer::from_pem_file(fixture(name)).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::IpAddress(address.ip().into());
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn certificate(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn http2_with_prior_knowledge_in_clear_text() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let stream = TcpStream::connect(server.endpoint).await.unwrap();
    exchange_by_http2(&server, "http", stream).await;
}

#[tokio::test]
async fn an_http2_answer_that_nobody_takes_ends_the_connection() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with(dir.path(), "idle_timeout = \"1s\"");
    assert_eq!(server.send("PUT", "/bucket", b"").status, 200);
    assert_eq!(server.send("PUT", "/bucket/key", &vec![7; 8_000_000]).status, 200);
    let stream = TcpStream::connect(server.endpoint).await.unwrap();
    // Flow control holds the answer back: the client answers pings, and never reads the body.
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(signed(&server, "http", "GET", "/bucket/key", b"")).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    // The end of the connection is an error for the client, or an early end.
    drop(connection.await.unwrap());
    assert!(server.wait_for_log("operation=GetObject").contains("ended=abandoned"));
    drop(answer);
}

#[tokio::test]
async fn http2_by_alpn() {
    let dir = tempfile::tempdir().unwrap();
    let server = with_tls(dir.path());
    let stream = by_tls(server.endpoint, &[b"h2", b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    exchange_by_http2(&server, "https", stream).await;
}

#[tokio::test]
async fn http1_by_alpn_and_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = with_tls(dir.path());
    for alpn in [&[&b"http/1.1"[..]][..], &[]] {
        let stream = by_tls(server.endpoint, alpn).await;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = signed(&server, "https", "GET", "/", b"");
        request.headers_mut().insert("host", server.endpoint.to_string().parse().unwrap());
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
    }
}

#[tokio::test]
async fn a_changed_certificate_is_taken_into_use_and_open_connections_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = with_tls(dir.path());
    let first = CertificateDer::from_pem_file(fixture("first.crt")).unwrap();
    let second = CertificateDer::from_pem_file(fixture("second.crt")).unwrap();
    let open = by_tls(server.endpoint, &[b"h2"]).await;
    assert_eq!(certificate(&open), first);
    install(dir.path(), "second");
    server.wait_for_log("certificate reloaded");
    assert_eq!(certificate(&by_tls(server.endpoint, &[]).await), second);
    exchange_by_http2(&server, "https", open).await;
}

#[test]
fn the_operator_is_answered_by_tls() {
    let dir = tempfile::tempdir().unwrap();
    let server = with_tls(dir.path());
    let config = dir.path().join("sluice.toml");
    let scrub = |arguments: &[&str]| {
        let output = support::Program::new(arguments).dir(dir.path()).output();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = scrub(&["scrub", "data", "--config", config.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is damaged"), "{said}");
    let (code, said) = scrub(&["scrub", "data"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--config"), "{said}");
    drop(server);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path(), "first");
    std::fs::copy(fixture("second.key"), dir.path().join("server.key")).unwrap();
    let config = dir.path().join("sluice.toml");
    std::fs::write(&config, "[server]\ntls_cert = \"server.crt\"\ntls_key = \"server.key\"\n").unwrap();
    for command in ["check-config", "serve"] {
        let output =
            support::Program::new(&[command, "--config", config.to_str().unwrap()]).dir(dir.path()).output();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("server.key"), "{stderr}");
    }
}
