use std::sync::Arc;

use store::{StoreError, StoreErrorKind};

use super::account::Account;
use super::book::Left;
use super::count::Below;
use super::group::{Item, Upload, Usage};

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The item holds this now.
    Holds(Usage),
    /// It had no effect.
    Unchanged,
    /// It took effect or not.
    Unknown,
}

/// A write's share in what its item holds.
pub(super) struct Share {
    account: Arc<Account>,
    item: Item,
    id: u64,
}

/// The one who ends a share. Dropped without being settled, the share's room stays reserved.
pub(super) struct Claim {
    share: Arc<Share>,
    /// How it ended, where it is dropped; `None` once that is said.
    end: Option<End>,
    /// The upload whose parts the write makes an object of.
    parts_of: Option<Upload>,
}

impl Claim {
    /// Joins the writes of a item, or adds something of its own, knowing what was there before.
    ///
    /// # Errors
    /// Failures of looking at the item.
    pub(super) async fn join(
        account: &Arc<Account>,
        item: Option<Item>,
        below: &Below,
    ) -> Result<Self, StoreError> {
        let (item, id, before) = account.book.lock().join(item);
        let share = Arc::new(Share { account: account.clone(), item, id });
        let claim = Self { share: share.clone(), end: Some(End::Unchanged), parts_of: None };
        before.get_or_try_init(|| below.look(&share.item)).await?;
        Ok(claim)
    }

    /// Reserves room, as [`Share::reserve`].
    ///
    /// # Errors
    /// `Full`.
    pub(super) fn reserve(&self, wanted: Usage) -> Result<(), StoreError> {
        self.share.reserve(wanted)
    }

    /// What it ends.
    pub(super) fn share(&self) -> Arc<Share> {
        self.share.clone()
    }

    /// Says that it may have an effect from now on.
    pub(super) fn begin(&mut self) {
        self.end = Some(End::Unknown);
    }

    /// Says that it may make an object of an upload's parts from now on.
    pub(super) fn begin_with_parts(&mut self, upload: &Upload) {
        self.parts_of = Some(upload.clone());
        self.begin();
    }

    /// Settles what the item holds.
    pub(super) async fn settle(mut self, end: End, below: &Below) {
        self.end = None;
        let left = self.share.leave(end, self.parts_of.as_ref());
        if let Left::Look(joined) = left {
            let mut look = Look { share: &self.share, joined, seen: None };
            look.seen = below.look(&self.share.item).await.ok();
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(end) = self.end else { return };
        if end == End::Unknown {
            self.share.account.doubtful();
        }
        if let Left::Look(joined) = self.share.leave(end, self.parts_of.as_ref()) {
            drop(Look { share: &self.share, joined, seen: None });
        }
    }
}

impl Share {
    /// Reserves room for what the write may bring, instead of what was reserved before.
    ///
    /// # Errors
    /// `Full`.
    pub(super) fn reserve(&self, wanted: Usage) -> Result<(), StoreError> {
        let reserved = self.account.book.lock().reserve(&self.item, self.id, wanted, &self.account.limits);
        reserved.map_err(|full| StoreError::new(StoreErrorKind::Full(full), "keep to the quota"))
    }

    fn leave(&self, end: End, parts_of: Option<&Upload>) -> Left {
        self.account.book.lock().leave(&self.item, self.id, end, parts_of)
    }
}

/// A look at a item, which settles it also when it is dropped.
struct Look<'a> {
    share: &'a Share,
    joined: u64,
    seen: Option<Usage>,
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.share.account.book.lock().looked(&self.share.item, self.joined, self.seen);
    }
}
