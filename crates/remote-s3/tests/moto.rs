//! The store keeps the promises of the port over moto, which does not check signatures.

mod support;

use std::sync::{Arc, LazyLock, OnceLock};

use support::independent::IndependentWorld;
use support::process::{Process, program};
use tokio::sync::Mutex;

static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

fn url() -> String {
    static SERVER: OnceLock<Process> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        Process::start(&program("SLUICE_TEST_MOTO"), |command, port| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        })
    });
    format!("http://{}", server.address)
}

fn world() -> IndependentWorld {
    IndependentWorld::new(url, TURN.clone())
}

conformance::store_suite!(ignored "needs moto; cargo xtask test runs it", world());
