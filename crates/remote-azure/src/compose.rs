use futures_util::{StreamExt, stream};
use store::{Missing, StoreError, StoreErrorKind, WriteCondition};
use types::{ByteRange, Context, ObjectKey, ObjectMetadata};

use crate::api::{BlockSource, CommitBlocks, Failure, Guard, Seen, Written};
use crate::encode::{Facts, METADATA_TOO_LARGE, describe};
use crate::object::{block_id, tags_header};
use crate::store::Azure;

/// How much is asked of the service in one copy of a block: small enough to be answered well within a time-out.
const BLOCK_BYTES: u64 = 256 * 1024 * 1024;
/// The largest block. Source: "Put Block From URL", version 2019-12-12 and later.
const BLOCK_MAX_BYTES: u64 = 4000 * 1024 * 1024;
/// The most blocks of a blob.
const BLOCKS_MAX: u64 = 50_000;
/// Copies of blocks under way at once for one object.
const COPIES_AT_ONCE: usize = 8;
/// How often blocks are staged again that another writer's commit has dropped.
const ATTEMPTS_MAX: usize = 6;

/// Where an object is to be, and what must hold there.
pub(crate) struct Target<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) container: &'a str,
    pub(crate) key: &'a ObjectKey,
    pub(crate) condition: &'a WriteCondition,
    pub(crate) operation: &'static str,
}

/// What an object is to be, beside its bytes.
pub(crate) struct Draft {
    pub(crate) metadata: ObjectMetadata,
    pub(crate) facts: Facts,
    /// The MD5 of all bytes, where it is known.
    pub(crate) md5: Option<[u8; 16]>,
}

/// Why an object could not be composed.
pub(crate) enum Uncomposed {
    /// A source is not there any more, or another one.
    SourceGone,
    Failed(StoreError),
}

impl Target<'_> {
    fn refusal(&self, kind: StoreErrorKind) -> StoreError {
        StoreError::new(kind, self.operation)
    }

    /// What a condition that did not hold comes to, by what is there now.
    pub(crate) fn refused(&self, found: Option<&Seen>) -> StoreError {
        self.refusal(match (self.condition, found) {
            (WriteCondition::IfAbsent, Some(_)) => StoreErrorKind::ConditionFailed,
            (WriteCondition::IfPresent | WriteCondition::IfMatch(_), None) => {
                StoreErrorKind::Missing(Missing::Key)
            }
            (WriteCondition::IfMatch(etag), Some(found)) if found.etag != *etag => {
                StoreErrorKind::ConditionFailed
            }
            // It held when it was looked at, and did not when the service did.
            _ => StoreErrorKind::Conflict,
        })
    }
}

impl Azure {
    /// The condition in Azure's words. A tag of S3's is looked up, and Azure's own is sent, so that the service decides.
    pub(crate) async fn guard(&self, target: &Target<'_>) -> Result<Guard, StoreError> {
        let etag = match target.condition {
            WriteCondition::Always => return Ok(Guard::None),
            WriteCondition::IfAbsent => return Ok(Guard::Absent),
            WriteCondition::IfPresent => return Ok(Guard::Present),
            WriteCondition::IfMatch(etag) => etag,
        };
        match self.api.head(target.cx, target.container, target.key.as_str()).await {
            Ok(found) if found.etag == *etag => Ok(Guard::Match(found.azure_etag)),
            Ok(found) => Err(target.refused(Some(&found))),
            Err(failure) if failure.is_missing() => Err(target.refused(None)),
            Err(failure) => Err(failure.into_store(target.operation)),
        }
    }

    /// What a write that was not confirmed has come to: where the answer was lost, or a repeated request met the first
    /// one's effect, the blob bears this write's id.
    pub(crate) async fn look_after(
        &self,
        target: &Target<'_>,
        id: &str,
        failure: Failure,
    ) -> Result<Written, StoreError> {
        let dropped = failure.code() == "InvalidBlockList";
        if !(failure.is_condition() || failure.is_ambiguous() || dropped) {
            return Err(failure.into_store(target.operation));
        }
        match self.api.head(target.cx, target.container, target.key.as_str()).await {
            Ok(found) if found.write_id() == id => {
                let md5 = found.etag.md5();
                let Seen { azure_etag, modified_at, .. } = found;
                Ok(Written { azure_etag, modified_at, md5, crc64: None })
            }
            Ok(found) if failure.is_condition() => Err(target.refused(Some(&found))),
            Err(looked) if looked.is_missing() && failure.is_condition() => Err(target.refused(None)),
            _ => Err(failure.into_store(target.operation)),
        }
    }

