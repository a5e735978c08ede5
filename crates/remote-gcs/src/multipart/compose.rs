//! Objects made of objects. Source: "Objects: compose" of the JSON API.

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde_json::{Value, json};
use store::{StoreError, UploadId};
use types::Context;

use super::staging::prefix_of;
use crate::api::{Asked, Query, object_path, settled};
use crate::found::{FIELDS, Found, NOT_AN_OBJECT, Resource};
use crate::guard::Guard;
use crate::store::GcsStore;

/// The most sources of one composition.
const SOURCES_MAX: usize = 32;
/// How many compositions run at once.
const AT_ONCE: usize = 8;
const COMPOSE: &str = "compose the parts of an upload";

impl GcsStore {
    /// Composes objects, at most [`SOURCES_MAX`], into one.
    pub(crate) async fn compose(
        &self,
        cx: &Context,
        (bucket, name): (&str, &str),
        sources: &[String],
        resource: &Value,
        guard: Guard,
    ) -> Asked<Found> {
        let sources: Vec<Value> = sources.iter().map(|name| json!({ "name": name })).collect();
        let document = json!({ "sourceObjects": sources, "destination": resource });
        let path = format!("{}/compose", object_path(bucket, name));
        let query = guard.apply(Query::new().with("fields", FIELDS));
        let request = self.api.with_json(Method::POST, &path, &query, &document)?;
        Ok(match self.api.ask_json::<Resource>(cx, request).await? {
            Ok(resource) => {
                let malformed = remote::RemoteErrorKind::Malformed(NOT_AN_OBJECT);
                Ok(Found::from_resource(resource).ok_or(malformed)?)
            }
            Err(refusal) => Err(refusal),
        })
    }

    /// Composes waiting objects, level by level, until few enough are left for the last composition. The names between are
    /// the upload's own, the same for every attempt.
    pub(super) async fn compose_down(
        &self,
        cx: &Context,
        bucket: &str,
        id: &UploadId,
        sources: Vec<String>,
    ) -> Result<Vec<String>, StoreError> {
        let mut names = sources;
        let mut level = 0;
        while names.len() > SOURCES_MAX {
            let resource = json!({ "contentType": crate::found::NO_TYPE });
            let groups: Vec<Vec<String>> = names.chunks(SOURCES_MAX).map(<[String]>::to_vec).collect();
            let composed = groups.into_iter().enumerate().map(|(place, group)| {
                let (name, resource) =
                    (format!("{}level-{level}-{place:05}", prefix_of(id)), resource.clone());
                let composed = async move {
                    let asked = self.compose(cx, (bucket, &name), &group, &resource, Guard::default()).await;
                    settled(asked, COMPOSE).map(|_| name)
                };
                // Boxed, so that the compiler need not tell the lifetimes of many futures apart.
                composed.boxed()
            });
            let composed: Vec<BoxFuture<'_, _>> = composed.collect();
            names = stream::iter(composed).buffered(AT_ONCE).try_collect().await?;
            level += 1;
        }
        Ok(names)
    }
}
