use std::sync::Arc;

use hash::Md5;
use tokio::time::Instant;
use types::{ByteRange, Context, Frame};

use crate::api::{ApiError, ApiErrorKind, Entry, EntryId, Wanted};
use crate::drive::Drive;
use crate::folders::Freshness;
use crate::place::Place;
use crate::tree::Found;

/// How often the drive is looked at for what a lost answer may have told.
const LOOKS: u32 = 3;

impl Drive {
    /// The files that bear a place's name now.
    pub(crate) async fn ids(&self, cx: &Context, place: &Place) -> Result<Vec<EntryId>, ApiError> {
        let found = self.look(cx, place.lane, place.folder, place.key.as_str()).await?;
        Ok(match found {
            Some(Found::File { entry, older }) => {
                older.iter().map(|node| node.entry.id).chain([entry.id]).collect()
            }
            _ => Vec::new(),
        })
    }

    /// Looks for a file that an upload has made whose answer was lost: one of the place's name that was not there `before`,
    /// of the size sent, with the bytes sent where these are few enough to be read back.
    pub(crate) async fn find_lost(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        (before, size_bytes): (&[EntryId], u64),
        md5: Option<[u8; 16]>,
    ) -> Result<Option<Entry>, ApiError> {
        for look in 0..LOOKS {
            // A listing may be late.
            tokio::time::sleep(self.tuning.look_pause * look * look).await;
            let now = Freshness::After(Instant::now());
            let found = self.look_by(cx, place.lane, place.folder, place.key.as_str(), now).await?;
            let Some(Found::File { entry, older }) = found else { continue };
            let all = older.iter().map(|node| node.entry.clone()).chain([entry]);
            let new = all.filter(|entry| entry.size_bytes == size_bytes && !before.contains(&entry.id));
            if let Some(entry) = new.max_by_key(|entry| entry.id)
                && self.holds(cx, place, &entry, md5).await?
            {
                self.stats.adopted.add(1);
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Whether a file's bytes are in the storage: all of them by their MD5 where it is known and they are few, else the last
    /// one at its place.
    pub(crate) async fn holds(
        &self,
        cx: &Context,
        place: &Place,
        entry: &Entry,
        md5: Option<[u8; 16]>,
    ) -> Result<bool, ApiError> {
        if entry.size_bytes == 0 {
            return Ok(true);
        }
        let few = entry.size_bytes <= self.tuning.small_max_bytes;
        let start = if few { 0 } else { entry.size_bytes - 1 };
        let range = ByteRange { start, end: entry.size_bytes };
        let wanted = Wanted { range, size_bytes: entry.size_bytes, etag: None };
        let url = self.api.locate(cx, place.lane, entry.id).await;
        let fetched = match url {
            Ok(url) => self.api.fetch(cx, url, wanted).await,
            Err(error) => Err(error),
        };
        let mut body = match fetched {
            Ok(fetched) => fetched.body,
            Err(error) if error.kind == ApiErrorKind::Gone => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut hasher = Md5::new();
        while let Some(frame) = body.next_frame().await {
            match frame {
                Ok(Frame::Data(data)) => hasher.update(&data),
                Ok(Frame::Trailer(_)) => {}
                Err(_) => return Err(ApiError::new(ApiErrorKind::Ambiguous, "read a file")),
            }
        }
        Ok(!few || md5.is_none_or(|md5| md5 == hasher.finish()))
    }
}
