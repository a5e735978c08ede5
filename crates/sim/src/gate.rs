use parking_lot::{Condvar, Mutex};

use crate::Call;

/// Lets calls through, except those of the kinds that are held up.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    closed: Vec<Call>,
    waiting: usize,
}

impl Gate {
    pub(crate) fn close(&self, call: Call) {
        self.state.lock().closed.push(call);
    }

    pub(crate) fn open(&self, call: Call) {
        self.state.lock().closed.retain(|closed| *closed != call);
        self.opened.notify_all();
    }

    /// Waits while the call's kind is held up.
    pub(crate) fn pass(&self, call: Call) {
        let mut state = self.state.lock();
        while state.closed.contains(&call) {
            state.waiting += 1;
            self.opened.wait(&mut state);
            state.waiting -= 1;
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().waiting
    }
}
