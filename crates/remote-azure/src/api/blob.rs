use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use remote::{Payload, Response};
use types::{ByteRange, Checksum, ChecksumAlgorithm, Context, Timestamp};

use super::seen::{etag_of, modified_of, read_md5};
use super::{Api, Call, Failure, Place, Seen};
use crate::encode::Described;

/// What must hold of the blob that a write replaces, in Azure's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    None,
    Absent,
    Present,
    /// Azure's tag, without quotes.
    Match(String),
}

impl Guard {
    pub(super) fn on(&self, call: Call) -> Call {
        match self {
            Self::None => call,
            Self::Absent => call.header("if-none-match", "*"),
            Self::Present => call.header("if-match", "*"),
            Self::Match(etag) => call.header("if-match", &format!("\"{etag}\"")),
        }
    }
}

/// A write as the service confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Azure's tag, without quotes.
    pub(crate) azure_etag: String,
    pub(crate) modified_at: Timestamp,
    /// The MD5 of the bytes, as the service computed it.
    pub(crate) md5: Option<[u8; 16]>,
    /// Their CRC64NVME, likewise; big-endian.
    pub(crate) crc64: Option<[u8; 8]>,
}

/// The service writes the number's bytes the other way round.
fn read_crc64(text: &str) -> Option<[u8; 8]> {
    let mut bytes: [u8; 8] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
    bytes.reverse();
    Some(bytes)
}

impl Written {
    /// Whether the service has received other bytes than were sent, as far as the checksum can tell.
    pub(crate) fn contradicts(&self, sent: Option<Checksum>) -> bool {
        match (self.crc64, sent) {
            (Some(received), Some(sent)) if sent.algorithm == ChecksumAlgorithm::Crc64Nvme => {
                sent.value.as_bytes() != received
            }
            _ => false,
        }
    }

    pub(super) fn of(response: &Response) -> Result<Self, Failure> {
        Ok(Self {
            azure_etag: etag_of(&response.headers)?,
            modified_at: modified_of(&response.headers)?,
            md5: response.header("content-md5").and_then(read_md5),
            crc64: response.header("x-ms-content-crc64").and_then(read_crc64),
        })
    }
}

/// A blob in one request. Source: "Put Blob".
pub(crate) struct PutBlob<'a> {
    pub(crate) container: &'a str,
    pub(crate) blob: &'a str,
    pub(crate) described: &'a Described,
    /// Tags as the header has them.
    pub(crate) tags: Option<String>,
    pub(crate) guard: &'a Guard,
    /// Verified by the service before anything is visible.
    pub(crate) content_md5: Option<[u8; 16]>,
    pub(crate) body: Payload,
}

pub(super) fn described(call: Call, described: &Described) -> Call {
    let call = described.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    let entries = described.metadata.iter();
    entries.fold(call, |call, (name, value)| call.header(&format!("x-ms-meta-{name}"), value))
}

impl Api {
    pub(crate) async fn put_blob(&self, cx: &Context, put: PutBlob<'_>) -> Result<Written, Failure> {
        let md5 = put.content_md5.map(|md5| STANDARD.encode(md5));
        let call = Call::new(Method::PUT, Place::Blob(put.container, put.blob))
            .header("x-ms-blob-type", "BlockBlob")
            .maybe("content-md5", md5.as_deref())
            .maybe("x-ms-tags", put.tags.as_deref())
            .body(put.body);
        let response = self.send(cx, put.guard.on(described(call, put.described))).await?;
        let written = Written::of(&response)?;
        drain(response).await;
        Ok(written)
    }

    /// What a blob is. Source: "Get Blob Properties".
    pub(crate) async fn head(&self, cx: &Context, container: &str, blob: &str) -> Result<Seen, Failure> {
        let call = Call::new(Method::HEAD, Place::Blob(container, blob));
        Ok(Seen::of_headers(&self.send(cx, call).await?.headers)?)
    }

    /// A blob's bytes, all or a range of them, of the version whose tag is given, if one is. Source: "Get Blob".
    pub(crate) async fn get(
        &self,
        cx: &Context,
        (container, blob): (&str, &str),
        range: Option<ByteRange>,
        pinned: Option<&str>,
    ) -> Result<Response, Failure> {
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let pinned = pinned.map(|etag| format!("\"{etag}\""));
        let call = Call::new(Method::GET, Place::Blob(container, blob))
            .maybe("range", range.as_deref())
            .maybe("if-match", pinned.as_deref());
        self.send(cx, call).await
    }

    /// Removes a blob with its snapshots. Source: "Delete Blob".
    pub(crate) async fn delete(
        &self,
        cx: &Context,
        container: &str,
        blob: &str,
        guard: &Guard,
    ) -> Result<(), Failure> {
        let call = Call::new(Method::DELETE, Place::Blob(container, blob))
            .header("x-ms-delete-snapshots", "include");
        // Repeated blindly, a conditional delete that was done would look as if the object had never been there.
        let call = if *guard == Guard::None { call } else { call.once() };
        drain(self.send(cx, guard.on(call)).await?).await;
        Ok(())
    }
}

/// Reads what is left of an answer, so that its connection can be used again.
pub(super) async fn drain(response: Response) {
    // The answer's head has said all; nothing depends on its body.
    let _ = response.collect(DRAIN_MAX_BYTES).await;
}

const DRAIN_MAX_BYTES: usize = 16 * 1024;
