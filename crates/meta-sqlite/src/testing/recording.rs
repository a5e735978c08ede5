use std::ffi::c_int;

use super::device::{Device, Request, Role};

/// One thing that happened, in the order in which it did.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Create(Role),
    Write {
        role: Role,
        offset: u64,
        data: Vec<u8>,
    },
    Truncate {
        role: Role,
        size_bytes: u64,
    },
    Sync(Role),
    Delete {
        role: Role,
        is_durable: bool,
    },
    /// Opening has returned.
    Opened,
    /// A task has asked for its commit of this number.
    Asked {
        task: usize,
        number: u32,
    },
    /// The commit has returned.
    Acknowledged {
        task: usize,
        number: u32,
    },
}

/// Does what is asked and writes it down.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) events: Vec<Event>,
}

impl Device for Recording {
    fn handle(&mut self, role: Role, request: Request<'_>, forward: &mut dyn FnMut() -> c_int) -> c_int {
        let code = forward();
        assert_eq!(code, rusqlite::ffi::SQLITE_OK, "{role:?}: the real device works");
        self.events.push(match request {
            Request::Create => Event::Create(role),
            Request::Write { offset, data } => Event::Write { role, offset, data: data.to_vec() },
            Request::Truncate { size_bytes } => Event::Truncate { role, size_bytes },
            Request::Sync => Event::Sync(role),
            Request::Delete { is_durable } => Event::Delete { role, is_durable },
        });
        code
    }
}
