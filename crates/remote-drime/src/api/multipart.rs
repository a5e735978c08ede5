use http::header::{CONTENT_TYPE, ETAG, HeaderValue};
use http::{HeaderMap, Method, Uri};
use remote::{Anonymous, Payload, Replay, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Context;

use super::call::{Post, body};
use super::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane};

/// A file to be made of parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewFile<'a> {
    /// The folder that it goes to.
    pub(crate) parent: FolderId,
    /// Its name.
    pub(crate) name: &'a str,
    /// Its size; 0 while it is not known.
    pub(crate) size_bytes: u64,
}

impl NewFile<'_> {
    /// What the name ends in; the service wants something there.
    fn extension(&self) -> &str {
        let extension = self.name.rsplit_once('.').map(|(_, extension)| extension);
        extension.filter(|extension| !extension.is_empty()).unwrap_or("bin")
    }
}

const MIME: &str = "application/octet-stream";

/// An upload in parts, by the drive's own names for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DriveUpload {
    /// The id.
    pub(crate) upload_id: String,
    /// Where its bytes go in the storage.
    pub(crate) key: String,
}

/// A part that is in the storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SentPart {
    /// The storage's own tag of it.
    #[serde(rename = "ETag")]
    pub(crate) etag: String,
    /// Its number.
    #[serde(rename = "PartNumber")]
    pub(crate) number: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Create<'a> {
    filename: &'a str,
    mime: &'a str,
    size: u64,
    extension: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<EntryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sign<'a> {
    #[serde(flatten)]
    upload: &'a DriveUpload,
    part_numbers: &'a [u32],
}

#[derive(Deserialize)]
struct Signed {
    urls: Vec<SignedUrl>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedUrl {
    url: String,
    part_number: u32,
}

#[derive(Serialize)]
struct Complete<'a> {
    #[serde(flatten)]
    upload: &'a DriveUpload,
    parts: &'a [SentPart],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MakeEntry<'a> {
    client_mime: &'a str,
    client_name: &'a str,
    filename: &'a str,
    size: u64,
    client_extension: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<EntryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<u64>,
}

#[derive(Deserialize)]
struct EntryMade {
    #[serde(rename = "fileEntry")]
    entry: Entry,
}

impl Api {
    /// Begins an upload in parts.
    pub(crate) async fn begin(
        &self,
        cx: &Context,
        lane: Lane,
        file: NewFile<'_>,
    ) -> Result<DriveUpload, ApiError> {
        let body = Create {
            filename: file.name,
            mime: MIME,
            size: file.size_bytes,
            extension: file.extension(),
            parent_id: file.parent.number(),
            workspace_id: self.workspace(),
        };
        // Begun twice leaves one upload that nobody knows; the storage drops it in time.
        self.post(cx, lane, Post::new("begin an upload", "/s3/multipart/create", &body, Replay::Safe)).await
    }

    /// Addresses to send parts to, in the order of `numbers`.
    pub(crate) async fn sign_parts(
        &self,
        cx: &Context,
        lane: Lane,
        upload: &DriveUpload,
        numbers: &[u32],
    ) -> Result<Vec<Uri>, ApiError> {
        const CALL: &str = "sign parts";
        let body = Sign { upload, part_numbers: numbers };
        let post = Post::new(CALL, "/s3/multipart/batch-sign-part-urls", &body, Replay::Safe);
        let signed: Signed = self.post(cx, lane, post).await?;
        let find = |number: &u32| {
            let found = signed.urls.iter().find(|url| url.part_number == *number)?;
            found.url.parse::<Uri>().ok().filter(|uri| uri.authority().is_some())
        };
        let malformed = || ApiError::new(ApiErrorKind::Malformed("without an address for a part"), CALL);
        numbers.iter().map(|number| find(number).ok_or_else(malformed)).collect()
    }

    /// Sends a part to its address, without the token, and returns the storage's tag of it.
    pub(crate) async fn send_part(
        &self,
        cx: &Context,
        url: Uri,
        payload: Payload,
    ) -> Result<String, ApiError> {
        const CALL: &str = "send a part";
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MIME));
        let request = Request { method: Method::PUT, uri: url, headers, body: payload, replay: Replay::Safe };
        let sent = self.client().send(cx, request, &Anonymous).await;
        let response = sent.map_err(|error| ApiError::from((error, CALL)))?;
        let etag = response.header(ETAG.as_str()).map(str::to_owned);
        body(response, CALL).await.map_err(|error| match error.kind {
            // The storage knows no token: the address was too old.
            ApiErrorKind::Refused => ApiError::new(ApiErrorKind::Unavailable, CALL),
            _ => error,
        })?;
        etag.ok_or_else(|| ApiError::new(ApiErrorKind::Malformed("without a part's tag"), CALL))
    }

    /// Joins the parts in the storage. No file shows yet.
    pub(crate) async fn complete(
        &self,
        cx: &Context,
        lane: Lane,
        upload: &DriveUpload,
        parts: &[SentPart],
    ) -> Result<(), ApiError> {
        let body = Complete { upload, parts };
        let post = Post::new("complete an upload", "/s3/multipart/complete", &body, Replay::Unsent);
        self.post::<Value>(cx, lane, post).await.map(drop)
    }

    /// Makes the file of an upload that is complete.
    pub(crate) async fn make_entry(
        &self,
        cx: &Context,
        lane: Lane,
        upload: &DriveUpload,
        file: NewFile<'_>,
    ) -> Result<Entry, ApiError> {
        let body = MakeEntry {
            client_mime: MIME,
            client_name: file.name,
            filename: upload.key.rsplit('/').next().unwrap_or_default(),
            size: file.size_bytes,
            client_extension: file.extension(),
            parent_id: file.parent.number(),
            workspace_id: self.workspace(),
        };
        let post = Post::new("make an entry", "/s3/entries", &body, Replay::Unsent);
        self.post::<EntryMade>(cx, lane, post).await.map(|made| made.entry)
    }

    /// Gives an upload up. One that is gone already is given up.
    pub(crate) async fn abort(&self, cx: &Context, lane: Lane, upload: &DriveUpload) -> Result<(), ApiError> {
        let post = Post::new("abort an upload", "/s3/multipart/abort", upload, Replay::Safe);
        match self.post::<Value>(cx, lane, post).await {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(()),
        }
    }
}
