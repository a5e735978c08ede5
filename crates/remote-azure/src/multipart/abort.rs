use store::{StoreError, UploadRef};
use types::Context;

use crate::store::Azure;

impl Azure {
    /// The upload is gone when this returns; its staged parts follow.
    pub(crate) async fn abort_upload(&self, _: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        // A completion under way goes first; then there is nothing to abort.
        let _turn = self.turns.take(upload.id.as_str()).await;
        let record = self.ledger.upload(upload).await?;
        self.ledger.remove_upload(&record).await?;
        self.clear_staged(&record.id);
        Ok(())
    }
}
