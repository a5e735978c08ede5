use remote::Replay;
use serde::{Deserialize, Serialize};
use types::Context;

use super::call::Post;
use super::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MakeFolder<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<EntryId>,
}

#[derive(Deserialize)]
struct FolderMade {
    folder: Entry,
}

/// What came of making a folder.
#[derive(Debug)]
pub(crate) enum Made {
    /// It was made.
    New(Entry),
    /// One of that name, in any letter case, was there, or the parent is gone.
    Taken,
}

impl Api {
    /// Makes a folder.
    pub(crate) async fn make_folder(
        &self,
        cx: &Context,
        lane: Lane,
        parent: FolderId,
        name: &str,
    ) -> Result<Made, ApiError> {
        let body = MakeFolder { name, parent_id: parent.number() };
        let post = Post::new("make a folder", "/folders", &body, Replay::Unsent);
        match self.post::<FolderMade>(cx, lane, post).await {
            Ok(made) => Ok(Made::New(made.folder)),
            Err(error) if error.kind == ApiErrorKind::Unprocessable => Ok(Made::Taken),
            Err(error) => Err(error),
        }
    }
}
