use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// An unsigned HTTP/1.1 connection.
pub(super) struct Plain {
    stream: TcpStream,
}

impl Plain {
    pub(super) fn open(port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream })
    }

    /// Gets a path to its end, and returns how long the first byte of the body took.
    pub(super) fn first_byte(&mut self, path: &str) -> Result<Duration, String> {
        self.get(path).map_err(|error| format!("{path}: {error}"))
    }

    fn get(&mut self, path: &str) -> std::io::Result<Duration> {
        let began = Instant::now();
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())?;
        let (mut got, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        let mut first = None;
        let mut wanted = usize::MAX;
        while got.len() < wanted {
            let count = self.stream.read(&mut buffer)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            got.extend_from_slice(&buffer[..count]);
            let Some(head) = got.windows(4).position(|four| four == b"\r\n\r\n").filter(|_| first.is_none())
            else {
                continue;
            };
            if got.len() > head + 4 {
                first = Some(began.elapsed());
                wanted = head + 4 + length_of(&got[..head])?;
            }
        }
        first.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
    }
}

fn length_of(head: &[u8]) -> std::io::Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        return Err(std::io::Error::other(head));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}
