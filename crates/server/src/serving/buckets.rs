use store::{SharedStore, StoreErrorKind};
use types::{Context, TagSet};

use crate::config::Config;
use crate::failure::Failure;

/// Makes the buckets that the configuration names and that are not there yet.
///
/// # Errors
/// Where one cannot be made, or belongs to another than the configuration says.
pub(super) async fn make_configured(config: &Config, store: &SharedStore) -> Result<(), Failure> {
    let cx = Context::background();
    for bucket in &config.buckets {
        let Some(name) = &bucket.name else { continue };
        let owner = iam::owner_of(bucket.owner.as_deref().unwrap_or(iam::ROOT_NAME));
        match store.create_bucket(&cx, name, &owner, &TagSet::default()).await {
            Ok(_) => tracing::info!(bucket = %name, owner = %owner.display_name, "bucket made"),
            Err(error) if matches!(error.kind, StoreErrorKind::BucketExists) => {
                let found = store.bucket(&cx, name).await;
                let found = found.map_err(|error| Failure::new(format!("bucket.{name}: {error}")))?;
                if found.owner.id != owner.id {
                    let text = format!(
                        "bucket.{name}.owner: the bucket is there already and belongs to \"{}\", not to \"{}\"",
                        found.owner.display_name, owner.display_name
                    );
                    return Err(Failure::configuration(text));
                }
            }
            Err(error) => return Err(Failure::new(format!("bucket.{name}: cannot make it: {error}"))),
        }
    }
    Ok(())
}
