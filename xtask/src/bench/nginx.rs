use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::server::{free_port, remove, terminate, wait_for};
use super::workspace;
use crate::run::{has_program, output};

/// Debian's nginx with one worker and sendfile, on files in a directory of its own.
pub(super) struct Nginx {
    master: Child,
    port: u16,
    root: PathBuf,
}

impl Nginx {
    /// Starts it with one file under the path that the load generator's first object has.
    pub(super) fn with_files(sizes: &[(&str, usize)]) -> Result<Self, String> {
        if !has_program("nginx") {
            return Err("nginx is missing (Debian package nginx-light)".into());
        }
        let root = workspace().join("nginx");
        let failed = |error: std::io::Error| format!("{}: {error}", root.display());
        remove(&root)?;
        for (path, size) in sizes {
            let file = root.join("files").join(path);
            fs::create_dir_all(file.parent().expect("a file has a directory")).map_err(failed)?;
            fs::write(file, vec![b'x'; *size]).map_err(failed)?;
        }
        let port = free_port()?;
        fs::write(root.join("nginx.conf"), configuration(&root, port)).map_err(failed)?;
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(&root)
            .arg("-c")
            .arg(root.join("nginx.conf"))
            .arg("-e")
            .arg(root.join("error.log"));
        let master = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().map_err(failed)?;
        let nginx = Self { master, port, root };
        wait_for(port)?;
        Ok(nginx)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The one worker, which does all the work.
    pub(super) fn worker(&self) -> Result<String, String> {
        let master = self.master.id();
        let children = output(Command::new("cat").arg(format!("/proc/{master}/task/{master}/children")))?;
        children.split_whitespace().next().map(str::to_owned).ok_or_else(|| "nginx has no worker".to_owned())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        terminate(&mut self.master);
        let _ = remove(&self.root);
    }
}

/// What Debian's configuration says of these, the access log included; connections live as long as the load.
fn configuration(root: &std::path::Path, port: u16) -> String {
    let root = root.display();
    format!(
        "daemon off;
user root;
worker_processes 1;
pid {root}/nginx.pid;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    access_log {root}/access.log;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}/files; }}
}}
"
    )
}
