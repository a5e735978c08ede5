//! A layer over a store whose calls can be held up and made to fail.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::Bytes;
use crypt::Crypt;
use meta::MemoryMeta;
use store::{Bucket, Layer, ListEntry, ListObjects, PutOptions, PutOutcome, SharedStore, StoreError};
use tokio::sync::oneshot;
use types::{Body, BodyError, BodyStream, BucketName, CanonicalId, Context, Frame, ObjectKey, Owner, TagSet};

use super::between::Between;
use super::desk::{key, read};
use super::{Counting, Layered, Setup};

/// A layer over a store whose calls can be held up.
pub(crate) struct Beside {
    pub(crate) setup: Setup,
    pub(crate) layer: Crypt,
    pub(crate) between: Arc<Between>,
    pub(crate) store: SharedStore,
    pub(crate) bucket: Bucket,
    pub(crate) cx: Context,
}

impl Beside {
    pub(crate) async fn new(setup: Setup) -> Self {
        Self::over(setup, Between::new(Layered::new(Vec::new()).inner())).await
    }

    pub(crate) async fn over(setup: Setup, between: Between) -> Self {
        let between = Arc::new(between);
        let layer = setup.layer(MemoryMeta::default(), Counting::new(3));
        let store = layer.wrap(between.clone());
        let cx = Context::background();
        let bucket = create_bucket(&store, &cx, "bucket").await;
        Self { setup, layer, between, store, bucket, cx }
    }

    pub(crate) async fn put_body(&self, name: &str, body: Body) -> Result<PutOutcome, StoreError> {
        self.store.put(&self.cx, &self.bucket, &key(name), body, PutOptions::default()).await
    }

    pub(crate) async fn put(&self, name: &str) -> Result<PutOutcome, StoreError> {
        self.put_body(name, Body::from_bytes("x".into())).await
    }

    /// The bucket has its keys, and no object.
    pub(crate) async fn emptied(self) -> Self {
        self.put("k").await.unwrap();
        self.store.delete(&self.cx, &self.bucket, &key("k"), Default::default()).await.unwrap();
        self
    }

    /// The keys of the layer's own, as the store beneath has them.
    pub(crate) async fn own_keys(&self) -> Vec<ObjectKey> {
        let options = ListObjects { prefix: ".sluice/".into(), limit: 1000, ..ListObjects::default() };
        let page = self.between.inner.list(&self.cx, &self.bucket, options).await.unwrap();
        let key = |entry| match entry {
            ListEntry::Object(object) => object.key,
            ListEntry::Prefix(prefix) => panic!("nothing was to be folded: {prefix}"),
        };
        page.entries.into_iter().map(key).collect()
    }

    /// Reads as another process does, that knows nothing but the keyring.
    pub(crate) async fn read_elsewhere(&self, name: &str) -> Result<Bytes, StoreError> {
        let fresh = self.setup.layer(MemoryMeta::default(), Counting::new(4)).wrap(self.between.clone());
        read(&fresh, &self.cx, &self.bucket, name).await.map(|(_, bytes)| bytes)
    }
}

/// A body that ends when it is told to.
pub(crate) struct Slow(Option<Bytes>, oneshot::Receiver<()>);

impl Slow {
    pub(crate) fn body() -> (Body, oneshot::Sender<()>) {
        let (end, ended) = oneshot::channel();
        (Body::new(Self(Some("x".into()), ended), Some(1)), end)
    }
}

impl BodyStream for Slow {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        if let Some(bytes) = self.0.take() {
            return Poll::Ready(Some(Ok(Frame::Data(bytes))));
        }
        let _ = ready!(Pin::new(&mut self.1).poll(cx));
        Poll::Ready(None)
    }
}

pub(crate) async fn create_bucket(store: &SharedStore, cx: &Context, name: &str) -> Bucket {
    let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "alice".into() };
    let name = BucketName::new(name).unwrap();
    store.create_bucket(cx, &name, &owner, &TagSet::default()).await.unwrap()
}