    /// Makes an object of other blobs' bytes: the service copies them into blocks, and one conditional commit makes them
    /// the object. Until then the object that is there stays as it was.
    pub(crate) async fn compose(
        &self,
        target: &Target<'_>,
        sources: &[BlockSource],
        draft: &Draft,
    ) -> Result<Written, Uncomposed> {
        let failed = |error: StoreError| Uncomposed::Failed(error);
        let described = describe(&draft.metadata, &draft.facts)
            .ok_or_else(|| failed(target.refusal(StoreErrorKind::Unsupported(METADATA_TOO_LARGE))))?;
        let tags = tags_header(&draft.metadata.tags);
        let blocks = split(sources);
        // Two of ours at once would only drop each other's blocks.
        let turn = format!("{}/{}", target.container, target.key);
        let _turn = self.turns.take(&turn).await;
        let guard = self.guard(target).await.map_err(failed)?;
        for _ in 0..ATTEMPTS_MAX {
            let nonce = self.random.next_u64();
            let ids: Vec<_> = (0..blocks.len()).map(|place| block_id(nonce, place)).collect();
            self.stage_blocks(target, &ids, &blocks).await?;
            let commit = CommitBlocks {
                container: target.container,
                blob: target.key.as_str(),
                ids: &ids,
                described: &described,
                tags: tags.as_deref(),
                guard: &guard,
                md5: draft.md5,
            };
            let failure = match self.api.commit_blocks(target.cx, &commit).await {
                Ok(written) => return Ok(written),
                Err(failure) => failure,
            };
            let dropped = failure.code() == "InvalidBlockList";
            match self.look_after(target, &draft.facts.id, failure).await {
                Ok(written) => return Ok(Written { md5: draft.md5, ..written }),
                Err(_) if dropped => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(target.refusal(StoreErrorKind::Conflict)))
    }

    async fn stage_blocks(
        &self,
        target: &Target<'_>,
        ids: &[String],
        blocks: &[BlockSource],
    ) -> Result<(), Uncomposed> {
        let place = (target.container, target.key.as_str());
        let mut copies = Vec::with_capacity(blocks.len());
        for (id, source) in ids.iter().zip(blocks) {
            copies.push(self.api.put_block_from(target.cx, place, id, source));
        }
        let mut copies = stream::iter(copies).buffer_unordered(COPIES_AT_ONCE);
        while let Some(outcome) = copies.next().await {
            let Err(failure) = outcome else { continue };
            return Err(match failure.is_source_gone() {
                true => Uncomposed::SourceGone,
                false => Uncomposed::Failed(failure.into_store(target.operation)),
            });
        }
        Ok(())
    }
}

/// Cuts sources into blocks, as large as needed for there not to be too many. Sources of no bytes vanish.
fn split(sources: &[BlockSource]) -> Vec<BlockSource> {
    let count = |size: u64| sources.iter().map(|source| source.range.len().div_ceil(size)).sum::<u64>();
    let size = if count(BLOCK_BYTES) <= BLOCKS_MAX { BLOCK_BYTES } else { BLOCK_MAX_BYTES };
    let mut blocks = Vec::new();
    for source in sources {
        let mut start = source.range.start;
        while start < source.range.end {
            let end = source.range.end.min(start.saturating_add(size));
            blocks.push(BlockSource { range: ByteRange { start, end }, ..source.clone() });
            start = end;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(size: u64) -> BlockSource {
        BlockSource {
            container: "c".to_owned(),
            blob: "b".to_owned(),
            azure_etag: "e".to_owned(),
            range: ByteRange { start: 0, end: size },
        }
    }

    #[test]
    fn parts_are_split_into_blocks_and_ten_thousand_of_the_largest_fit() {
        const GIB: u64 = 1 << 30;
        let ranges: Vec<_> = split(&[source(0), source(BLOCK_BYTES), source(BLOCK_BYTES + 1)])
            .iter()
            .map(|block| (block.range.start, block.range.end))
            .collect();
        assert_eq!(ranges, [(0, BLOCK_BYTES), (0, BLOCK_BYTES), (BLOCK_BYTES, BLOCK_BYTES + 1)]);
        let largest = split(&vec![source(5 * GIB); 10_000]);
        assert_eq!(largest.len(), 20_000);
        assert!(largest.iter().all(|block| block.range.len() <= BLOCK_MAX_BYTES));
        assert_eq!(largest.iter().map(|block| block.range.len()).sum::<u64>(), 50_000 * GIB);
        assert_eq!(split(&[source(0)]), []);
    }
}
