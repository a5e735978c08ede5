use store::{Bucket, Missing, StoreError, StoreErrorKind, WriteCondition};
use types::{Context, ObjectKey};

use super::core::Core;
use super::epochs::StoredEpoch;

/// How far the wrapping of a bucket's epoch keys has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewrapEvent {
    /// So many epoch keys are looked at, for this primary key.
    Begun {
        /// How many.
        total: u64,
        /// The key that they will be wrapped with.
        primary: String,
    },
    /// One epoch key is done.
    Epoch {
        /// How many are done with it.
        done: u64,
        /// How many there are.
        total: u64,
        /// The key that it was wrapped with before; `None` where it was the primary key already.
        from: Option<String>,
    },
}

/// What wrapping a bucket's epoch keys came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewrapReport {
    /// Epoch keys of the bucket, with that of encrypted names.
    pub epochs: u64,
    /// Those that were wrapped again.
    pub rewrapped: u64,
    /// Older versions of them that were removed.
    pub versions_removed: u64,
    /// Those that could not be opened, and stay as they are.
    pub closed: Vec<ClosedEpoch>,
}

/// An epoch key that cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedEpoch {
    /// The object that it is.
    pub key: String,
    /// The key that it is wrapped with; `None` where the object does not tell.
    pub key_id: Option<String>,
    /// Why it cannot be opened.
    pub why: Closed,
}

/// Why an epoch key cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The key that wraps it is missing, destroyed or may not be used.
    KeyGone,
    /// It is damaged, or was wrapped with another key of that id.
    Damaged,
}

impl Closed {
    /// Why, where an error is about one epoch key and not about the store or the keys as a whole.
    fn of(error: &StoreError) -> Option<Self> {
        match error.kind {
            StoreErrorKind::Forbidden(_) => Some(Self::KeyGone),
            StoreErrorKind::Corrupt => Some(Self::Damaged),
            _ => None,
        }
    }
}

impl Core {
    /// The primary key, and the names of all that is wrapped. No key is made meanwhile; one that is made later is under that
    /// primary key, or one after it.
    async fn wrapped(&self, cx: &Context, bucket: &Bucket) -> Result<(String, Vec<ObjectKey>), StoreError> {
        let _closed = self.gates.close(&bucket.name).await;
        self.uncover(cx, bucket).await?;
        Ok((self.epochs.primary().await?, self.epochs.own_keys(cx, bucket).await?))
    }

    /// Wraps what is not wrapped with the primary key, one after the other. Older versions go only once all of that is done,
    /// and only those of keys whose newest one can be opened.
    pub(super) async fn rewrap(
        &self,
        cx: &Context,
        bucket: &Bucket,
        events: &mut (dyn FnMut(RewrapEvent) + Send),
    ) -> Result<RewrapReport, StoreError> {
        let (primary, keys) = self.wrapped(cx, bucket).await?;
        let total = keys.len() as u64;
        events(RewrapEvent::Begun { total, primary: primary.clone() });
        let (mut report, mut opened) = (RewrapReport::default(), Vec::new());
        for (done, key) in (1..).zip(keys) {
            let wrapped = self.rewrap_one(cx, bucket, &key, &primary).await?;
            report.epochs += u64::from(!matches!(wrapped, Wrapped::Gone));
            let mut from = None;
            match wrapped {
                Wrapped::Gone => {}
                Wrapped::Already => opened.push(key),
                Wrapped::Anew(old) => {
                    from = Some(old);
                    report.rewrapped += 1;
                    opened.push(key);
                }
                Wrapped::Closed(closed) => report.closed.push(closed),
            }
            events(RewrapEvent::Epoch { done, total, from });
        }
        report.versions_removed = self.remove_older(cx, bucket, &opened).await?;
        self.epochs.forget(bucket);
        Ok(report)
    }

    async fn rewrap_one(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        primary: &str,
    ) -> Result<Wrapped, StoreError> {
        let closed = |key_id, error: StoreError| match Closed::of(&error) {
            Some(why) => Ok(Wrapped::Closed(ClosedEpoch { key: key.as_str().to_owned(), key_id, why })),
            None => Err(error),
        };
        let StoredEpoch { etag, record, .. } = match self.epochs.load(cx, bucket, key).await {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => {
                return Ok(Wrapped::Gone);
            }
            Err(error) => return closed(None, error),
        };
        let secret = match self.epochs.unwrap(bucket, &record).await {
            Ok(secret) => secret,
            Err(error) => return closed(Some(record.key_id), error),
        };
        if record.key_id == primary {
            return Ok(Wrapped::Already);
        }
        let wrapped = self.epochs.wrap(bucket, record.id, primary, &secret).await?;
        let condition = match self.inner.capabilities(bucket).conditional_put.is_yes() {
            true => WriteCondition::IfMatch(etag),
            false => WriteCondition::Always,
        };
        self.epochs.store(cx, bucket, key, &wrapped, condition).await?;
        Ok(Wrapped::Anew(record.key_id))
    }
}

/// What became of one epoch key.
enum Wrapped {
    /// It is not there any more.
    Gone,
    /// It was under the primary key.
    Already,
    /// It is now; before, it was under this one.
    Anew(String),
    /// It cannot be opened.
    Closed(ClosedEpoch),
}
