use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{PutOptions, StoreErrorKind};
use types::{Body, CanonicalId, Ceiling, Context, ObjectKey, Owner, Random, TagSet};

use super::*;
use crate::StoreOperation;

struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// A store that lists nothing; why.
struct Unlisted(fn() -> StoreErrorKind);

impl Hook for Unlisted {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        match call.operation {
            StoreOperation::List => Err(StoreError::with_source((self.0)(), "list", "by its own account")),
            _ => run(sent).await,
        }
    }
}

async fn put_refused(why: fn() -> StoreErrorKind) -> StoreError {
    let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
    let native = NativeStore::new(Arc::new(meta), Arc::new(blobs), NativeOptions::new(Arc::new(Zeros)));
    let unlisted = Hooked::shared(Arc::new(native), Arc::new(Unlisted(why)));
    let options = QuotaOptions { bytes: Some(1), objects: None };
    let store = Quota::new(options).unwrap().wrap(unlisted);
    let (cx, name) = (Context::background(), BucketName::new("bucket").unwrap());
    let owner = Owner { id: CanonicalId::from_text("00"), display_name: "o".into() };
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    let (key, body) = (ObjectKey::new("k").unwrap(), Body::from_bytes(vec![7].into()));
    store.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap_err()
}

#[tokio::test]
async fn a_write_is_told_why_its_bucket_cannot_be_counted() {
    let denied = put_refused(|| StoreErrorKind::Denied).await;
    assert!(matches!(denied.kind, StoreErrorKind::Denied), "{denied}");
    let unsupported = put_refused(|| StoreErrorKind::Unsupported("no listings")).await;
    assert!(matches!(unsupported.kind, StoreErrorKind::Unsupported("no listings")), "{unsupported}");
    for why in [|| StoreErrorKind::Internal, || StoreErrorKind::Unavailable] {
        let passing = put_refused(why).await;
        assert!(matches!(passing.kind, StoreErrorKind::Unavailable), "{passing}");
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(&passing);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        assert_eq!(causes.len(), 2, "{causes:?}");
        assert_eq!(causes[1], "by its own account");
    }
}
