use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are passed on at once.
const PIECE_BYTES: usize = 64 * 1024;
/// What may be passed on at once after a pause.
const BURST: Duration = Duration::from_millis(10);

/// Pieces of a connection that are on their way back at once: more than a second of latency holds at any rate measured here.
const PIECES_ON_THE_WAY: usize = 256;

/// A way to a server on this machine that is slower than the machine is. It lives as long as the program.
pub(super) struct Throttle {
    port: u16,
}

/// How slow a way back is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// Bytes a second that come back.
    pub(super) bytes_per_second: u64,
    /// What that holds for.
    pub(super) share: Share,
    /// How much later every byte comes back.
    pub(super) latency: Duration,
}

/// What a rate holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All connections together.
    All,
    /// Each connection.
    Connection,
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
    pub(super) fn start(port: u16, link: Link) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let own = listener.local_addr().map_err(|error| error.to_string())?.port();
        let shared = Arc::new(Rate::new(link.bytes_per_second));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let rate = match link.share {
                    Share::All => shared.clone(),
                    Share::Connection => Arc::new(Rate::new(link.bytes_per_second)),
                };
                thread::spawn(move || pass(client, port, &rate, link.latency));
            }
        });
        Ok(Self { port: own })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

/// Passes one connection in both directions until either side closes; a broken one ends both.
fn pass(client: TcpStream, port: u16, rate: &Rate, latency: Duration) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).ok()?;
    let (to_server, from_client) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let up = thread::spawn(move || copy(from_client, &to_server, |_| {}));
    if latency.is_zero() {
        copy(server, &client, |count| rate.wait(count));
    } else {
        let (pieces, on_the_way) = sync_channel(PIECES_ON_THE_WAY);
        let reading = thread::spawn(move || take(server, &pieces, latency));
        deliver(&client, &on_the_way, rate);
        reading.join().ok()?;
    }
    up.join().ok()
}

/// Bytes with the time at which they have come the whole way.
type Piece = (Instant, Vec<u8>);

fn take(mut from: TcpStream, pieces: &SyncSender<Piece>, latency: Duration) {
    let mut buffer = vec![0; PIECE_BYTES];
    while let Ok(count) = from.read(&mut buffer)
        && count > 0
        && pieces.send((Instant::now() + latency, buffer[..count].to_vec())).is_ok()
    {}
    let _ = from.shutdown(Shutdown::Read);
}

fn deliver(to: &TcpStream, pieces: &Receiver<Piece>, rate: &Rate) {
    let mut stream = to;
    while let Ok((due, bytes)) = pieces.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        rate.wait(bytes.len());
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
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
    fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second, next: Mutex::new(Instant::now()) }
    }

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
