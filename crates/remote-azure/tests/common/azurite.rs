//! Azurite, started once for a test binary and ended with it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use remote_azure::{Credential, Endpoint, SharedKey};

/// Names the executable `azurite-blob`.
const VARIABLE: &str = "SLUICE_TEST_AZURITE";
/// The key of every account; it opens nothing but the emulator.
const KEY: &str = "c2x1aWNlLXRlc3Qta2V5LXNsdWljZS10ZXN0LWtleQ==";
/// How many accounts there are: one for each case.
const ACCOUNTS: usize = 200;

pub(crate) struct Azurite {
    port: u16,
}

/// Ends the emulator when the test binary's process ends: its standard input is a pipe of ours.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

impl Azurite {
    /// The emulator of this test binary.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Azurite> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    #[allow(clippy::disallowed_methods, reason = "the runner of the tests says where the emulator is")]
    fn start() -> Self {
        let Some(program) = std::env::var_os(VARIABLE) else {
            panic!(
                "{VARIABLE} must name azurite-blob; `cargo xtask test` installs it from tests/providers/azurite"
            );
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let accounts: Vec<_> = (0..ACCOUNTS).map(|number| format!("case{number}:{KEY}")).collect();
        // The shell ends it when our end of the pipe is closed, however this process ends.
        let script = "\"$@\" & server=$!; cat >/dev/null; kill $server";
        let mut child = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--inMemoryPersistence"])
            .args(["--skipApiVersionCheck", "--disableTelemetry", "--silent"])
            .env("AZURITE_ACCOUNTS", accounts.join(";"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = lines.any(|line| line.unwrap().contains("successfully listens"));
        assert!(started, "Azurite ended before it listened");
        // What it says later is read and dropped, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        *RUNNING.lock().unwrap() = Some(child);
        Self { port }
    }

    pub(crate) fn account(&self, name: &str) -> (Endpoint, Credential) {
        let url = format!("http://127.0.0.1:{}/{name}", self.port);
        let key = SharedKey::new(name, KEY).unwrap();
        (Endpoint::parse(&url, name).unwrap(), Credential::SharedKey(key))
    }
}
