//! The store keeps the promises of the port over MinIO, which checks every signature.

mod support;

use std::sync::{Arc, LazyLock, OnceLock};

use support::independent::IndependentWorld;
use support::process::{Process, program};
use support::{KEY_ID, SECRET};
use tokio::sync::Mutex;

static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

fn url() -> String {
    static SERVER: OnceLock<(Process, tempfile::TempDir)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let server = Process::start(&program("SLUICE_TEST_MINIO"), |command, port| {
            command.arg("server").arg(directory.path());
            command.args(["--quiet", "--address", &format!("127.0.0.1:{port}")]);
            command.env("MINIO_ROOT_USER", KEY_ID).env("MINIO_ROOT_PASSWORD", SECRET);
        });
        (server, directory)
    });
    format!("http://{}", server.address)
}

fn world() -> IndependentWorld {
    IndependentWorld::new(url, TURN.clone())
}

conformance::store_suite!(ignored "needs MinIO; cargo xtask test runs it", world());
