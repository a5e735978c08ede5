use std::collections::BTreeMap;

use bytes::Bytes;
use types::ETag;

/// What a key may hold: nothing, or the content of this number.
pub(crate) type State = Option<Content>;

/// A content that a client wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Content {
    pub(crate) number: u64,
    pub(crate) size_bytes: usize,
}

impl Content {
    /// Its bytes: no two contents share more than they must.
    pub(crate) fn bytes(self) -> Bytes {
        let mut state = self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        let mut bytes: Vec<u8> = (0..self.size_bytes).map(next).collect();
        let number = self.number.to_le_bytes();
        let shared = bytes.len().min(number.len());
        bytes[..shared].copy_from_slice(&number[..shared]);
        bytes.into()
    }
}

/// What every key may hold, as the clients have a right to expect.
///
/// A key that holds one of several states does so because of a write whose outcome was not told, or of writes side by
/// side. The first look decides for all later ones.
#[derive(Debug, Default)]
pub(crate) struct Model {
    keys: BTreeMap<String, Vec<State>>,
}

impl Model {
    /// What the key may hold now.
    pub(crate) fn allowed(&self, key: &str) -> Vec<State> {
        self.keys.get(key).cloned().unwrap_or_else(|| vec![None])
    }

    /// These are all that the key may hold.
    pub(crate) fn one_of(&mut self, key: &str, states: Vec<State>) {
        self.keys.insert(key.to_owned(), states);
    }

    /// A look at the key found this; says what is wrong with it, if anything.
    pub(crate) fn seen(&mut self, key: &str, state: State) -> Result<(), String> {
        let allowed = self.allowed(key);
        if !allowed.contains(&state) {
            return Err(format!("{key:?} holds {state:?}, and may hold {allowed:?}"));
        }
        self.keys.insert(key.to_owned(), vec![state]);
        Ok(())
    }
}

/// What was shown of a key: equal on every way to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) etag: ETag,
    pub(crate) size_bytes: u64,
    pub(crate) modified_at: types::Timestamp,
}
