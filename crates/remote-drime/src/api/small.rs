use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use remote::{Payload, Replay, Request};
use serde::Deserialize;
use types::Context;

use super::call::read;
use super::{Api, ApiError, ApiErrorKind, Entry, FolderId, Lane};

const CALL: &str = "upload a file";

#[derive(Deserialize)]
struct Uploaded {
    #[serde(rename = "fileEntry")]
    entry: Entry,
}

/// Whether a form carries this name as it is: what a form has to escape, services read in different ways.
pub(crate) fn is_form_safe(name: &str) -> bool {
    !name.chars().any(|character| matches!(character, '"' | '\\') || character.is_control())
}

/// The form around a file.
struct Form {
    head: Bytes,
    tail: Bytes,
    content_type: HeaderValue,
}

impl Form {
    fn new(parent: FolderId, name: &str, boundary: u128, workspace: Option<u64>) -> Option<Self> {
        let boundary = format!("sluice-{boundary:032x}");
        let mut head = String::new();
        let mut field = |name: &str, value: String| {
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        };
        if let Some(id) = parent.number() {
            field("parentId", id.to_string());
        }
        if let Some(number) = workspace {
            field("workspaceId", number.to_string());
        }
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        ));
        Some(Self {
            head: head.into(),
            tail: format!("\r\n--{boundary}--\r\n").into(),
            content_type: HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")).ok()?,
        })
    }
}

/// A file to be uploaded in one call.
pub(crate) struct SmallFile<'a> {
    /// The folder that it goes to.
    pub(crate) parent: FolderId,
    /// Its name, which must be [`is_form_safe`].
    pub(crate) name: &'a str,
    /// A number that is in no file.
    pub(crate) boundary: u128,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

impl Api {
    /// Uploads a small file, beside what bears its name already.
    pub(crate) async fn upload(
        &self,
        cx: &Context,
        lane: Lane,
        file: SmallFile<'_>,
    ) -> Result<Entry, ApiError> {
        let malformed =
            || ApiError::new(ApiErrorKind::Malformed("nothing: the form cannot be written"), CALL);
        let form =
            Form::new(file.parent, file.name, file.boundary, self.workspace()).ok_or_else(malformed)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, form.content_type);
        let body = Payload::Bytes([form.head, file.bytes, form.tail].concat().into());
        let uri = self.url("/uploads", "", CALL)?;
        let request = Request { method: Method::POST, uri, headers, body, replay: Replay::Unsent };
        let response = self.send(cx, lane, CALL, request).await?;
        read::<Uploaded>(response, CALL).await.map(|uploaded| uploaded.entry)
    }
}
