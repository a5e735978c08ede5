use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{program, workspace};

pub(super) const ACCESS_KEY: &str = "BENCHKEY000000000001";
pub(super) const SECRET_KEY: &str = "bench-secret-key-0123456789";

const START_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// A server of this tree with default settings: strict durability, the default log into a file.
pub(super) struct Sluice {
    child: Child,
    port: u16,
    admin_port: u16,
    data: PathBuf,
    keep: bool,
}

impl Sluice {
    /// Starts on an empty directory, which is removed with the server.
    pub(super) fn on_empty(name: &str) -> Result<Self, String> {
        let data = workspace().join(name);
        remove(&data)?;
        let mut server = Self::start(Command::new(program("sluice")), &data)?;
        server.keep = false;
        Ok(server)
    }

    /// Starts on a directory that is there, and leaves it there.
    pub(super) fn on(data: &Path) -> Result<Self, String> {
        Self::start(Command::new(program("sluice")), data)
    }

    /// Starts on an empty directory as a gateway onto the service at `url`, which has the same keys.
    pub(super) fn gateway_onto(name: &str, url: &str) -> Result<Self, String> {
        let settings = format!("{}[bucket.\"*\"]\nstore = \"far\"\n", far_store(url));
        Self::configured(name, &settings)
    }

    /// Starts on an empty directory with these settings, whose relative paths are in that directory.
    pub(super) fn configured(name: &str, settings: &str) -> Result<Self, String> {
        let data = workspace().join(name);
        remove(&data)?;
        let failed = |error: std::io::Error| format!("{}: {error}", data.display());
        fs::create_dir_all(&data).map_err(failed)?;
        let config = data.join("sluice.toml");
        fs::write(&config, settings).map_err(failed)?;
        let mut command = Command::new(program("sluice"));
        command.arg("serve").arg("--config").arg(config);
        let mut server = Self::start_with(command, &data)?;
        server.keep = false;
        Ok(server)
    }

    /// Starts with the memory of the process and the page cache of its files together below `limit_bytes`.
    ///
    /// # Errors
    /// Where control groups cannot be made.
    pub(super) fn on_with_memory(data: &Path, limit_bytes: u64) -> Result<Self, String> {
        let (group, limit) = match Path::new("/sys/fs/cgroup/memory").is_dir() {
            // Control groups of the first version have one tree per resource.
            true => (Path::new("/sys/fs/cgroup/memory/sluice-bench"), "memory.limit_in_bytes"),
            false => (Path::new("/sys/fs/cgroup/sluice-bench"), "memory.max"),
        };
        let failed = |error: std::io::Error| format!("{}: {error}: run this row as root", group.display());
        fs::create_dir_all(group).map_err(failed)?;
        // In a directory that is none of the kernel's, the file would just be made.
        let mut file = File::options().write(true).open(group.join(limit)).map_err(failed)?;
        file.write_all(limit_bytes.to_string().as_bytes()).map_err(failed)?;
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""])
            .arg(group)
            .arg(program("sluice"));
        Self::start(command, data)
    }

    fn start(mut command: Command, data: &Path) -> Result<Self, String> {
        command.arg("serve");
        Self::start_with(command, data)
    }

    fn start_with(mut command: Command, data: &Path) -> Result<Self, String> {
        fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
        let log = File::create(data.with_extension("log")).map_err(|error| error.to_string())?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        let (port, admin_port) = (free_port()?, free_port()?);
        let address = |port: u16| format!("127.0.0.1:{port}");
        command.arg(data).args(["--listen", &address(port), "--admin-listen", &address(admin_port)]);
        command.env("SLUICE_ACCESS_KEY", ACCESS_KEY).env("SLUICE_SECRET_KEY", SECRET_KEY);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command.spawn().map_err(|error| format!("the server: {error}"))?;
        let server = Self { child, port, admin_port, data: data.to_owned(), keep: true };
        wait_for(port)?;
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A figure of the server's metrics page, summed over its labels.
    pub(super) fn metric(&self, name: &str) -> Result<f64, String> {
        let failed = |error: std::io::Error| format!("the metrics page: {error}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin_port)).map_err(failed)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").map_err(failed)?;
        let mut page = String::new();
        stream.read_to_string(&mut page).map_err(failed)?;
        let figures = page.lines().filter_map(|line| {
            let (series, figure) = line.rsplit_once(' ')?;
            let found = series.split('{').next().is_some_and(|found| found == name);
            found.then(|| figure.parse::<f64>().ok()).flatten()
        });
        figures.reduce(|sum, figure| sum + figure).ok_or_else(|| format!("no metric {name}"))
    }
}

impl Drop for Sluice {
    fn drop(&mut self) {
        terminate(&mut self.child);
        if !self.keep {
            let _ = remove(&self.data);
            let _ = fs::remove_file(self.data.with_extension("log"));
        }
    }
}

/// The settings of a store `far` on the service at `url`.
pub(super) fn far_store(url: &str) -> String {
    format!(
        "[store.far]\nkind = \"s3\"\nendpoint = \"{url}\"\nregion = \"us-east-1\"\n\
         access_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\n\n"
    )
}

/// Removes a directory with all that is in it; one that is not there is as good.
pub(super) fn remove(directory: &Path) -> Result<(), String> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| error.to_string())
}

/// Waits until somebody listens on the port.
pub(super) fn wait_for(port: u16) -> Result<(), String> {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > START_TIMEOUT {
            return Err(format!("nothing listens on port {port}"));
        }
        sleep(POLL);
    }
    Ok(())
}

/// Asks a process to end, and waits for it.
pub(super) fn terminate(child: &mut Child) {
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let _ = child.wait();
}
