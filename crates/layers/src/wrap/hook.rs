use store::{
    Bucket, BucketPage, Content, DeleteOutcome, ListPage, ObjectInfo, ObjectParts, Opened, PartOutcome,
    PartsPage, PutOutcome, StoreError, UploadId, UploadPage, VersionPage,
};
use types::{Body, VersionId};

use super::{Call, KeySpace};

/// What a layer does. [`super::Hooked`] takes every call of the port through it, so no path goes by.
pub(crate) trait Hook: Send + Sync + 'static {
    /// Whether it may run a call more than once; what is sent with calls is then kept for another time.
    const REPEATS: bool = false;
    /// Whether it looks at what a call of many deletes names.
    const NEEDS_TARGETS: bool = false;

    /// Runs a call, or does not. Bodies that come in are in `sent`, bodies that go out in the answer.
    fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        run: impl FnMut(S) -> F + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;

    /// The part of each bucket's keys that is shown.
    fn space(&self) -> KeySpace<'_> {
        KeySpace::whole()
    }

    /// The content of an open object, before its reads are taken through [`Hook::around`].
    fn content(&self, content: Box<dyn Content>) -> Box<dyn Content> {
        content
    }
}

/// What is sent with a call: a body or nothing.
pub(crate) trait Sent: Sized + Send {
    /// The same with the body wrapped.
    fn with_body(self, wrap: impl FnOnce(Body) -> Body) -> Self;
    /// The same for another time, which a body cannot be.
    fn again(&self) -> Option<Self>;
}

impl Sent for () {
    fn with_body(self, _: impl FnOnce(Body) -> Body) -> Self {}

    fn again(&self) -> Option<Self> {
        Some(())
    }
}

impl Sent for Body {
    fn with_body(self, wrap: impl FnOnce(Body) -> Body) -> Self {
        wrap(self)
    }

    fn again(&self) -> Option<Self> {
        None
    }
}

/// What a call gives back.
pub(crate) trait Answer: Sized + Send {
    /// The same with the body wrapped, where it is one.
    fn with_body(self, _: impl FnOnce(Body) -> Body) -> Self {
        self
    }

    /// The object that was made, where one was.
    fn made(&self) -> Option<&PutOutcome> {
        None
    }

    /// What became of each of many deletes.
    fn each(&self) -> &[Result<DeleteOutcome, StoreError>] {
        &[]
    }

    /// The upload that was begun, where one was.
    fn begun(&self) -> Option<&UploadId> {
        None
    }
}

impl Answer for Body {
    fn with_body(self, wrap: impl FnOnce(Body) -> Body) -> Self {
        wrap(self)
    }
}

impl Answer for PutOutcome {
    fn made(&self) -> Option<&PutOutcome> {
        Some(self)
    }
}

impl Answer for Vec<Result<DeleteOutcome, StoreError>> {
    fn each(&self) -> &[Result<DeleteOutcome, StoreError>] {
        self
    }
}

impl Answer for UploadId {
    fn begun(&self) -> Option<&UploadId> {
        Some(self)
    }
}

impl Answer for () {}
impl Answer for Bucket {}
impl Answer for BucketPage {}
impl Answer for Opened {}
impl Answer for ObjectInfo {}
impl Answer for ObjectParts {}
impl Answer for DeleteOutcome {}
impl Answer for Option<VersionId> {}
impl Answer for ListPage {}
impl Answer for VersionPage {}
impl Answer for PartOutcome {}
impl Answer for UploadPage {}
impl Answer for PartsPage {}
