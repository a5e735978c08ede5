use types::BucketName;

use super::{BucketSettings, ConfigError};

/// Refuses two buckets that would hold the same objects: each would change what is the other's, whoever owns it.
pub(super) fn check_placements(buckets: &[BucketSettings]) -> Result<(), ConfigError> {
    let placed: Vec<Placed<'_>> = buckets.iter().filter_map(Placed::of).collect();
    for (index, bucket) in placed.iter().enumerate() {
        let Some(other) = placed[..index].iter().find(|other| bucket.overlaps(other)) else { continue };
        let place = match bucket.prefix {
            "" => format!("bucket \"{}\" of store \"{}\"", bucket.remote, bucket.store),
            prefix => format!("\"{prefix}\" in bucket \"{}\" of store \"{}\"", bucket.remote, bucket.store),
        };
        let message = format!(
            "its place, {place}, overlaps that of bucket.{}; give one of them another remote or prefix",
            other.name
        );
        return Err(ConfigError::new(format!("bucket.{}", bucket.name), message));
    }
    Ok(())
}

/// Which keys of which bucket of which store a bucket is.
struct Placed<'a> {
    name: &'a BucketName,
    store: &'a str,
    remote: &'a BucketName,
    prefix: &'a str,
}

impl<'a> Placed<'a> {
    fn of(bucket: &'a BucketSettings) -> Option<Self> {
        let name = bucket.name.as_ref()?;
        let remote = bucket.remote.as_ref().unwrap_or(name);
        Some(Self { name, store: &bucket.store, remote, prefix: bucket.prefix.as_deref().unwrap_or("") })
    }

    fn overlaps(&self, other: &Self) -> bool {
        let is_nested = self.prefix.starts_with(other.prefix) || other.prefix.starts_with(self.prefix);
        self.store == other.store && self.remote == other.remote && is_nested
    }
}
