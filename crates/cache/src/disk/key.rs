use std::fmt;
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

/// The longest store name, bucket name, key or tag that a block can be kept under, in bytes.
pub const NAME_MAX_BYTES: usize = 1024;

/// What the bytes of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Bytes of one version of an object: the tag is its version or ETag, and name and tag together are the identity.
    Data,
    /// Bytes of some content: the tag is a digest of it, and the identity is store and tag, whatever key it was found under.
    /// The names say where it was found first, for [`PurgeScope`](super::PurgeScope).
    Content,
    /// What is known about an object or a bucket; the tag tells one such record from another.
    State,
}

impl BlockKind {
    pub(super) fn to_byte(self) -> u8 {
        match self {
            Self::Data => 1,
            Self::Content => 2,
            Self::State => 3,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Data),
            2 => Some(Self::Content),
            3 => Some(Self::State),
            _ => None,
        }
    }
}

/// The names that a [`Source`] is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// The store's name.
    pub store: &'a str,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key; empty for what is known about a bucket.
    pub key: &'a str,
    /// Version, ETag, digest or name of a record, as the kind says.
    pub tag: &'a str,
}

/// What a sequence of blocks holds the bytes of. Cloning shares it.
#[derive(Clone, PartialEq, Eq)]
pub struct Source(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    /// Of the identity: see [`BlockKind`].
    hash: u64,
    kind: BlockKind,
    block_bytes: u32,
    /// Store, bucket, key and tag, one behind the other.
    text: Box<str>,
    ends: [u16; 3],
}

impl Source {
    /// A source of blocks of `block_bytes` each, the last one shorter. `None` where a name is longer than
    /// [`NAME_MAX_BYTES`]: such is not cached.
    #[must_use]
    pub fn new(kind: BlockKind, names: Names<'_>, block_bytes: u32) -> Option<Self> {
        let parts = [names.store, names.bucket, names.key, names.tag];
        if parts.iter().any(|part| part.len() > NAME_MAX_BYTES) {
            return None;
        }
        let mut end = 0;
        let ends = [0, 1, 2].map(|place| {
            end += parts[place].len() as u16;
            end
        });
        let hash = identity_hash(kind, names, block_bytes);
        Some(Self(Arc::new(Inner { hash, kind, block_bytes, text: parts.concat().into(), ends })))
    }

    /// What the bytes are.
    #[must_use]
    pub fn kind(&self) -> BlockKind {
        self.0.kind
    }

    /// The size of every block but the last, in bytes.
    #[must_use]
    pub fn block_bytes(&self) -> u32 {
        self.0.block_bytes
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> Names<'_> {
        let [store, bucket, key] = self.0.ends.map(usize::from);
        let text = &self.0.text;
        Names {
            store: &text[..store],
            bucket: &text[store..bucket],
            key: &text[bucket..key],
            tag: &text[key..],
        }
    }

    /// What all names take, in bytes.
    pub(crate) fn names_bytes(&self) -> u64 {
        self.0.text.len() as u64
    }

    /// The hash by which blocks of one store and bucket are found: see [`scope_of`].
    pub(super) fn scope(&self) -> u32 {
        let names = self.names();
        u32::from(name_hash(names.store)) << 16 | u32::from(name_hash(names.bucket))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} by {}", self.0.kind, self.names(), self.0.block_bytes)
    }
}

/// One block of a source. Making and cloning one allocates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockKey {
    source: Source,
    number: u32,
}

impl BlockKey {
    /// The block of `source` that begins at byte `number * source.block_bytes()`.
    #[must_use]
    pub fn new(source: &Source, number: u32) -> Self {
        Self { source: source.clone(), number }
    }

    /// Whose block it is.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Which block, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The hash that the index knows the block by. Two blocks of one hash displace each other, and the names beside the bytes
    /// tell them apart.
    pub(super) fn hash(&self) -> u64 {
        mixed(self.source.0.hash, self.number)
    }
}

/// Spreads a block's number over all bits: the finalizer of SplitMix64.
fn mixed(hash: u64, number: u32) -> u64 {
    let mut value = hash.wrapping_add(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

fn identity_hash(kind: BlockKind, names: Names<'_>, block_bytes: u32) -> u64 {
    let parts: &[&str] = match kind {
        BlockKind::Content => &[names.store, names.tag],
        BlockKind::Data | BlockKind::State => &[names.store, names.bucket, names.key, names.tag],
    };
    let mut hasher = Xxh3::new();
    hasher.update(&[kind.to_byte()]);
    hasher.update(&block_bytes.to_le_bytes());
    for part in parts {
        hasher.update(&(part.len() as u32).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest()
}

/// The half of a scope that a store's or a bucket's name makes.
pub(super) fn name_hash(name: &str) -> u16 {
    xxh3_64_with_seed(name.as_bytes(), 0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'_> = Names { store: "far", bucket: "reports", key: "a/b", tag: "e1" };

    fn source(kind: BlockKind, names: Names<'_>) -> Source {
        Source::new(kind, names, 8 << 20).unwrap()
    }

    #[test]
    fn names_come_back_and_too_long_ones_are_refused() {
        let made = source(BlockKind::Data, NAMES);
        assert_eq!((made.names(), made.kind(), made.block_bytes()), (NAMES, BlockKind::Data, 8 << 20));
        let long = "k".repeat(NAME_MAX_BYTES);
        let names = Names { store: &long, bucket: &long, key: &long, tag: &long };
        assert_eq!(source(BlockKind::State, names).names(), names);
        let longer = "k".repeat(NAME_MAX_BYTES + 1);
        assert!(Source::new(BlockKind::Data, Names { tag: &longer, ..NAMES }, 1).is_none());
    }

    #[test]
    fn every_part_of_an_identity_counts_and_cuts_between_names_too() {
        let hash = |kind, names, number| BlockKey::new(&source(kind, names), number).hash();
        let base = hash(BlockKind::Data, NAMES, 0);
        for other in [
            hash(BlockKind::State, NAMES, 0),
            hash(BlockKind::Data, NAMES, 1),
            hash(BlockKind::Data, Names { tag: "e2", ..NAMES }, 0),
            hash(BlockKind::Data, Names { key: "a/", tag: "be1", ..NAMES }, 0),
            BlockKey::new(&Source::new(BlockKind::Data, NAMES, 1 << 20).unwrap(), 0).hash(),
        ] {
            assert_ne!(base, other);
        }
        let content = hash(BlockKind::Content, NAMES, 3);
        assert_eq!(content, hash(BlockKind::Content, Names { key: "another", bucket: "b", ..NAMES }, 3));
        assert_ne!(content, hash(BlockKind::Content, Names { store: "near", ..NAMES }, 3));
    }
}
