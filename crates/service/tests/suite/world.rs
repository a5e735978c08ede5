use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blob::MemoryBlobs;
use bytes::Bytes;
use iam::Principal;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use s3_model::{
    BodyDigests, CreateBucketInput, ErrorCode, GetObjectInput, Input, ObjectHead, Operation, Output,
    PutBucketVersioningInput, PutObjectInput, PutObjectOutput, S3Error, VersioningStatus, WriteCondition,
};
use service::{CopySource, Service, ServiceSettings, Target};
use types::{
    Body, BucketName, Ceiling, Clock, Context, ObjectKey, ObjectMetadata, Random, Timestamp, VersionId,
};

use crate::scripted::Scripted;

/// When a world's clock starts, in seconds.
pub const START_SECS: u64 = 1_000_000;

/// The smallest part but the last, in a world: small enough to send in a test.
pub const PART_MIN_BYTES: u64 = 5;

/// A clock that moves one second each time it is asked.
#[derive(Debug)]
struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Chance that repeats: SplitMix64.
#[derive(Debug)]
struct Repeating(AtomicU64);

impl Random for Repeating {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A service over a fresh store in memory, with a bucket of alice's named `alices`.
pub struct World {
    pub service: Service,
    pub store: Arc<Scripted>,
    pub alice: Arc<Principal>,
    pub bob: Arc<Principal>,
    pub root: Arc<Principal>,
    pub anonymous: Arc<Principal>,
    pub cx: Context,
}

pub const BUCKET: &str = "alices";

impl World {
    pub async fn new() -> Self {
        Self::with(ServiceSettings::default()).await
    }

    pub async fn with(settings: ServiceSettings) -> Self {
        let options = NativeOptions {
            part_min_bytes: PART_MIN_BYTES,
            clock: Arc::new(TickingClock(AtomicU64::new(START_SECS))),
            ..NativeOptions::new(Arc::new(Repeating(AtomicU64::new(7))))
        };
        let meta = Arc::new(MemoryMeta::new(Ceiling::unlimited()));
        let blobs = Arc::new(MemoryBlobs::new(Ceiling::unlimited()));
        let store = Arc::new(Scripted::new(Arc::new(NativeStore::new(meta, blobs, options))));
        let world = Self {
            service: Service::new(store.clone(), settings),
            store,
            alice: Arc::new(Principal::user("alice", None)),
            bob: Arc::new(Principal::user("bob", None)),
            root: Arc::new(Principal::root()),
            anonymous: Arc::new(Principal::Anonymous),
            cx: Context::background(),
        };
        world.create(&world.alice, BUCKET).await.unwrap();
        world
    }

    /// Admits and carries out a request.
    pub async fn ask(
        &self,
        who: &Arc<Principal>,
        target: Target,
        input: Input,
        body: Body,
    ) -> Result<Output, S3Error> {
        let admitted = self.service.admit(&self.cx, Arc::clone(who), target).await?;
        self.service.call(&self.cx, admitted, input, body).await
    }

    /// A request of alice's without a body.
    pub async fn call(&self, target: Target, input: Input) -> Result<Output, S3Error> {
        self.ask(&self.alice, target, input, Body::empty()).await
    }

    pub async fn create(&self, who: &Arc<Principal>, name: &str) -> Result<Output, S3Error> {
        let input = Input::CreateBucket(CreateBucketInput::default());
        self.ask(who, on_bucket(Operation::CreateBucket, name), input, Body::empty()).await
    }

    pub async fn versioning(&self, status: VersioningStatus) {
        let input = Input::PutBucketVersioning(PutBucketVersioningInput { status });
        self.call(in_bucket(Operation::PutBucketVersioning), input).await.unwrap();
    }

    pub async fn put(&self, key: &str, bytes: &str) -> PutObjectOutput {
        self.try_put(key, bytes, WriteCondition::Always).await.unwrap()
    }

    pub async fn try_put(
        &self,
        key: &str,
        bytes: &str,
        condition: WriteCondition,
    ) -> Result<PutObjectOutput, S3Error> {
        self.put_as(&self.alice, key, bytes, PutObjectInput { condition, ..put_input(bytes) }).await
    }

