use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are passed on at once.
const PIECE_BYTES: usize = 64 * 1024;
/// What may be passed on at once after a pause.
const BURST: Duration = Duration::from_millis(10);

/// A way to a server on this machine that lets so many bytes a second come back, over all connections together. It lives
/// as long as the program.
pub(super) struct Throttle {
    port: u16,
}

/// When the next byte may come back.
struct Rate {
    bytes_per_second: u64,
    next: Mutex<Instant>,
}

impl Throttle {
    /// Stands in front of `port`.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub(super) fn start(port: u16, bytes_per_second: u64) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let own = listener.local_addr().map_err(|error| error.to_string())?.port();
        let rate = Arc::new(Rate { bytes_per_second, next: Mutex::new(Instant::now()) });
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let rate = rate.clone();
                thread::spawn(move || pass(client, port, &rate));
            }
        });
        Ok(Self { port: own })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Passes one connection in both directions until either side closes; a broken one ends both.
fn pass(client: TcpStream, port: u16, rate: &Rate) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).ok()?;
    let (to_server, from_client) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let up = thread::spawn(move || copy(from_client, &to_server, |_| {}));
    copy(server, &client, |count| rate.wait(count));
    up.join().ok()
}

fn copy(mut from: TcpStream, to: &TcpStream, before: impl Fn(usize)) {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut step = || -> io::Result<usize> {
        let count = from.read(&mut buffer)?;
        before(count);
        let mut to = to;
        to.write_all(&buffer[..count])?;
        Ok(count)
    };
    while step().is_ok_and(|count| count > 0) {}
    let _ = to.shutdown(Shutdown::Write);
}

impl Rate {
    /// Waits until `count` more bytes may pass.
    fn wait(&self, count: usize) {
        let cost = Duration::from_secs_f64(count as f64 / self.bytes_per_second as f64);
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = (*next).max(now.checked_sub(BURST).unwrap_or(now));
            *next = turn + cost;
            turn
        };
        thread::sleep(turn.saturating_duration_since(Instant::now()));
    }
}
