mod seen;
mod stored;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::{Bucket, Missing, SharedStore, StoreError, StoreErrorKind, WriteCondition};
use types::{BucketName, Clock, Context, ObjectKey, Random, Timestamp};

use self::stored::own_key;
pub(super) use self::stored::{OwnObject, StoredEpoch};
use super::gate::{Gate, Inside};
use super::options::{CryptOptions, Names};
use super::reserved::Reserved;
use crate::error::{During, NAMES_ENCRYPTED, NAMES_MISSING, corrupt};
use crate::format::{Id, Secret, new_id};
use crate::keys::{EpochRecord, KeyErrorKind, KeyService, context};
use crate::stats::CryptStats;

/// Buckets whose keys are kept in memory; past it all are forgotten and read again as they are needed.
const BUCKETS_MAX: usize = 10_000;
const OPERATION: &str = "keys of the bucket";
/// What a caller is told where names cannot be encrypted.
const NAMES_NEED: &str =
    "Encrypted names need a store with conditional writes, so that a bucket has one key of names.";
/// How long a key that is written with is taken to stand in the store. Others may remove it: a server that knows the bucket
/// too, a console, a rule of the service.
const SEEN_HOLDS: Duration = Duration::from_secs(60);
/// The id that the key of encrypted names is bound to.
const NAMES_ID: Id = [0; 16];

/// The epoch keys of buckets: small objects beside the objects that they are for, read once.
pub(super) struct Epochs {
    inner: SharedStore,
    keys: Arc<dyn KeyService>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    reserved: Reserved,
    names: Names,
    stats: Arc<CryptStats>,
    buckets: Mutex<HashMap<(BucketName, u64), Arc<BucketKeys>>>,
}

#[derive(Default)]
struct BucketKeys {
    known: Mutex<HashMap<Id, Secret>>,
    writing: Mutex<Option<Writing>>,
    /// Held while the keys of the bucket are looked for or made.
    turn: tokio::sync::Mutex<()>,
}

