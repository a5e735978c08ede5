use std::sync::Arc;

use async_trait::async_trait;
use store::{Content, StoreError};
use types::{Body, Budget, ByteRange};

use super::look::whole_header;
use crate::format::{Envelope, Header, Manifest, Role, Run, Secret, open};
use crate::stats::CryptStats;

/// What an object's bytes are laid out as.
pub(super) enum Laid {
    /// One stream of so many plain bytes.
    Whole(u64),
    /// The streams of a part table.
    Parts(Manifest),
}

/// The plain bytes of a sealed object: of the stored ones, only the segments that hold a range are asked for.
pub(super) struct Plain {
    pub(super) inner: Box<dyn Content>,
    pub(super) envelope: Envelope,
    pub(super) data_key: Secret,
    pub(super) laid: Laid,
    pub(super) budget: Budget,
    pub(super) stats: Arc<CryptStats>,
}

impl Plain {
    fn runs(&self, range: ByteRange) -> Vec<Run> {
        match &self.laid {
            Laid::Whole(plain_bytes) => {
                let key = whole_header(&self.envelope).key(&self.data_key);
                vec![Run { key, plain_bytes: *plain_bytes, range, stored_at: 0 }]
            }
            Laid::Parts(table) => self.runs_of(table, range),
        }
    }

    fn runs_of(&self, table: &Manifest, range: ByteRange) -> Vec<Run> {
        let (mut plain_at, mut stored_at) = (0, 0);
        let mut runs = Vec::new();
        for row in &table.streams {
            let end = plain_at + row.plain_bytes;
            let within = ByteRange { start: range.start.max(plain_at), end: range.end.min(end) };
            if !within.is_empty() {
                let (envelope, stream, part) = (self.envelope, row.stream, row.part);
                let header = Header { envelope, stream, part, role: Role::Data };
                let range = ByteRange { start: within.start - plain_at, end: within.end - plain_at };
                let key = header.key(&self.data_key);
                runs.push(Run { key, plain_bytes: row.plain_bytes, range, stored_at });
            }
            plain_at = end;
            stored_at += row.stored_bytes().expect("a manifest is held to 64 bits when it is read");
        }
        runs
    }
}

#[async_trait]
impl Content for Plain {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let runs = self.runs(range);
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(Body::empty()) };
        if range.is_empty() {
            return Ok(Body::empty());
        }
        self.stats.opened_bytes.add(range.len());
        let stored = ByteRange { start: first.stored().start, end: last.stored().end };
        let sealed = self.inner.read(stored).await?;
        Ok(open(sealed, runs, self.budget.clone()))
    }
}
