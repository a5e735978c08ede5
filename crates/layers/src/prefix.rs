use std::sync::Arc;

use store::{Layer, SharedStore, Slot, StoreError};
use types::KEY_MAX_BYTES;

use crate::OptionError;
use crate::wrap::{Answer, Call, Hook, Hooked, KeySpace, Sent};

/// Shows of every bucket the part below a prefix, without the prefix: keys, copies' sources, listings and uploads.
#[derive(Debug, Clone)]
pub struct Prefix {
    prefix: Arc<str>,
}

impl Prefix {
    /// The part of every bucket whose keys begin with `prefix`; an empty one is all of it.
    ///
    /// # Errors
    /// Where no key could stand behind it.
    pub fn new(prefix: &str) -> Result<Self, OptionError> {
        if prefix.len() >= KEY_MAX_BYTES {
            return Err(OptionError::new("prefix", "leaves no room for a key, which has at most 1024 bytes"));
        }
        Ok(Self::below(prefix))
    }

    /// As [`Prefix::new`]; behind a prefix that leaves no room every key is refused.
    #[must_use]
    pub fn below(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }
}

impl Layer for Prefix {
    fn name(&self) -> &'static str {
        "prefix"
    }

    fn slot(&self) -> Slot {
        Slot::Name
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, Arc::new(self.clone()))
    }
}

impl Hook for Prefix {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        _: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        run(sent).await
    }

    fn space(&self) -> KeySpace<'_> {
        KeySpace::below(&self.prefix)
    }
}
