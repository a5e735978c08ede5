use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use types::Context;

use crate::api::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane};

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
    let first = api.page(&cx, lane, folder, 1).await?;
    let (mut number, mut more) = (1, first.has_next(1));
    let (last, mut total) = (first.last_page.unwrap_or(1), first.total);
    take(folder, first.data, entries)?;
    if more && last > 1 {
        let pages = stream::iter(2..=last).map(|number| api.page(&cx, lane, folder, number));
        let mut pages = pages.buffered(PAGES_AT_ONCE);
        while let Some(page) = pages.try_next().await? {
            number += 1;
            more = page.has_next(number);
            total = page.total.or(total);
            take(folder, page.data, entries)?;
        }
    }
    while more {
        number += 1;
        let page = api.page(&cx, lane, folder, number).await?;
        more = page.has_next(number);
        total = page.total.or(total);
        take(folder, page.data, entries)?;
    }
    Ok(total)
}

fn take(folder: FolderId, page: Vec<Entry>, entries: &mut HashMap<EntryId, Entry>) -> Result<(), ApiError> {
    const CALL: &str = "list a folder";
    if page.iter().any(|entry| entry.parent != folder) {
        return Err(ApiError::new(ApiErrorKind::Gone, CALL));
    }
    entries.extend(page.into_iter().map(|entry| (entry.id, entry)));
    match entries.len() > FOLDER_MAX_ENTRIES {
        true => Err(ApiError::new(ApiErrorKind::Malformed("a folder of too many entries"), CALL)),
        false => Ok(()),
    }
}
