use std::collections::HashMap;

use service::{BucketSettings, Deletion, ServiceSettings};
use types::BucketName;

use crate::config::Config;

/// What the configuration says of S3's meaning.
pub(super) fn service_settings(config: &Config) -> ServiceSettings {
    let settings = |bucket: &crate::config::BucketSettings| BucketSettings {
        anonymous: bucket.anonymous,
        deletion: if bucket.name.is_some() { Deletion::Pinned } else { Deletion::Allowed },
        default_cache_control: bucket.default_cache_control.clone(),
    };
    let named = config.buckets.iter().filter_map(|bucket| Some((bucket.name.clone()?, settings(bucket))));
    ServiceSettings {
        region: config.server.region.clone(),
        max_object_size_bytes: config.server.max_object_size_bytes,
        buckets: named.collect::<HashMap<BucketName, _>>(),
        other_buckets: settings(&config.other_buckets),
    }
}
