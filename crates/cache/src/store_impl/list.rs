use std::sync::Arc;

use store::{Bucket, ListObjects, ListPage, ListVersions, StoreError, StoreErrorKind, VersionPage};
use types::{CacheStatus, Context};

use super::head::came_down;
use super::{View, detached};
use crate::error::Shared;
use crate::flight::Joined;
use crate::listing::{Listed, Page, PageName};

/// Which page is asked for.
#[derive(Clone)]
enum Asked {
    Objects(ListObjects),
    Versions(ListVersions),
}

impl View {
    /// One page of current objects.
    pub(super) async fn list_objects(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let name = PageName::of_objects(self.bucket_id(&bucket.name), bucket, &options);
        match self.page(cx, bucket, name, Asked::Objects(options)).await? {
            Page::Objects(page) => Ok(Arc::unwrap_or_clone(page)),
            Page::Versions(_) => Err(mixed_up()),
        }
    }

    /// One page of versions.
    pub(super) async fn list_object_versions(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let name = PageName::of_versions(self.bucket_id(&bucket.name), bucket, &options);
        match self.page(cx, bucket, name, Asked::Versions(options)).await? {
            Page::Versions(page) => Ok(Arc::unwrap_or_clone(page)),
            Page::Objects(_) => Err(mixed_up()),
        }
    }

    async fn page(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        name: PageName,
        asked: Asked,
    ) -> Result<Page, StoreError> {
        if !self.belief.keeps_listings() {
            let listed = self.ask_page(cx, bucket, &name, asked).await;
            self.note(cx, CacheStatus::Bypass);
            return listed.map(|listed| listed.page);
        }
        let known = self.core.listings.get(&name);
        if let Some(known) = known.as_ref().filter(|known| self.belief.in_listing(known.seen_at, self.now()))
        {
            self.note_aged(cx, CacheStatus::Hit, known.seen_at);
            return Ok(known.page.clone());
        }
        let asking = async {
            match self.belief.shares_listings() {
                true => self.ask_page_once(cx, bucket, name, asked).await,
                false => self.ask_page(cx, bucket, &name, asked).await,
            }
        };
        let listed = self.unless_silent(known.is_some(), asking).await;
        match (listed, known) {
            (Ok(listed), _) => {
                self.note(cx, CacheStatus::Miss);
                Ok(listed.page)
            }
            (Err(error), Some(known)) if self.is_away(&error) => {
                self.note_aged(cx, CacheStatus::Stale, known.seen_at);
                Ok(known.page)
            }
            (Err(error), _) => {
                self.note(cx, CacheStatus::Miss);
                Err(error)
            }
        }
    }

    /// Asks for a page, or waits for who does: one request for a page is in flight at a time.
    async fn ask_page_once(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        name: PageName,
        asked: Asked,
    ) -> Result<Listed, StoreError> {
        let (belief, changes, now) = (self.belief, self.core.changes.clone(), self.now());
        let moment = changes.moment(name.bucket_id);
        let joined = self.core.listings.flights.join(
            name.id,
            (
                |flight| {
                    changes.is_same(flight.moment, moment) && belief.shares_listing(flight.began_at, now)
                },
                || false,
            ),
            (now, moment),
            || {
                let (view, cx, bucket) = (self.clone(), detached(cx), bucket.clone());
                let (name, asked) = (name.clone(), asked.clone());
                async move { view.ask_page(&cx, &bucket, &name, asked).await.map_err(Shared::from) }
            },
        );
        match joined {
            Joined::Begun(flight) => {
                let outcome = flight.outcome().await.unwrap_or_else(|| Err(came_down()));
                outcome.map_err(|error| error.store_error())
            }
            Joined::Waiting(flight) => {
                self.core.stats.joined.add(1);
                match flight.outcome_soon().await {
                    Some(Ok(listed)) => Ok(listed),
                    Some(Err(_)) | None => self.ask_page(cx, bucket, &name, asked).await,
                }
            }
            Joined::Crowded | Joined::Overtaken => self.ask_page(cx, bucket, &name, asked).await,
        }
    }

    async fn ask_page(
        &self,
        cx: &Context,
        bucket: &Bucket,
        name: &PageName,
        asked: Asked,
    ) -> Result<Listed, StoreError> {
        let (seen_at, moment) = (self.now(), self.core.changes.moment(name.bucket_id));
        let page = match asked {
            Asked::Objects(options) => Page::Objects(self.inner.list(cx, bucket, options).await?.into()),
            Asked::Versions(options) => {
                Page::Versions(self.inner.list_versions(cx, bucket, options).await?.into())
            }
        };
        let listed = Listed { page, seen_at };
        if self.belief.keeps_listings() {
            let holds = || self.core.changes.holds(moment);
            self.core.listings.put(name.clone(), listed.clone(), holds);
        }
        Ok(listed)
    }
}

fn mixed_up() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "list objects")
}
