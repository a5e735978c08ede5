use std::sync::Arc;

use store::{CopyPartOptions, CopySource, PartOptions, PartOutcome, StoreError, UploadRef};
use types::{ByteRange, Context};

use super::find::{Found, no_upload};
use crate::core::Core;
use crate::locks::LockName;
use crate::write::{Call, Fan, Source, to_its_end};

const OPERATION: &str = "copy part";

impl Core {
    /// Stores a range of an object as a part: a target that has the object copies it itself, any other gets the bytes from
    /// one that has.
    pub(crate) async fn copy_part(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let found = self.find_upload(upload).await?;
        let source = Arc::new(self.source(source).await?);
        let (core, cx) = (self.clone(), cx.clone());
        to_its_end(OPERATION, |wanted| async move {
            let _upload = core.locks.shared(LockName::Upload(found.number)).await;
            let _part = core.locks.alone(LockName::Part(found.number, number)).await;
            let places = found.places(&core);
            if places.len() < core.needed() {
                return Err(core.unmet(OPERATION));
            }
            wanted.still(OPERATION)?;
            let mut fan = Fan::new(core.clone());
            for place in places {
                fan.start(place, core.copying_part(place, (&found, number), &source, options));
            }
            fan.let_go(|place| core.running(place, &found.bucket, &[]));
            let replies = fan.collect(core.needed()).await;
            let whole = ByteRange::whole(source.size_bytes());
            let size_bytes = options.range.unwrap_or(whole).len();
            core.conclude_part(&cx, found, number, (size_bytes, replies)).await
        })
        .await
    }

    fn copying_part(
        self: &Arc<Self>,
        place: usize,
        (found, number): (&Found, u32),
        source: &Arc<Source>,
        options: CopyPartOptions,
    ) -> Call<PartOutcome> {
        let (core, source, key) = (self.clone(), source.clone(), found.key.clone());
        let target = self.targets[place].number;
        let id = found.record.targets.iter().find(|(known, _)| *known == target).map(|(_, id)| id.clone());
        self.call(place, &found.bucket, move |store, bucket| async move {
            let (id, cx) = (id.ok_or_else(no_upload)?, Context::background());
            let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
            if let Some((etag, version_id)) = source.at(&core, place) {
                let from = core.target_bucket(place, &source.bucket).await?;
                let source = CopySource { bucket: from.into(), key: source.key.clone(), version_id, etag };
                return store.copy_part(&cx, &source, upload, number, options).await;
            }
            let _passage = core.budget.passage().await;
            let from = source.record.to_bucket(&source.bucket);
            let (_, opened) = core.open_version(&from, &source.key, &source.version).await?;
            let range = options.range.unwrap_or_else(|| ByteRange::whole(source.size_bytes()));
            let body = opened.content.read(range).await?;
            store.put_part(&cx, upload, number, body, PartOptions::default()).await
        })
    }
}