/// The key that new objects are wrapped with.
#[derive(Clone)]
struct Writing {
    /// What it is wrapped with itself.
    key_id: String,
    id: Id,
    secret: Secret,
    /// When it was last known to stand in the store.
    seen_at: Timestamp,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Epochs {
    pub(super) fn new(
        inner: SharedStore,
        options: &CryptOptions,
        (reserved, stats): (Reserved, Arc<CryptStats>),
    ) -> Self {
        let (keys, names) = (options.keys.clone(), options.names);
        let (random, clock) = (options.random.clone(), options.clock.clone());
        Self { inner, keys, random, clock, reserved, names, stats, buckets: Mutex::default() }
    }

    fn of(&self, bucket: &Bucket) -> Arc<BucketKeys> {
        let mut buckets = locked(&self.buckets);
        if buckets.len() >= BUCKETS_MAX {
            buckets.clear();
        }
        buckets.entry((bucket.name.clone(), bucket.handle)).or_default().clone()
    }

    /// The bucket was removed, or its keys were wrapped anew.
    pub(super) fn forget(&self, bucket: &Bucket) {
        locked(&self.buckets).remove(&(bucket.name.clone(), bucket.handle));
    }

    /// The epoch key that new objects are wrapped with; made where the bucket has none of the primary key, looked for again
    /// where it was not seen for a while. Whoever writes meanwhile waits.
    pub(super) async fn current(
        &self,
        cx: &Context,
        bucket: &Bucket,
        gate: &Gate,
    ) -> Result<(Id, Secret), StoreError> {
        let primary = self.keys.primary().await.during(OPERATION)?;
        let keys = self.of(bucket);
        let found = || locked(&keys.writing).clone().filter(|writing| writing.key_id == primary);
        let seen = |writing: &Writing| self.clock.now().since(writing.seen_at) < SEEN_HOLDS;
        if let Some(Writing { id, secret, .. }) = found().filter(seen) {
            return Ok((id, secret));
        }
        let _turn = keys.turn.lock().await;
        let seen_at = self.clock.now();
        let (key_id, id, secret) = match found() {
            Some(writing) if seen(&writing) => return Ok((writing.id, writing.secret)),
            Some(writing) => self.see(cx, bucket, (&keys, gate), writing).await?,
            None => match self.stored_under(cx, bucket, &primary).await? {
                Some((id, secret)) => (primary, id, secret),
                None => self.make(cx, bucket, gate).await?,
            },
        };
        locked(&keys.known).insert(id, secret.clone());
        *locked(&keys.writing) = Some(Writing { key_id, id, secret: secret.clone(), seen_at });
        Ok((id, secret))
    }

    /// An epoch key that is there and wrapped with `key_id`.
    ///
    /// # Errors
    /// `Forbidden` where the bucket has a key of encrypted names, and they are to be plain.
    async fn stored_under(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key_id: &str,
    ) -> Result<Option<(Id, Secret)>, StoreError> {
        let (own, names) =
            (self.list(cx, bucket, self.reserved.prefix.clone()).await?, self.reserved.names());
        if self.names == Names::Plain && own.iter().any(|key| key.as_str() == names) {
            return Err(StoreError::new(StoreErrorKind::Forbidden(NAMES_ENCRYPTED), OPERATION));
        }
        for key in own.into_iter().filter(|key| key.as_str() != names) {
            let stored = match self.load(cx, bucket, &key).await {
                // One that is damaged or just gone is none to write with; its objects tell when they are read.
                Err(error) if matches!(error.kind, StoreErrorKind::Corrupt | StoreErrorKind::Missing(_)) => {
                    continue;
                }
                loaded => loaded?,
            };
            if stored.record.key_id == key_id && self.reserved.epoch(&stored.record.id) == key.as_str() {
                match self.unwrap(bucket, &stored.record).await {
                    Ok(secret) => return Ok(Some((stored.record.id, secret))),
                    Err(error) if matches!(error.kind, StoreErrorKind::Corrupt) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }

    /// Makes an epoch key under a random name, so that it never takes another's place. The primary key is asked for behind the
    /// gate: what is wrapped with the former one is there before the gate closes for a look at all of them.
    async fn make(
        &self,
        cx: &Context,
        bucket: &Bucket,
        gate: &Gate,
    ) -> Result<(String, Id, Secret), StoreError> {
        let _inside = enter(gate).await?;
        let primary = self.primary().await?;
        let (id, secret) = (new_id(&*self.random), Secret::random(&*self.random));
        let record = self.wrap(bucket, id, &primary, &secret).await?;
        let key = own_key(&self.reserved.epoch(&id))?;
        self.store(cx, bucket, &key, &record, WriteCondition::Always).await?;
        self.stats.epochs_made.add(1);
        Ok((primary, id, secret))
    }

    pub(super) async fn wrap(
        &self,
        bucket: &Bucket,
        id: Id,
        key_id: &str,
        secret: &Secret,
    ) -> Result<EpochRecord, StoreError> {
        let wrapped = self.keys.wrap(key_id, secret, &context(&bucket.name, &id)).await.during(OPERATION)?;
        Ok(EpochRecord { id, key_id: key_id.to_owned(), wrapped })
    }

    pub(super) async fn unwrap(&self, bucket: &Bucket, record: &EpochRecord) -> Result<Secret, StoreError> {
        let context = context(&bucket.name, &record.id);
        let unwrapped = self.keys.unwrap(&record.key_id, &record.wrapped, &context).await;
        if unwrapped
            .as_ref()
            .is_err_and(|error| matches!(error.kind, KeyErrorKind::Unknown | KeyErrorKind::Denied))
        {
            self.stats.keys_missing.add(1);
        }
        unwrapped.during(OPERATION)
    }

    pub(super) async fn primary(&self) -> Result<String, StoreError> {
        self.keys.primary().await.during(OPERATION)
    }

    /// The epoch key of this id.
    pub(super) async fn secret(&self, cx: &Context, bucket: &Bucket, id: &Id) -> Result<Secret, StoreError> {
        let keys = self.of(bucket);
        let known = || locked(&keys.known).get(id).cloned();
        if let Some(secret) = known() {
            return Ok(secret);
        }
        let _turn = keys.turn.lock().await;
        if let Some(secret) = known() {
            return Ok(secret);
        }
        let key = own_key(&self.reserved.epoch(id))?;
        let stored = match self.load(cx, bucket, &key).await {
            // An envelope that names what is not there was changed, or its bucket's key was destroyed.
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => {
                return Err(corrupt(OPERATION));
            }
            loaded => loaded?,
        };
        if stored.record.id != *id {
            return Err(corrupt(OPERATION));
        }
        let secret = self.unwrap(bucket, &stored.record).await?;
        locked(&keys.known).insert(*id, secret.clone());
        Ok(secret)
    }

    /// The key of encrypted names; made where the bucket has none.
    pub(super) async fn names(
        &self,
        cx: &Context,
        bucket: &Bucket,
        gate: &Gate,
    ) -> Result<Secret, StoreError> {
        let keys = self.of(bucket);
        let known = || locked(&keys.known).get(&NAMES_ID).cloned();
        if let Some(secret) = known() {
            return Ok(secret);
        }
        let _turn = keys.turn.lock().await;
        if let Some(secret) = known() {
            return Ok(secret);
        }
        let key = own_key(&self.reserved.names())?;
        let secret = match self.load(cx, bucket, &key).await {
            Ok(stored) => self.unwrap_names(bucket, &stored).await?,
            Err(error) if is_missing(&error) => self.make_names(cx, bucket, &key, gate).await?,
            Err(error) => return Err(error),
        };
        locked(&keys.known).insert(NAMES_ID, secret.clone());
        Ok(secret)
    }

    /// Of several who make it at once, one has made it, and the others take that. A store that cannot tell who was first would
    /// have names under two keys, of which one is lost.
    async fn make_names(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        gate: &Gate,
    ) -> Result<Secret, StoreError> {
        if !self.inner.capabilities(bucket).conditional_put.is_yes() {
            return Err(StoreError::new(StoreErrorKind::Unsupported(NAMES_NEED), OPERATION));
        }
        let _inside = enter(gate).await?;
        // Where others have just made it, they may have made an epoch key since.
        if !self.list(cx, bucket, self.reserved.epochs()).await?.is_empty() {
            let stored = self.load(cx, bucket, key).await.map_err(|error| match is_missing(&error) {
                true => StoreError::new(StoreErrorKind::Forbidden(NAMES_MISSING), OPERATION),
                false => error,
            });
            return self.unwrap_names(bucket, &stored?).await;
        }
        let primary = self.primary().await?;
        let record = self.wrap(bucket, NAMES_ID, &primary, &Secret::random(&*self.random)).await?;
        match self.store(cx, bucket, key, &record, WriteCondition::IfAbsent).await {
            Err(error)
                if matches!(error.kind, StoreErrorKind::ConditionFailed | StoreErrorKind::Conflict) => {}
            stored => drop(stored?),
        }
        self.stats.epochs_made.add(1);
        let stored = self.load(cx, bucket, key).await?;
        self.unwrap_names(bucket, &stored).await
    }

    async fn unwrap_names(&self, bucket: &Bucket, stored: &StoredEpoch) -> Result<Secret, StoreError> {
        if stored.record.id != NAMES_ID {
            return Err(corrupt(OPERATION));
        }
        self.unwrap(bucket, &stored.record).await
    }
}

fn is_missing(error: &StoreError) -> bool {
    matches!(error.kind, StoreErrorKind::Missing(Missing::Key))
}

async fn enter(gate: &Gate) -> Result<Inside, StoreError> {
    gate.enter().await.ok_or_else(|| StoreError::missing(Missing::Bucket, OPERATION))
}
