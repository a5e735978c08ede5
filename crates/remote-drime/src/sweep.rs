use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use types::Context;

use crate::api::{ApiError, DriveUpload, Fate, FolderId, Lane};
use crate::drime_store::DrimeStore;
use crate::drive::Drive;
use crate::folders::Freshness;
use crate::large::STAGED;
use crate::tree::MADE;

/// How often what was left behind is looked for.
const EVERY: Duration = Duration::from_secs(3600);
/// Copies on their way that are older than this belong to nobody any more.
const STAGING_MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// How many records are looked at at a time.
const RECORDS_AT_ONCE: usize = 256;

impl DrimeStore {
    /// Removes what a crash or a failure has left behind, at once and then every hour, until `stop` is ready.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let sweep = async {
            let mut is_first = true;
            loop {
                if let Err(error) = self.sweep(is_first).await {
                    tracing::warn!(%error, "what was left behind on the drive could not all be removed");
                }
                is_first = false;
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = stop => {}
            () = sweep => {}
        }
    }

    /// Removes what was left behind. What an earlier process began is given up only when nothing of this one's is under way
    /// yet: at the start.
    async fn sweep(&self, is_first: bool) -> Result<(), store::StoreError> {
        let cx = Context::background();
        self.0.ledger.tidy(self.0.now()).await?;
        if is_first {
            self.0.give_up_staged(&cx).await?;
            self.0.remove_unfilled(&cx).await?;
        }
        self.0.empty_staging(&cx).await.map_err(ApiError::into_store)
    }

    /// What [`DrimeStore::run`] does at the start, once.
    ///
    /// # Errors
    /// Failures of the drive and of the ledger.
    pub async fn tidy(&self) -> Result<(), store::StoreError> {
        self.sweep(true).await
    }
}

impl Drive {
    /// Uploads that served a put which was cut short.
    async fn give_up_staged(self: &Arc<Self>, cx: &Context) -> Result<(), store::StoreError> {
        for (name, record) in self.records(STAGED.as_bytes()).await? {
            if let Ok(upload) = serde_json::from_slice::<DriveUpload>(&record) {
                self.api.abort(cx, Lane::OWN, &upload).await.map_err(ApiError::into_store)?;
            }
            self.ledger.remove_value(&name).await?;
        }
        Ok(())
    }

    /// Folders that were made for a file which never came.
    async fn remove_unfilled(self: &Arc<Self>, cx: &Context) -> Result<(), store::StoreError> {
        let mut records = self.records(MADE).await?;
        // The inner ones were made later.
        records.reverse();
        for (name, record) in records {
            let id = std::str::from_utf8(&name[MADE.len()..]).ok().and_then(|id| id.parse().ok());
            if let (Some(id), [0]) = (id, &record[..]) {
                self.remove_if_ours(cx, Lane::OWN, FolderId::Entry(crate::api::EntryId(id))).await?;
            }
        }
        Ok(())
    }

    /// All records of a kind.
    async fn records(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, store::StoreError> {
        let mut all: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        loop {
            let after = all.last().map(|(name, _)| name.clone());
            let page = self.ledger.values(prefix, after.as_deref(), RECORDS_AT_ONCE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// Copies that never got to their place.
    async fn empty_staging(self: &Arc<Self>, cx: &Context) -> Result<(), ApiError> {
        let Some(staging) = self.find_staging(cx, Lane::OWN).await? else { return Ok(()) };
        let content = self.content(cx, Lane::OWN, staging, Freshness::After(Instant::now())).await?.content();
        for node in content.nodes {
            if self.now().since(node.entry.updated_at) > STAGING_MAX_AGE {
                self.remove_entry(cx, Lane::OWN, &node.entry, Fate::Forever).await?;
            }
        }
        Ok(())
    }
}
