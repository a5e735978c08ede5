//! The buckets that are at home elsewhere, as a listing of all buckets shows them.

use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use store::{Bucket, ListBuckets, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context, TagSet, Timestamp};

use crate::home::Entry;
use crate::{Home, Router};

/// How long a listing of all buckets waits for the store of one of them. Longer than a slow answer across the world, and
/// short enough that a store that hangs does not make clients give up on the buckets of the others.
const LOOK_MAX_TIME: Duration = Duration::from_secs(3);
/// Homes that are looked at side by side.
const LOOKS_AT_ONCE: usize = 32;

/// A home's record, where it has one.
type Look = Result<Option<Bucket>, StoreError>;

impl Router {
    /// Those with names above `after`, up to and with `end`; at most one more than the limit, which is enough to know that
    /// there are more.
    pub(crate) async fn homes_between(
        &self,
        cx: &Context,
        options: &ListBuckets,
        after: Option<&str>,
        end: Option<&str>,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut looks: Vec<Pin<Box<dyn Future<Output = Look> + Send + '_>>> = Vec::new();
        for (name, entry) in &self.homes {
            let text = name.as_str();
            let is_wanted = text.starts_with(&options.prefix)
                && after.is_none_or(|after| text > after)
                && end.is_none_or(|end| text <= end)
                && !self.is_plainly_other(&entry.home);
            if is_wanted {
                looks.push(Box::pin(self.look(cx, name, entry)));
            }
        }
        let mut looked = stream::iter(looks).buffered(LOOKS_AT_ONCE);
        let mut found = Vec::new();
        while found.len() <= options.limit
            && let Some(looked) = looked.next().await
        {
            found.extend(looked?);
        }
        Ok(found)
    }

    /// A home's record; where its store does not answer, the record as it was last seen.
    async fn look(&self, cx: &Context, name: &BucketName, entry: &Entry) -> Look {
        let Entry { home, port } = entry;
        let looked = tokio::time::timeout(LOOK_MAX_TIME, port.bucket(cx, home.remote_name(name))).await;
        match looked {
            Ok(Ok(bucket)) => {
                let bucket = home.outward(name, bucket);
                self.remember(&bucket);
                Ok(Some(bucket))
            }
            Ok(Err(error)) => match error.kind {
                StoreErrorKind::Missing(Missing::Bucket) => Ok(None),
                StoreErrorKind::Unavailable => Ok(self.recall(name, home)),
                _ => Err(error),
            },
            Err(_) => Ok(self.recall(name, home)),
        }
    }

    pub(crate) fn remember(&self, bucket: &Bucket) {
        if !self.homes.contains_key(&bucket.name) {
            return;
        }
        let mut seen = self.seen.lock();
        if seen.get(&bucket.name) != Some(bucket) {
            seen.insert(bucket.name.clone(), bucket.clone());
        }
    }

    /// The record last seen. One that was never seen is known to its owner all the same: the configuration says that it is
    /// there.
    fn recall(&self, name: &BucketName, home: &Home) -> Option<Bucket> {
        let seen = self.seen.lock().get(name).cloned();
        seen.or_else(|| {
            Some(Bucket {
                name: name.clone(),
                owner: home.owner.clone()?,
                created_at: Timestamp::default(),
                versioning: Versioning::Off,
                tags: TagSet::default(),
                handle: 0,
                revision: 0,
            })
        })
    }
}
