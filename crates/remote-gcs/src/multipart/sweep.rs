//! What crashes left behind: parts of uploads that have ended, noted in the ledger; and parts that no ledger knows.

use std::time::Duration;

use remote::Pages;
use store::{ListBuckets, Missing, StoreError, StoreErrorKind, UploadId, UploadRef};
use types::{BucketName, Context, ObjectKey, Timestamp};

use super::staging::{Mode, NOTES, note_name};
use crate::api::failed;
use crate::found::Found;
use crate::list::{Entry, Range, Versions};
use crate::names::RESERVED;
use crate::store::GcsStore;

/// Parts that this ledger does not know may be those of another node: they are left alone for so long.
const FOREIGN_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many notes or names are looked at in one go.
const PAGE: usize = 500;

/// A note of the ledger, taken apart.
struct Note {
    bucket: BucketName,
    id: UploadId,
    key: ObjectKey,
    mode: Mode,
}

impl Note {
    fn read(name: &[u8], value: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name.strip_prefix(NOTES)?).ok()?;
        let (bucket, id) = name.split_once('/')?;
        let place = value.iter().rposition(|byte| *byte == b'\n')?;
        Some(Self {
            bucket: BucketName::new(bucket).ok()?,
            id: UploadId::from_text(id),
            key: ObjectKey::new(std::str::from_utf8(&value[..place]).ok()?).ok()?,
            mode: Mode::read(&value[place + 1..]).ok()?,
        })
    }
}

const SWEEP: &str = "sweep the parts of ended uploads";

impl GcsStore {
    /// Removes what ended uploads have left.
    ///
    /// # Errors
    /// The first failure; what is left is found again by the next sweep.
    pub async fn sweep(&self, cx: &Context) -> Result<(), StoreError> {
        self.ledger.tidy(self.clock.now()).await?;
        self.sweep_notes(cx).await?;
        self.sweep_names(cx).await
    }

    async fn sweep_notes(&self, cx: &Context) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let notes = self.ledger.values(NOTES, after.as_deref(), PAGE).await?;
            let Some((last, _)) = notes.last() else { return Ok(()) };
            after = Some(last.clone());
            for (name, value) in notes {
                match Note::read(&name, &value) {
                    Some(note) => self.sweep_note(cx, &note, &name).await?,
                    None => self.ledger.remove_value(&name).await?,
                }
            }
        }
    }

    async fn sweep_note(&self, cx: &Context, note: &Note, name: &[u8]) -> Result<(), StoreError> {
        let bucket = match self.find_bucket(cx, &note.bucket).await {
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
                return self.ledger.remove_value(name).await;
            }
            other => other?,
        };
        let upload = UploadRef { bucket: &bucket, key: &note.key, id: &note.id };
        match self.ledger.upload(upload).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                self.clean(cx, &note.bucket, &note.id, &note.mode).await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Looks at every bucket of the project for parts that no note names and that are old.
    async fn sweep_names(&self, cx: &Context) -> Result<(), StoreError> {
        if self.project.is_none() {
            return Ok(());
        }
        let mut options = ListBuckets { prefix: String::new(), after: None, limit: PAGE };
        loop {
            let page = self.page_of_buckets(cx, options.clone()).await?;
            for bucket in &page.buckets {
                if let Err(error) = self.sweep_bucket(cx, &bucket.name).await {
                    // Others may be allowed where this one is not.
                    tracing::debug!(bucket = %bucket.name, %error, "a bucket could not be swept");
                }
            }
            let Some(last) = page.buckets.last().filter(|_| page.more) else { return Ok(()) };
            options.after = Some(last.name.as_str().to_owned());
        }
    }

    async fn sweep_bucket(&self, cx: &Context, bucket: &BucketName) -> Result<(), StoreError> {
        for upload in self.xml_uploads(cx, bucket.as_str(), RESERVED).await? {
            let Some(initiated_at) = crate::time::from_rfc3339(&upload.initiated) else { continue };
            // One that was begun again after its answer was lost is noted under another id.
            let is_noted = self
                .noted(bucket, &upload.name)
                .await?
                .is_some_and(|note| matches!(note, Mode::Xml(id) if id == upload.id));
            if !is_noted && self.is_old(initiated_at) {
                self.abort_xml(cx, bucket.as_str(), &upload.name, &upload.id).await?;
            }
        }
        let range = Range { prefix: RESERVED, versions: Versions::All, ..Range::default() };
        let mut pages = Pages::<String>::new(None);
        loop {
            let token = pages.token().map(String::as_str);
            let page = self.names(cx, bucket.as_str(), &range, (PAGE, token)).await?;
            let count = page.entries.len();
            for entry in page.entries {
                let Entry::Object(resource) = entry else { continue };
                let (name, generation) = (resource.name.clone(), resource.generation.clone());
                let Some(found) = Found::from_resource(*resource) else { continue };
                if self.is_forsaken(bucket, &name, found.modified_at).await? {
                    self.remove_staged(cx, bucket.as_str(), &name, &generation).await?;
                }
            }
            if !pages.turn(page.next, count).map_err(|error| failed(error, SWEEP))? {
                return Ok(());
            }
        }
    }

    fn is_old(&self, moment: Timestamp) -> bool {
        self.clock.now().since(moment) > FOREIGN_KEPT
    }

    /// How the upload that a waiting name is of is to be ended, where the ledger has a note of it.
    async fn noted(&self, bucket: &BucketName, name: &str) -> Result<Option<Mode>, StoreError> {
        let id = name.strip_prefix(RESERVED).and_then(|rest| rest.split_once('/')).map(|(id, _)| id);
        let Some(id) = id else { return Ok(None) };
        let name = note_name(bucket, &UploadId::from_text(id));
        let note = self.ledger.value(&name).await?;
        Ok(note.and_then(|value| Note::read(&name, &value)).map(|note| note.mode))
    }

    async fn is_forsaken(
        &self,
        bucket: &BucketName,
        name: &str,
        modified_at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.is_old(modified_at) && self.noted(bucket, name).await?.is_none())
    }
}
