use bytes::Bytes;
use remote::*;
use std::sync::Arc;
use types::*;
struct R;
impl Random for R {
    fn fill(&self, b: &mut [u8]) {
        b.fill(7)
    }
}
#[tokio::test]
async fn smoke() {
    let server =
        stubs::server::Server::start("127.0.0.1:0".parse().unwrap(), |r: http::Request<Bytes>| async move {
            http::Response::new(r.into_body())
        })
        .unwrap();
    let client = Client::new(ClientOptions {
        name: "t".into(),
        budget: Budget::new(1 << 24),
        clock: Arc::new(SystemClock),
        random: Arc::new(R),
        limits: Limits::default(),
        roots: Roots::System,
    })
    .unwrap();
    for n in [0usize, 10, 70_000, 5_000_000] {
        let mut request =
            Request::new(http::Method::PUT, format!("http://{}/x", server.address()).parse().unwrap());
        request.body = Payload::Stream {
            body: Body::from_frames(vec![Bytes::from(vec![5; n / 2]), Bytes::from(vec![6; n - n / 2])]),
            length_bytes: n as u64,
        };
        let response = client.send(&Context::background(), request, &Anonymous).await.unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.collect(1 << 30).await.unwrap().len(), n);
    }
    assert_eq!(client.stats().connections.get(), 1);
    assert_eq!(client.stats().requests.get(), 4);
}
