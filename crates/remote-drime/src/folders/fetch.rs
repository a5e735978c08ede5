use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use types::Context;

use crate::api::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane, Page};

/// The most entries of one folder.
const FOLDER_MAX_ENTRIES: usize = 1_000_000;
/// Pages asked for at once, once the service has told how many there are.
const PAGES_AT_ONCE: usize = 4;
/// How often a folder is read again when it changed between its pages.
const ATTEMPTS: usize = 3;

/// All entries of a folder.
///
/// Pages are cut by place: an entry that goes away while they are read moves the others, and one of them is missed. So the
/// number of entries is compared with what the service tells, and the pages are read again and put together.
pub(super) async fn fetch(api: &Api, lane: Lane, folder: FolderId) -> Result<Vec<Entry>, ApiError> {
    let mut entries = HashMap::new();
    for _ in 0..ATTEMPTS {
        let total = read_pages(api, lane, folder, &mut entries).await?;
        if total.is_none_or(|total| entries.len() >= total) {
            break;
        }
    }
    Ok(entries.into_values().filter(|entry: &Entry| !entry.is_deleted).collect())
}

async fn read_pages(
    api: &Api,
    lane: Lane,
    folder: FolderId,
    entries: &mut HashMap<EntryId, Entry>,
) -> Result<Option<usize>, ApiError> {
    let cx = Context::background();
    let mut reading = Reading { folder, entries, seen: HashSet::new(), number: 0, total: None };
    let first = api.page(&cx, lane, folder, 1).await?;
    let last = first.last_page.unwrap_or(1).min(FOLDER_MAX_ENTRIES as u32);
    let mut more = reading.take(first)?;
    if more && last > 1 {
        let pages = stream::iter(2..=last).map(|number| api.page(&cx, lane, folder, number));
        let mut pages = pages.buffered(PAGES_AT_ONCE);
        while let Some(page) = pages.try_next().await? {
            more = reading.take(page)?;
        }
    }
    while more {
        more = reading.take(api.page(&cx, lane, folder, reading.number + 1).await?)?;
    }
    Ok(reading.total)
}

/// One reading of a folder's pages.
struct Reading<'a> {
    folder: FolderId,
    entries: &'a mut HashMap<EntryId, Entry>,
    /// What this reading has come by.
    seen: HashSet<EntryId>,
    /// The page that was taken last.
    number: u32,
    total: Option<usize>,
}

impl Reading<'_> {
    /// Takes the next page; says whether there are more.
    fn take(&mut self, page: Page) -> Result<bool, ApiError> {
        const CALL: &str = "list a folder";
        let malformed = |how| Err(ApiError::new(ApiErrorKind::Malformed(how), CALL));
        if page.data.iter().any(|entry| entry.parent != self.folder) {
            return Err(ApiError::new(ApiErrorKind::Gone, CALL));
        }
        self.number += 1;
        self.total = page.total.or(self.total);
        let (more, before) = (page.has_next(self.number), self.seen.len());
        self.seen.extend(page.data.iter().map(|entry| entry.id));
        // A service that ignores which page it is asked for would be asked for ever.
        if more && self.seen.len() == before {
            return malformed("a folder whose pages do not go on");
        }
        self.entries.extend(page.data.into_iter().map(|entry| (entry.id, entry)));
        match self.entries.len() > FOLDER_MAX_ENTRIES {
            true => malformed("a folder of too many entries"),
            false => Ok(more),
        }
    }
}
