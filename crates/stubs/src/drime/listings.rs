use serde_json::{Value, json};

use super::answer::{Answered, ok, refused, unprocessable};
use super::request::Call;
use super::settings::UnknownFolder;
use super::world::{Entry, World};

impl World {
    /// `GET /drive/file-entries`: one page of a folder, in no order that a client may rely on.
    pub(super) fn list(&mut self, call: &Call<'_>) -> Answered {
        let (folder, parents) = (call.query_number("folderId")?, call.query_number("parentIds")?);
        if folder.is_some() && parents.is_some() && folder != parents {
            return Err(unprocessable("The folderId and parentIds differ."));
        }
        let mut folder = folder.or(parents).filter(|id| *id != 0);
        let unknown = folder.is_some_and(|id| self.folder(id).is_none());
        match self.settings.unknown_folder {
            _ if !unknown => {}
            UnknownFolder::NotFound => return Err(refused(404, "Folder not found.")),
            UnknownFolder::Empty => return Ok(ok(&page(&[], 1, 50, self))),
            UnknownFolder::Root => folder = None,
        }
        let mut entries = self.seen(folder);
        if call.query("type") == Some("folder") {
            entries.retain(|entry| entry.is_folder);
        }
        // Neither by name nor by age, and the same for every page.
        entries.sort_by_key(|entry| entry.id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let asked = usize::try_from(call.query_number("perPage")?.unwrap_or(50)).unwrap_or(50);
        let per_page = asked.clamp(1, self.settings.page_max);
        let number = usize::try_from(call.query_number("page")?.unwrap_or(1)).unwrap_or(1).max(1);
        Ok(ok(&page(&entries, number, per_page, self)))
    }

    /// A folder as its listings show it just now.
    fn seen(&mut self, folder: Option<u64>) -> Vec<Entry> {
        if let Some(stale) = self.stale.get_mut(&folder) {
            if stale.pages > 0 {
                stale.pages -= 1;
                return stale.entries.clone();
            }
            self.stale.remove(&folder);
        }
        self.children(folder).cloned().collect()
    }
}

fn page(entries: &[Entry], number: usize, per_page: usize, world: &World) -> Value {
    let last = entries.len().div_ceil(per_page).max(1);
    let shown: Vec<Value> = entries
        .iter()
        .skip((number - 1) * per_page)
        .take(per_page)
        .map(|entry| entry.shown(entry.url()))
        .collect();
    let next = (number < last)
        .then(|| format!("{}/api/v1/drive/file-entries?perPage={per_page}&page={}", world.site, number + 1));
    json!({
        "data": shown,
        "current_page": number,
        "last_page": last,
        "per_page": per_page,
        "total": entries.len(),
        "next_page_url": next,
    })
}
