use std::sync::Arc;

use crypt::{Closed, ClosedEpoch, RewrapEvent, RewrapReport};
use gateway::{JobRefused, JobRequest};
use serde_json::json;
use store::{Missing, SharedStore, StoreErrorKind};
use types::{BucketName, Context};

use super::cache::done;
use super::desk::Ended;
use super::mirror::{buckets, object};
use super::{Events, JobEvent};
use crate::config::{BucketSettings, Config};
use crate::failure::with_causes;
use crate::stores::{Assembled, EncryptingLayer, Stack};

/// Layers that encrypt, and the buckets that they are asked about.
struct Place {
    /// What the layers are around, for people.
    title: String,
    stack: Arc<Stack>,
    /// The store with those layers.
    port: SharedStore,
    /// Buckets by the names that they have there.
    buckets: Vec<BucketName>,
}

/// The bucket that a request names; `None` for all.
///
/// # Errors
/// Where what is named is no bucket's name.
pub(super) fn bucket(request: &JobRequest) -> Result<Option<BucketName>, JobRefused> {
    let Some(name) = request.arguments.get("bucket") else { return Ok(None) };
    let wrong = |error| JobRefused::Wrong(format!("\"{name}\" is not a bucket name: {error}"));
    BucketName::new(name).map(Some).map_err(wrong)
}

/// Reads the keyrings again, and wraps the epoch keys of buckets with the primary key.
pub(super) async fn rewrap(
    stores: Assembled,
    bucket: Option<BucketName>,
    events: Events,
) -> Result<(), Ended> {
    let layers = stores.encrypting();
    for layer in &layers {
        layer.keys.reload().map_err(|failure| failure.to_string())?;
    }
    let places = match &bucket {
        Some(bucket) => places_of(&stores, bucket),
        None => all_places(&stores).await?,
    };
    if places.is_empty() {
        let what = bucket.as_ref().map_or("no bucket".to_owned(), |bucket| format!("bucket \"{bucket}\""));
        let verb = if layers.is_empty() || what != "no bucket" { "is not encrypted" } else { "is encrypted" };
        return Err(Ended::Failed(format!("{what} {verb}")));
    }
    let (mut sum, mut failed) = (RewrapReport::default(), 0);
    for place in &places {
        failed += rewrap_place(place, &mut sum, &events).await?;
    }
    let rest = match (failed, &bucket) {
        (0, None) => "older keys of the keyring are not needed any more".to_owned(),
        (0, Some(_)) => "other buckets may still need the older keys: see to them with --all".to_owned(),
        (failed, _) => format!("{failed} buckets are not done: keep the older keys"),
    };
    let text = format!("{} of {} bucket keys were wrapped anew: {rest}", sum.rewrapped, sum.epochs);
    let details = json!({
        "epochs": sum.epochs, "rewrapped": sum.rewrapped, "versions_removed": sum.versions_removed, "failed": failed,
    });
    done(&events, text, failed, details).await
}

/// Adds what it came to; how many buckets are not done.
async fn rewrap_place(place: &Place, sum: &mut RewrapReport, events: &Events) -> Result<u64, Ended> {
    let mut failed = 0;
    for name in &place.buckets {
        for layer in &place.stack.crypts {
            let Some(report) = rewrap_bucket(layer, place, name, events).await? else {
                failed += 1;
                continue;
            };
            sum.epochs += report.epochs;
            sum.rewrapped += report.rewrapped;
            sum.versions_removed += report.versions_removed;
            failed += u64::from(!report.closed.is_empty());
        }
    }
    Ok(failed)
}

/// `None` where it failed, which has been told; so have keys of the bucket that could not be opened.
async fn rewrap_bucket(
    layer: &EncryptingLayer,
    place: &Place,
    name: &BucketName,
    events: &Events,
) -> Result<Option<RewrapReport>, Ended> {
    let cx = Context::background();
    let title = format!("{} of {}", name, place.title);
    let told = |event: RewrapEvent| match event {
        RewrapEvent::Begun { total, .. } => drop(events.progress(0, Some(total), 0)),
        RewrapEvent::Epoch { done, total, .. } => drop(events.progress(done, Some(total), 0)),
    };
    let done = async {
        let bucket = place.port.bucket(&cx, name).await?;
        let mut told = told;
        layer.crypt.rewrap(&cx, &bucket, &mut told).await
    };
    match done.await {
        Ok(report) => {
            if report.epochs > 0 {
                let text =
                    format!("bucket {title}: {} of {} keys wrapped anew", report.rewrapped, report.epochs);
                events.tell(JobEvent::Begun { text, total: Some(report.epochs) }).await?;
            }
            for closed in &report.closed {
                events.tell(finding(&title, name, closed)).await?;
            }
            Ok(Some(report))
        }
        // It went while the list was walked.
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
            Ok(Some(RewrapReport::default()))
        }
        Err(error) => {
            let text = format!("bucket {title}: {}", with_causes(&error));
            let details = object(json!({ "bucket": name.as_str(), "error": with_causes(&error) }));
            events.tell(JobEvent::Finding { text, details }).await?;
            Ok(None)
        }
    }
}

