use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a connection over the limit hears; S3's clients wait and try again.
const SLOW_DOWN: &[u8] = b"HTTP/1.1 503 Slow Down\r\n\
    content-type: application/xml\r\n\
    content-length: 132\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    server: Sluice\r\n\
    \r\n\
    <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <Error><Code>SlowDown</Code><Message>Too many connections: try again later.</Message></Error>";

/// The longest that a refused connection is kept to hear its answer.
const REFUSAL_MAX_TIME: Duration = Duration::from_secs(2);
/// The most bytes of its request that are read meanwhile, so that closing does not reset it.
const REFUSAL_MAX_BYTES: u64 = 64 * 1024;

/// Tells a client that there are too many connections.
pub(super) async fn refuse(mut stream: TcpStream) {
    let told = async {
        stream.write_all(SLOW_DOWN).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(REFUSAL_MAX_BYTES), &mut tokio::io::sink()).await
    };
    // A client that does not listen loses only its own answer.
    let _ = tokio::time::timeout(REFUSAL_MAX_TIME, told).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_states_its_own_length() {
        let text = std::str::from_utf8(SLOW_DOWN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
