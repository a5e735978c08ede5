use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{
    Bucket, ListParts, Missing, ObjectInfo, ObjectParts, OpenOptions, Opened, StoreError, StoreErrorKind,
};
use types::{Context, ObjectKey};

use super::content::PinnedContent;
use super::find::is_same;
use super::pin::{Candidate, Pin, diverged};
use super::race::{ANSWER_PATIENCE, race};
use crate::core::Core;
use crate::journal::Version;

/// How often the journal is looked at anew where targets have something else than it said: because a write came between.
const LOOKS_MAX: usize = 4;

/// What a read is of.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) cx: &'a Context,
    pub(super) bucket: &'a Bucket,
    pub(super) key: &'a ObjectKey,
    pub(super) options: &'a OpenOptions,
}

type Answer<'a, T> = Pinned<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl Core {
    /// As [`store::ObjectStore::open`].
    pub(crate) async fn open_object(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let wanted = Wanted { cx, bucket, key, options: &options };
        let ask = |candidate| -> Answer<'_, Opened> { Box::pin(self.open_at(wanted, candidate)) };
        let (mut pin, place, opened) = self.ask_holders("open an object", wanted, |it| &it.info, ask).await?;
        pin.fix(&opened.info);
        let info = pin.shown(opened.info, bucket.versioning);
        let content = PinnedContent::new(self.clone(), wanted, pin, (place, opened.content));
        Ok(Opened { info, content: Box::new(content) })
    }

    /// As [`store::ObjectStore::head`].
    pub(crate) async fn head_object(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        let wanted = Wanted { cx, bucket, key, options: &options };
        let ask = |candidate| -> Answer<'_, ObjectInfo> { Box::pin(self.head_at(wanted, candidate)) };
        let (pin, _, info) = self.ask_holders("look at an object", wanted, |info| info, ask).await?;
        Ok(pin.shown(info, bucket.versioning))
    }

    /// As [`store::ObjectStore::parts`].
    pub(crate) async fn parts_of_object(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let wanted = Wanted { cx, bucket, key, options: &options };
        // The head comes after the parts: where it is what the journal said before, the parts were of that too.
        let ask = |candidate: Candidate| -> Answer<'_, (ObjectParts, ObjectInfo)> {
            Box::pin(async move {
                let at = self.target_bucket(candidate.place, &bucket.name).await?;
                let options = at_target(wanted.options, &candidate);
                let store = &self.targets[candidate.place].store;
                let parts = store.parts(cx, &at, key, options, page).await?;
                Ok((parts, self.head_at(wanted, candidate).await?))
            })
        };
        let (_, _, (parts, _)) =
            self.ask_holders("list an object's parts", wanted, |(_, info)| info, ask).await?;
        Ok(parts)
    }

    /// Opens a version that the journal knows at a target that has it, without waiting for anybody's turn at the key. Its
    /// body goes on at another target as any other does.
    ///
    /// # Errors
    /// `Corrupt` where the targets have something else; `Missing(Version)` for a delete marker; that of the targets.
    pub(crate) async fn open_version(
        self: &Arc<Self>,
        bucket: &Bucket,
        key: &ObjectKey,
        version: &Version,
    ) -> Result<(usize, Opened), StoreError> {
        const OPERATION: &str = "open a version";
        let facts = version.facts().ok_or_else(|| StoreError::missing(Missing::Version, OPERATION))?;
        let pin = self.pin(bucket, version.clone(), facts.clone());
        let (cx, options) = (Context::background(), OpenOptions::default());
        let wanted = Wanted { cx: &cx, bucket, key, options: &options };
        let order: Vec<usize> = pin.candidates.iter().map(|candidate| candidate.place).collect();
        let (place, opened) = race(&self.health, &order, ANSWER_PATIENCE, |place| {
            let candidate = pin.candidates.iter().find(|it| it.place == place).cloned();
            let (candidate, pin) = (candidate.expect("the order is of the candidates"), pin.clone());
            Box::pin(async move {
                let opened = self.open_at(wanted, candidate.clone()).await;
                self.checked(wanted, &pin, &candidate, opened, |opened| &opened.info)
            })
        })
        .await?;
        let opened = opened?;
        let content = PinnedContent::new(self.clone(), wanted, pin, (place, opened.content));
        Ok((place, Opened { info: opened.info, content: Box::new(content) }))
    }

    pub(super) async fn open_at(
        &self,
        wanted: Wanted<'_>,
        candidate: Candidate,
    ) -> Result<Opened, StoreError> {
        let at = self.target_bucket(candidate.place, &wanted.bucket.name).await?;
        let options = at_target(wanted.options, &candidate);
        self.targets[candidate.place].store.open(wanted.cx, &at, wanted.key, options).await
    }

    async fn head_at(&self, wanted: Wanted<'_>, candidate: Candidate) -> Result<ObjectInfo, StoreError> {
        let at = self.target_bucket(candidate.place, &wanted.bucket.name).await?;
        let options = at_target(wanted.options, &candidate);
        self.targets[candidate.place].store.head(wanted.cx, &at, wanted.key, options).await
    }

    /// Asks the targets that have what is wanted until one answers with it.
    ///
    /// A target that has something else, or nothing, was overtaken by a write or has diverged. The first shows when no
    /// write is under way any more: the journal then says something else, and that is asked for.
    async fn ask_holders<'a, T: Send + 'a>(
        self: &'a Arc<Self>,
        operation: &'static str,
        wanted: Wanted<'a>,
        info: impl Fn(&T) -> &ObjectInfo + Copy + Send + Sync + 'a,
        ask: impl Fn(Candidate) -> Answer<'a, T> + Copy + Send + Sync + 'a,
    ) -> Result<(Pin, usize, T), StoreError> {
        let Wanted { bucket, key, options, .. } = wanted;
        let patience = self.hedge.unwrap_or(ANSWER_PATIENCE);
        let mut pin = self.find(bucket, key, options.version_id.as_ref(), operation).await?;
        for look in 1.. {
            let order: Vec<usize> = (0..pin.candidates.len()).map(|it| pin.candidates[it].place).collect();
            let other = Arc::new(AtomicBool::new(false));
            let outcome = race(&self.health, &order, patience, |place| {
                let candidate = pin.candidates.iter().find(|it| it.place == place).cloned();
                let candidate = candidate.expect("the order is of the candidates");
                let (pin, other) = (pin.clone(), other.clone());
                Box::pin(async move {
                    let answer = ask(candidate.clone()).await;
                    let answer = self.checked(wanted, &pin, &candidate, answer, info);
                    if answer.as_ref().is_err_and(|error| matches!(error.kind, StoreErrorKind::Corrupt)) {
                        other.store(true, Ordering::Relaxed);
                    }
                    answer
                })
            });
            let error = match outcome.await {
                Ok((place, answer)) => return answer.map(|answer| (pin, place, answer)),
                Err(error) if !other.load(Ordering::Relaxed) || look >= LOOKS_MAX => return Err(error),
                Err(error) => error,
            };
            self.wait(&bucket.name, key).await;
            let again = self.find(bucket, key, options.version_id.as_ref(), operation).await?;
            if is_same(&pin, &again) && look > 1 {
                return Err(error);
            }
            pin = again;
        }
        Err(diverged())
    }

    /// What a target answered, held against what it must have.
    fn checked<T>(
        &self,
        wanted: Wanted<'_>,
        pin: &Pin,
        candidate: &Candidate,
        answer: Result<T, StoreError>,
        info: impl Fn(&T) -> &ObjectInfo,
    ) -> Result<T, StoreError> {
        match answer {
            Ok(answer) => pin.check(candidate, info(&answer)).map(|()| answer),
            Err(error) => {
                let no_bucket = matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket));
                if no_bucket {
                    self.forget_target_bucket(candidate.place, &wanted.bucket.name);
                }
                let nothing = matches!(
                    error.kind,
                    StoreErrorKind::Missing(Missing::Key | Missing::Version)
                        | StoreErrorKind::DeleteMarker { .. }
                );
                if no_bucket || nothing && pin.known.is_some() { Err(diverged()) } else { Err(error) }
            }
        }
    }
}

/// The options as the target is asked.
pub(super) fn at_target(options: &OpenOptions, candidate: &Candidate) -> OpenOptions {
    OpenOptions { version_id: candidate.version_id.clone(), ..options.clone() }
}
