use store::{Bucket, Missing, SharedStore, StoreError, StoreErrorKind};
use types::{BucketName, Random, TagSet};

use super::probe::Probe;
use super::report::Report;
use super::{cx, within};
use crate::config::BucketSettings;
use crate::failure::with_causes;

/// Where in a store something is tried.
pub(super) struct Place {
    /// What it is for the configuration.
    title: String,
    remote: BucketName,
    prefix: String,
}

impl Place {
    /// The place of a bucket that the configuration names.
    pub(super) fn of_bucket(bucket: &BucketSettings) -> Option<Self> {
        let name = bucket.name.as_ref()?;
        let remote = bucket.remote.clone().unwrap_or_else(|| name.clone());
        let prefix = bucket.prefix.clone().unwrap_or_default();
        Some(Self { title: format!("bucket {name}, there {remote}/{prefix}"), remote, prefix })
    }

    /// A bucket of its own, for a store in which all buckets are made.
    pub(super) fn to_make(random: &dyn Random) -> Self {
        let name = format!("sluice-probe-{:016x}", random.next_u64());
        let remote = BucketName::new(&name).expect("letters, digits and hyphens, 29 of them");
        Self { title: format!("all other buckets, by a bucket {remote}"), remote, prefix: String::new() }
    }

    /// Does all that a client may want, and takes it back.
    pub(super) async fn try_out(&self, store: &SharedStore, random: &dyn Random, report: &mut Report) {
        report.begin(&format!("  {}", self.title));
        let (bucket, is_made) = match self.find(store, report).await {
            Ok(found) => found,
            Err(error) => return report.refused("find", &with_causes(&error)),
        };
        Probe::new(store, &bucket, &self.prefix, random).run(report).await;
        if is_made {
            match within(store.delete_bucket(&cx(), &bucket)).await {
                Ok(()) => report.done("remove bucket", ""),
                Err(error) => {
                    let text = format!("{}; bucket {} is left behind", with_causes(&error), self.remote);
                    report.refused("remove bucket", &text);
                }
            }
        }
    }

    /// The bucket, and whether it was made for the trial.
    async fn find(&self, store: &SharedStore, report: &mut Report) -> Result<(Bucket, bool), StoreError> {
        match within(store.bucket(&cx(), &self.remote)).await {
            Ok(bucket) => return Ok((bucket, false)),
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {}
            Err(error) => return Err(error),
        }
        let owner = iam::owner_of(iam::ROOT_NAME);
        let made = within(store.create_bucket(&cx(), &self.remote, &owner, &TagSet::default())).await?;
        report.done("make bucket", "it was not there, and is removed again");
        Ok((made, true))
    }
}
