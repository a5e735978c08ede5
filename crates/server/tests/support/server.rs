use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use s3_auth::sign::Signer;
use s3_auth::{PayloadForm, Secret};
use types::{Clock, SystemClock};

use super::http1::{Answer, Connection};

/// Longer than anything here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The program, to be run to its end.
pub struct Program(Command);

impl Program {
    pub fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.args(arguments);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SLUICE_")) {
            command.env_remove(name);
        }
        Self(command)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    pub fn output(mut self) -> Output {
        self.0.output().unwrap()
    }

    /// Starts a server, which is to print its banner.
    pub fn serve(mut self) -> Server {
        let child = self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Server::started(child.unwrap())
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: mpsc::Receiver<String>,
    pub banner: String,
    pub endpoint: SocketAddr,
    pub admin: SocketAddr,
    pub key_id: String,
    pub secret: String,
}

impl Server {
    /// A server on a directory, on free ports.
    pub fn on(dir: &Path) -> Self {
        Self::with(dir, "")
    }

    /// A server on a directory with lines for the `[server]` table.
    pub fn with(dir: &Path, settings: &str) -> Self {
        let config = dir.join("sluice.toml");
        let text =
            format!("[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n{settings}\n");
        std::fs::write(&config, text).unwrap();
        let data = dir.join("data");
        Program::new(&["serve", data.to_str().unwrap(), "--config", config.to_str().unwrap()]).serve()
    }

    fn started(mut child: Child) -> Self {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (lines, log) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        let mut banner = String::new();
        while !banner.contains("  rclone  ") {
            if stdout.read_line(&mut banner).unwrap() == 0 {
                let said: Vec<_> = log.iter().collect();
                panic!("no banner: {banner}\n{}", said.join("\n"));
            }
        }
        let field = |name: &str| {
            let line =
                banner.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{banner}"));
            line.split_whitespace().next().unwrap().to_owned()
        };
        let address = |url: String| url.split_once("://").unwrap().1.parse().unwrap();
        Self {
            endpoint: address(field("  endpoint")),
            admin: address(field("  admin")),
            key_id: field("  access key"),
            secret: field("  secret key"),
            child,
            stdout,
            log,
            banner,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Waits for the log to say something.
    pub fn wait_for_log(&self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.log.recv_timeout(until.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("the log never said \"{text}\""));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the end, and returns the rest of the log.
    pub fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, self.log.iter().collect())
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.endpoint)
    }

    pub fn signer(&self) -> Signer {
        Signer::new(&self.key_id, Secret::new(self.secret.as_str()), "us-east-1", s3_auth::S3_SERVICE)
    }

    /// Sends a signed request on a connection of its own.
    pub fn send(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        let mut connection = self.connect();
        connection.write(&self.signed(method, target, body));
        connection.answer_to(method)
    }

    /// A signed request as bytes.
    pub fn signed(&self, method: &str, target: &str, body: &[u8]) -> Vec<u8> {
        self.signed_with(method, target, &[], body)
    }

    /// A signed request as bytes, with headers of its own. A body of a length that is told otherwise is for the caller.
    pub fn signed_with(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut bytes = self.signed_head(method, target, headers, PayloadForm::of_bytes(body));
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    /// The head of a signed request, without its last empty line.
    pub fn signed_head(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        payload: PayloadForm,
    ) -> Vec<u8> {
        let mut request = http::Request::builder().method(method).uri(target);
        request = request.header("host", self.endpoint.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let _ = self.signer().sign(&mut parts, payload, SystemClock.now());
        let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        for (name, value) in &parts.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