/// Tells of an epoch key that could not be opened.
fn finding(title: &str, bucket: &BucketName, closed: &ClosedEpoch) -> JobEvent {
    let wrapped = closed.key_id.as_ref().map_or(String::new(), |id| format!(", wrapped with key \"{id}\","));
    let why = match closed.why {
        Closed::KeyGone => "cannot be opened: that key is missing, was destroyed or may not be used",
        Closed::Damaged => "is damaged, or was wrapped with another key of that id",
    };
    let text = format!("bucket {title}: {}{wrapped} {why}", closed.key);
    let details = json!({ "bucket": bucket.as_str(), "epoch": closed.key, "key_id": closed.key_id });
    JobEvent::Finding { text, details: object(details) }
}

/// Every layer that encrypts, with all the buckets that it has.
async fn all_places(stores: &Assembled) -> Result<Vec<Place>, Ended> {
    let mut places = Vec::new();
    for store in stores.opened.iter().filter(|store| !store.stack.crypts.is_empty()) {
        let (title, stack, port) = (format!("store {}", store.name), store.stack.clone(), store.port());
        places.push(Place { title, stack, buckets: buckets(&port).await?, port });
    }
    for layered in stores.buckets.iter().filter(|bucket| !bucket.stack.crypts.is_empty()) {
        let names = match &layered.name {
            Some(name) => vec![remote_of(&stores.config, name)],
            None => others(stores).await?,
        };
        let title = format!("store {}", layered.store);
        places.push(Place {
            title,
            stack: layered.stack.clone(),
            port: layered.port.clone(),
            buckets: names,
        });
    }
    Ok(places)
}

/// The buckets that the configuration does not name.
async fn others(stores: &Assembled) -> Result<Vec<BucketName>, Ended> {
    let is_named =
        |name: &BucketName| stores.config.buckets.iter().any(|bucket| bucket.name.as_ref() == Some(name));
    Ok(buckets(&stores.port).await?.into_iter().filter(|name| !is_named(name)).collect())
}

fn settings_of<'a>(config: &'a Config, name: &BucketName) -> &'a BucketSettings {
    let named = config.buckets.iter().find(|bucket| bucket.name.as_ref() == Some(name));
    named.unwrap_or(&config.other_buckets)
}

fn remote_of(config: &Config, name: &BucketName) -> BucketName {
    settings_of(config, name).remote.clone().unwrap_or_else(|| name.clone())
}

/// The layers that encrypt a bucket, from its own down to those of the targets that hold it.
fn places_of(stores: &Assembled, name: &BucketName) -> Vec<Place> {
    let settings = settings_of(&stores.config, name);
    let remote = remote_of(&stores.config, name);
    let mut places = Vec::new();
    let own = stores.buckets.iter().find(|layered| layered.name == settings.name);
    if let Some(own) = own.filter(|own| !own.stack.crypts.is_empty()) {
        let (title, stack) = (format!("store {}", own.store), own.stack.clone());
        places.push(Place { title, stack, port: own.port.clone(), buckets: vec![remote.clone()] });
    }
    places_below(stores, &settings.store, &remote, &mut places);
    places
}

fn places_below(stores: &Assembled, store: &str, name: &BucketName, places: &mut Vec<Place>) {
    let opened = stores.opened.iter().find(|opened| opened.name == store);
    let Some(opened) = opened else { return };
    if !opened.stack.crypts.is_empty() {
        let (title, stack) = (format!("store {store}"), opened.stack.clone());
        places.push(Place { title, stack, port: opened.port(), buckets: vec![name.clone()] });
    }
    let settings = stores.config.stores.iter().find(|settings| settings.name == store);
    for target in settings.map_or(&[][..], |settings| settings.kind.targets()) {
        places_below(stores, &target.store, target.remote.as_ref().unwrap_or(name), places);
    }
}
