use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use store::{Bucket, Content, StoreError};
use types::{Body, BucketName, ByteRange, Context, ObjectKey};

use super::{Call, Hook, StoreOperation};

/// The bytes of an open object; each read is a call of its own.
pub(super) struct HookedContent<H> {
    hook: Arc<H>,
    inner: Box<dyn Content>,
    cx: Context,
    bucket: BucketName,
    key: ObjectKey,
    was_read: AtomicBool,
}

impl<H: Hook> HookedContent<H> {
    pub(super) fn new(
        hook: &Arc<H>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        inner: Box<dyn Content>,
    ) -> Self {
        Self {
            inner: hook.content(inner),
            hook: hook.clone(),
            cx: cx.clone(),
            bucket: bucket.name.clone(),
            key: key.clone(),
            was_read: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl<H: Hook> Content for HookedContent<H> {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let looking = Call::looking(StoreOperation::Read, &self.cx, Some(&self.bucket), Some(&self.key));
        let call = Call { is_first_read: !self.was_read.swap(true, Ordering::Relaxed), ..looking };
        self.hook.around(&call, (), |()| self.inner.read(range)).await
    }
}
