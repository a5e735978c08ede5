use remote::Replay;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Context;

use super::call::Post;
use super::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane};

const DELETE: &str = "delete an entry";

/// Whether what is deleted can be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Gone for good.
    Forever,
    /// In the drive's trash, which its owner empties.
    Trash,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    entry_ids: Vec<String>,
    delete_forever: bool,
}

/// What came of deleting several entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    /// All are gone.
    All,
    /// The service did not take one of them, most likely because it is gone already: perhaps none was deleted.
    Perhaps,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relocate {
    entry_ids: [String; 1],
    destination_id: Option<EntryId>,
}

#[derive(Serialize)]
struct Rename<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Renamed {
    #[serde(rename = "fileEntry")]
    entry: Entry,
}

#[derive(Deserialize)]
struct Relocated {
    entries: Vec<Entry>,
}

impl Api {
    /// Deletes an entry. One that is gone already is deleted.
    pub(crate) async fn delete(
        &self,
        cx: &Context,
        lane: Lane,
        id: EntryId,
        fate: Fate,
    ) -> Result<(), ApiError> {
        match self.send_delete(cx, lane, &[id], fate).await {
            Ok(Deleted::All) => Ok(()),
            Ok(Deleted::Perhaps) => {
                Err(ApiError::new(ApiErrorKind::Malformed("that it could not delete it"), DELETE))
            }
            Err(error) if matches!(error.kind, ApiErrorKind::Gone | ApiErrorKind::Unprocessable) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes several entries for good in one call.
    pub(crate) async fn delete_all(
        &self,
        cx: &Context,
        lane: Lane,
        ids: &[EntryId],
    ) -> Result<Deleted, ApiError> {
        match self.send_delete(cx, lane, ids, Fate::Forever).await {
            Err(error) if matches!(error.kind, ApiErrorKind::Gone | ApiErrorKind::Unprocessable) => {
                Ok(Deleted::Perhaps)
            }
            done => done,
        }
    }

    async fn send_delete(
        &self,
        cx: &Context,
        lane: Lane,
        ids: &[EntryId],
        fate: Fate,
    ) -> Result<Deleted, ApiError> {
        let entry_ids = ids.iter().map(ToString::to_string).collect();
        let body = Delete { entry_ids, delete_forever: fate == Fate::Forever };
        let post = Post::new(DELETE, "/file-entries/delete", &body, Replay::Safe);
        let answer = self.post::<Value>(cx, lane, post).await?;
        Ok(match answer.get("errors") {
            None | Some(Value::Null) => Deleted::All,
            Some(Value::Object(errors)) if errors.is_empty() => Deleted::All,
            Some(Value::Array(errors)) if errors.is_empty() => Deleted::All,
            Some(_) => Deleted::Perhaps,
        })
    }

    /// Gives an entry another name.
    pub(crate) async fn rename(
        &self,
        cx: &Context,
        lane: Lane,
        id: EntryId,
        name: &str,
    ) -> Result<Entry, ApiError> {
        let (path, body) = (format!("/file-entries/{id}"), Rename { name });
        let post = Post::new("rename an entry", &path, &body, Replay::Safe);
        self.post::<Renamed>(cx, lane, Post { overridden: true, ..post }).await.map(|renamed| renamed.entry)
    }

    /// Moves an entry to another folder.
    pub(crate) async fn relocate(
        &self,
        cx: &Context,
        lane: Lane,
        id: EntryId,
        to: FolderId,
    ) -> Result<Entry, ApiError> {
        let body = Relocate { entry_ids: [id.to_string()], destination_id: to.number() };
        let post = Post::new("move an entry", "/file-entries/move", &body, Replay::Safe);
        only(self.post::<Relocated>(cx, lane, post).await?, "move an entry")
    }

    /// Copies an entry into a folder, under a name of the service's choice.
    pub(crate) async fn duplicate(
        &self,
        cx: &Context,
        lane: Lane,
        id: EntryId,
        to: FolderId,
    ) -> Result<Entry, ApiError> {
        let body = Relocate { entry_ids: [id.to_string()], destination_id: to.number() };
        let post = Post::new("copy an entry", "/file-entries/duplicate", &body, Replay::Unsent);
        only(self.post::<Relocated>(cx, lane, post).await?, "copy an entry")
    }
}

fn only(answer: Relocated, call: &'static str) -> Result<Entry, ApiError> {
    let malformed = ApiError::new(ApiErrorKind::Malformed("without the entry"), call);
    answer.entries.into_iter().next().ok_or(malformed)
}