    pub async fn put_with(&self, key: &str, bytes: &str, metadata: ObjectMetadata) -> PutObjectOutput {
        let input = PutObjectInput { metadata, ..put_input(bytes) };
        self.put_as(&self.alice, key, bytes, input).await.unwrap()
    }

    pub async fn put_as(
        &self,
        who: &Arc<Principal>,
        key: &str,
        bytes: &str,
        input: PutObjectInput,
    ) -> Result<PutObjectOutput, S3Error> {
        let target = on_object(Operation::PutObject, key);
        match self.ask(who, target, Input::PutObject(Box::new(input)), body(bytes)).await? {
            Output::PutObject(output) => Ok(output),
            other => panic!("{other:?}"),
        }
    }

    pub async fn get(&self, key: &str, input: GetObjectInput) -> Result<(ObjectHead, String), S3Error> {
        self.get_as(&self.alice, key, input).await
    }

    pub async fn get_as(
        &self,
        who: &Arc<Principal>,
        key: &str,
        input: GetObjectInput,
    ) -> Result<(ObjectHead, String), S3Error> {
        let mut target = on_object(Operation::GetObject, key);
        target.version_id.clone_from(&input.version_id);
        match self.ask(who, target, Input::GetObject(Box::new(input)), Body::empty()).await? {
            Output::GetObject(output) => {
                let bytes = output.body.collect(1 << 20).await.unwrap();
                assert_eq!(output.head.content_length(), bytes.len() as u64);
                Ok((output.head, String::from_utf8(bytes.to_vec()).unwrap()))
            }
            other => panic!("{other:?}"),
        }
    }

    pub async fn head(&self, key: &str, input: GetObjectInput) -> Result<ObjectHead, S3Error> {
        let mut target = on_object(Operation::HeadObject, key);
        target.version_id.clone_from(&input.version_id);
        match self.call(target, Input::HeadObject(Box::new(input))).await? {
            Output::HeadObject(output) => Ok(output.head),
            other => panic!("{other:?}"),
        }
    }

    /// The current bytes of a key, or the code of the refusal.
    pub async fn bytes(&self, key: &str) -> Result<String, ErrorCode> {
        let read = self.get(key, GetObjectInput::default()).await;
        read.map(|(_, bytes)| bytes).map_err(|error| error.code)
    }
}

pub fn name(text: &str) -> BucketName {
    BucketName::new(text).unwrap()
}

pub fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub fn body(bytes: &str) -> Body {
    Body::from_bytes(Bytes::copy_from_slice(bytes.as_bytes()))
}

/// An operation on alice's bucket.
pub fn in_bucket(operation: Operation) -> Target {
    on_bucket(operation, BUCKET)
}

pub fn on_bucket(operation: Operation, bucket: &str) -> Target {
    Target { bucket: Some(name(bucket)), ..Target::new(operation) }
}

/// An operation on a key of alice's bucket.
pub fn on_object(operation: Operation, text: &str) -> Target {
    Target { key: Some(key(text)), ..in_bucket(operation) }
}

/// A copy within alice's bucket.
pub fn copying(operation: Operation, from: &str, to: &str) -> Target {
    let copy_source = CopySource { bucket: name(BUCKET), key: key(from), version_id: None };
    Target { copy_source: Some(copy_source), ..on_object(operation, to) }
}

pub fn put_input(bytes: &str) -> PutObjectInput {
    PutObjectInput {
        content_length: bytes.len() as u64,
        metadata: ObjectMetadata::default(),
        digests: BodyDigests::default(),
        condition: WriteCondition::Always,
    }
}

pub fn version(version_id: &VersionId) -> GetObjectInput {
    GetObjectInput { version_id: Some(version_id.clone()), ..GetObjectInput::default() }
}

/// The value of one of an error's XML elements.
pub fn detail<'a>(error: &'a S3Error, name: &str) -> Option<&'a str> {
    error.details.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

/// The output of one operation.
macro_rules! expect {
    ($variant:path, $output:expr) => {
        match $output {
            $variant(output) => output,
            other => panic!("{other:?}"),
        }
    };
}
