use http::Method;
use remote::Request;
use serde::Deserialize;
use types::Context;

use super::{Api, ApiError, Entry, FolderId, Lane};

/// How many entries a page is asked for; the service gives fewer where it likes.
const PER_PAGE: usize = 1_000;

/// One page of a folder.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    /// Its entries.
    pub(crate) data: Vec<Entry>,
    /// The last page's number, where it is told.
    pub(crate) last_page: Option<u32>,
    /// How many entries there are in all, where it is told.
    pub(crate) total: Option<usize>,
    next_page_url: Option<String>,
}

impl Page {
    /// Whether the service says that pages follow the one of this number.
    pub(crate) fn has_next(&self, number: u32) -> bool {
        !self.data.is_empty()
            && (self.next_page_url.is_some() || self.last_page.is_some_and(|last| last > number))
    }
}

impl Api {
    /// One page of a folder, from 1, in an order that means nothing.
    pub(crate) async fn page(
        &self,
        cx: &Context,
        lane: Lane,
        folder: FolderId,
        number: u32,
    ) -> Result<Page, ApiError> {
        const CALL: &str = "list a folder";
        // The folder goes by two names: which of them is heeded is not the same everywhere.
        let folder = folder.number().map_or(String::new(), |id| format!("folderId={id}&parentIds={id}&"));
        let query = format!("{folder}perPage={PER_PAGE}&page={number}");
        let url = self.url("/drive/file-entries", &query, CALL)?;
        self.ask(cx, lane, CALL, || Request::new(Method::GET, url.clone())).await
    }
}
