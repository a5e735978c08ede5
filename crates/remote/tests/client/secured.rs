use std::sync::Arc;

use http::Method;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use remote::{Anonymous, Client, ClientOptions, RemoteErrorKind, Request, Roots};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use stubs::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use types::Budget;

use crate::harness::{MIB, client_with, cx, free_port, kind, limits, noise, stream};

/// An authority, and a service for `localhost` that it vouches for.
struct Secured {
    authority: String,
    service: Server,
}

impl Secured {
    fn start() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let acceptor = acceptor(leaf.der().clone(), key.serialize_der());
        let service = Server::accepting(free_port(), move |socket| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    echo(&mut stream).await;
                }
            }
        });
        Self { authority: authority.pem(), service: service.unwrap() }
    }

    fn request(&self, host: &str) -> Request {
        let port = self.service.address().port();
        Request::new(Method::PUT, format!("https://{host}:{port}/").parse().unwrap())
    }

    fn client(&self) -> Client {
        client_with(limits(), Budget::new(16 * MIB), Roots::Pem(self.authority.clone().into_bytes()))
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: Vec<u8>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.into()))
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every request with its body.
async fn echo(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) {
    let mut read = Vec::new();
    loop {
        let (head, length) = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
                let length =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                break (end + 4, length.unwrap_or(0));
            }
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        };
        while read.len() < head + length {
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let answer = [answer.as_bytes(), &read[head..head + length]].concat();
        if stream.write_all(&answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        read.drain(..head + length);
    }
}

#[tokio::test]
async fn secured_bodies_pass_both_ways_over_one_connection() {
    let secured = Secured::start();
    let client = secured.client();
    for size in [0, 10, 100_000, 3 * MIB] {
        let bytes = noise(size);
        let mut request = secured.request("localhost");
        request.body = stream(&bytes);
        let response = client.send(&cx(), request, &Anonymous).await.unwrap();
        assert_eq!(response.collect(usize::MAX).await.unwrap(), bytes, "{size}");
    }
    assert_eq!(client.stats().connections.get(), 1);
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for_is_unreachable() {
    let secured = Secured::start();
    let another = Secured::start();
    let outcome = another.client().send(&cx(), secured.request("localhost"), &Anonymous).await;
    assert!(matches!(kind(outcome), RemoteErrorKind::Unreachable), "another authority");
    let outcome = secured.client().send(&cx(), secured.request("127.0.0.1"), &Anonymous).await;
    assert!(matches!(kind(outcome), RemoteErrorKind::Unreachable), "another name");
}

#[test]
fn roots_without_a_certificate_are_refused() {
    for pem in ["", "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"] {
        let made = Client::new(ClientOptions {
            name: "test".to_owned(),
            budget: Budget::new(MIB),
            clock: Arc::new(types::SystemClock),
            random: Arc::new(crate::harness::Least),
            limits: limits(),
            roots: Roots::Pem(pem.as_bytes().to_vec()),
        });
        assert!(matches!(kind(made), RemoteErrorKind::Malformed(_)));
    }
}
