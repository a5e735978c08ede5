//! A server that runs beside the tests as a program of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to listen, on a machine that builds at the same time.
const START_MAX: Duration = Duration::from_secs(60);

/// A server that ends with the process that started it, however that ends: a shell waits for its own input to be closed.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    child: Child,
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The program that an environment variable names.
#[allow(clippy::disallowed_methods, reason = "tests with outside programs are told where these are")]
pub(crate) fn program(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} must name the program to test with; `cargo xtask test` installs it and sets the variable")
    })
}

impl Process {
    /// Starts a program whose arguments depend on its port, and waits until it listens.
    pub(crate) fn start(program: &str, configure: impl FnOnce(&mut Command, u16)) -> Self {
        let port = free_port();
        let script = "\"$@\" </dev/null & server=$!; cat >/dev/null; kill $server";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", program]);
        configure(&mut command, port);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let mut process = Self { address: (Ipv4Addr::LOCALHOST, port).into(), child };
        process.wait().unwrap();
        process
    }

    fn wait(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            match TcpStream::connect(self.address) {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > START_MAX => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
        }
    }
}
