use std::sync::Arc;

use tokio::sync::OnceCell;
use types::{ObjectKey, VersionId};

use store::{UploadId, UploadRef};

/// Bytes and objects: what a bucket holds, or a part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of objects, their versions, and parts of unfinished uploads.
    pub bytes: u64,
    /// Objects and their versions; delete markers are none.
    pub objects: u64,
}

/// The most of each; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) bytes: Option<u64>,
    pub(crate) objects: Option<u64>,
}

impl Usage {
    pub(crate) const NOTHING: Self = Self { bytes: 0, objects: 0 };

    pub(super) fn max(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), objects: self.objects.max(other.objects) }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            objects: self.objects.saturating_add(other.objects),
        }
    }

    pub(super) fn less(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            objects: self.objects.saturating_sub(other.objects),
        }
    }

    /// What is over the limits, of that which has grown since `before`.
    pub(super) fn excess(self, before: Self, limits: &Limits) -> Option<&'static str> {
        let is_over =
            |now: u64, then: u64, limit: Option<u64>| now > then && limit.is_some_and(|limit| now > limit);
        if is_over(self.bytes, before.bytes, limits.bytes) {
            return Some("the bucket's quota of bytes is used up");
        }
        is_over(self.objects, before.objects, limits.objects)
            .then_some("the bucket's quota of objects is used up")
    }
}

/// An upload. An id alone is not enough: who knows that of another key's upload would change what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Upload {
    pub(super) key: ObjectKey,
    pub(super) id: UploadId,
}

impl From<UploadRef<'_>> for Upload {
    fn from(UploadRef { key, id, .. }: UploadRef<'_>) -> Self {
        Self { key: key.clone(), id: id.clone() }
    }
}

/// What one write replaces or removes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Item {
    /// Nothing: it adds a version of its own, under a number of its own.
    Own(u64),
    /// The current object, or a version.
    Object(ObjectKey, Option<VersionId>),
    /// A part of an upload.
    Part(Upload, u32),
}

/// Writes of one item that overlap. At most one of them is what the item holds in the end, so together they need as much room
/// as the largest.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// What the item held before the first of them; none of them goes on until that is known.
    pub(super) before: Arc<OnceCell<Usage>>,
    /// Writes that ever joined.
    pub(super) joined: u64,
    /// Those under way, with what each may bring.
    pub(super) members: Vec<(u64, Usage)>,
    /// The largest that has ended, or may have taken effect.
    pub(super) peak: Usage,
    /// What the item holds, by the one that ended last.
    pub(super) last: Option<Usage>,
    /// Whether only a look can tell what the item holds.
    pub(super) is_unsure: bool,
}

impl Group {
    /// No writes yet, of a item of which it is known or not what it holds.
    pub(super) fn behind(before: Option<Usage>) -> Self {
        Self { before: Arc::new(OnceCell::new_with(before)), ..Self::default() }
    }

    pub(super) fn held_before(&self) -> Usage {
        self.before.get().copied().unwrap_or_default()
    }

    /// What is reserved beyond what the item held before.
    pub(super) fn extra(&self) -> Usage {
        let largest = self.members.iter().fold(self.peak, |largest, (_, usage)| largest.max(*usage));
        largest.less(self.held_before())
    }
}
