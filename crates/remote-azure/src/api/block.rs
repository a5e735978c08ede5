use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use remote::Payload;
use types::{ByteRange, Context};

use super::blob::{described, drain};
use super::{Api, Call, Failure, Guard, Place, Written};
use crate::encode::Described;

/// Where the service reads a block from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockSource {
    pub(crate) container: String,
    pub(crate) blob: String,
    /// The version, by Azure's tag.
    pub(crate) azure_etag: String,
    pub(crate) range: ByteRange,
}

/// The moment at which blocks become a blob. Source: "Put Block List".
pub(crate) struct CommitBlocks<'a> {
    pub(crate) container: &'a str,
    pub(crate) blob: &'a str,
    /// Ids in Base64, in the blob's order.
    pub(crate) ids: &'a [String],
    pub(crate) described: &'a Described,
    /// Tags as the header has them.
    pub(crate) tags: Option<&'a str>,
    pub(crate) guard: &'a Guard,
    /// The MD5 of all bytes; kept, not verified by the service.
    pub(crate) md5: Option<[u8; 16]>,
}

impl Api {
    /// Stages a block. Source: "Put Block".
    pub(crate) async fn put_block(
        &self,
        cx: &Context,
        (container, blob): (&str, &str),
        id: &str,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        let call = Call::new(Method::PUT, Place::Blob(container, blob))
            .param("comp", "block")
            .param("blockid", id)
            .body(Payload::Bytes(bytes));
        drain(self.send(cx, call).await?).await;
        Ok(())
    }

    /// Stages a block of another blob's bytes, without moving them here. Source: "Put Block From URL".
    pub(crate) async fn put_block_from(
        &self,
        cx: &Context,
        (container, blob): (&str, &str),
        id: &str,
        source: &BlockSource,
    ) -> Result<(), Failure> {
        let (url, authorization) = self.source(&source.container, &source.blob).await?;
        let range = format!("bytes={}-{}", source.range.start, source.range.end.saturating_sub(1));
        let call = Call::new(Method::PUT, Place::Blob(container, blob))
            .param("comp", "block")
            .param("blockid", id)
            .source(&url)
            .header("x-ms-source-range", &range)
            .header("x-ms-source-if-match", &format!("\"{}\"", source.azure_etag))
            .secret("x-ms-copy-source-authorization", authorization);
        drain(self.send(cx, call).await?).await;
        Ok(())
    }

    pub(crate) async fn commit_blocks(
        &self,
        cx: &Context,
        commit: &CommitBlocks<'_>,
    ) -> Result<Written, Failure> {
        let mut document = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        for id in commit.ids {
            let _ = write!(document, "<Uncommitted>{id}</Uncommitted>");
        }
        document.push_str("</BlockList>");
        let md5 = commit.md5.map(|md5| STANDARD.encode(md5));
        let call = Call::new(Method::PUT, Place::Blob(commit.container, commit.blob))
            .param("comp", "blocklist")
            .header("content-type", "application/xml")
            .maybe("x-ms-blob-content-md5", md5.as_deref())
            .maybe("x-ms-tags", commit.tags)
            .body(Payload::Bytes(document.into()));
        let response = self.send(cx, commit.guard.on(described(call, commit.described))).await?;
        // The digests in the answer are those of the document.
        let written = Written { md5: commit.md5, crc64: None, ..Written::of(&response)? };
        drain(response).await;
        Ok(written)
    }
}
