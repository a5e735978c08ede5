use std::sync::Arc;

use iam::{Action, Decision, Facts, Principal, Resource};
use s3_model::{ErrorCode, ErrorHeader, Operation, S3Error};
use store::Bucket;
use types::{BucketName, Context, ObjectKey, VersionId};

use crate::Service;
use crate::subject::Subject;

/// What a copy reads, as the request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The version; the current one where none is named.
    pub version_id: Option<VersionId>,
}

/// What a request is about, before anybody has looked whether it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The operation.
    pub operation: Operation,
    /// The bucket, where the operation has one.
    pub bucket: Option<BucketName>,
    /// The key, where the operation has one.
    pub key: Option<ObjectKey>,
    /// The version that the request names.
    pub version_id: Option<VersionId>,
    /// What a copy reads.
    pub copy_source: Option<CopySource>,
    /// `x-amz-expected-bucket-owner`.
    pub expected_owner: Option<String>,
    /// `x-amz-source-expected-bucket-owner`.
    pub expected_source_owner: Option<String>,
}

impl Target {
    /// An operation on nothing yet: the other fields are for the caller to fill.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            bucket: None,
            key: None,
            version_id: None,
            copy_source: None,
            expected_owner: None,
            expected_source_owner: None,
        }
    }
}

/// The bucket of an admitted request.
#[derive(Debug, Clone)]
enum Place {
    /// The operation is about no bucket.
    Account,
    /// The bucket is about to be made.
    New(BucketName),
    /// The bucket's record.
    Bucket(Arc<Bucket>),
}

/// The admitted source of a copy.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) key: ObjectKey,
    pub(crate) version_id: Option<VersionId>,
}

/// A request that may be carried out. Only [`Service::admit`] makes one, so that nothing runs unasked.
#[derive(Debug, Clone)]
pub struct Admitted {
    operation: Operation,
    who: Arc<Principal>,
    place: Place,
    key: Option<ObjectKey>,
    version_id: Option<VersionId>,
    source: Option<Source>,
}

impl Service {
    /// Reads the bucket's record once (that of a copy's source too) and asks whether the request may be carried out.
    ///
    /// # Errors
    /// `NoSuchBucket` before anything else, as S3 answers; `AccessDenied` where the bucket is not the expected owner's or
    /// the action is not allowed; failures of the store.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn admit(
        &self,
        cx: &Context,
        who: Arc<Principal>,
        target: Target,
    ) -> Result<Admitted, S3Error> {
        let action = Action::of(target.operation, target.version_id.as_ref());
        let place = self.place(cx, &target).await?;
        if let Place::Bucket(bucket) = &place {
            expect_owner(bucket, target.expected_owner.as_deref())?;
        }
        let mut admitted = Admitted {
            operation: target.operation,
            who,
            place,
            key: target.key,
            version_id: target.version_id,
            source: None,
        };
        if let Some(action) = action {
            self.require(cx, &admitted, action).map_err(|error| self.with_region(&admitted, error))?;
        }
        if let Some(source) = target.copy_source {
            let source = self.source(cx, &admitted, source).await?;
            expect_owner(&source.bucket, target.expected_source_owner.as_deref())?;
            let action = Action::of_source(target.operation, source.version_id.as_ref());
            if let Some(action) = action {
                self.require_on_source(cx, &admitted, &source, action)?;
            }
            admitted.source = Some(source);
        }
        Ok(admitted)
    }

    /// Asks again for a further action on the same resource, which a header of the request calls for.
    pub(crate) fn require(&self, cx: &Context, admitted: &Admitted, action: Action) -> Result<(), S3Error> {
        self.require_on(cx, admitted, action, admitted.key.as_ref())
    }

    /// Asks for an action on a key that the request's document names.
    pub(crate) fn require_on(
        &self,
        cx: &Context,
        admitted: &Admitted,
        action: Action,
        key: Option<&ObjectKey>,
    ) -> Result<(), S3Error> {
        let (resource, facts) = match (&admitted.place, key) {
            (Place::Account, _) => (Resource::Account, Facts::default()),
            (Place::New(name), _) => (Resource::Bucket(name), Facts::default()),
            (Place::Bucket(bucket), None) => (Resource::Bucket(&bucket.name), self.facts(bucket)),
            (Place::Bucket(bucket), Some(key)) => (Resource::Object(&bucket.name, key), self.facts(bucket)),
        };
        ask(cx, &admitted.who, action, resource, facts)
    }

    /// Asks for an action on the source of a copy.
    pub(crate) fn require_on_source(
        &self,
        cx: &Context,
        admitted: &Admitted,
        source: &Source,
        action: Action,
    ) -> Result<(), S3Error> {
        let resource = Resource::Object(&source.bucket.name, &source.key);
        ask(cx, &admitted.who, action, resource, self.facts(&source.bucket))
    }

    /// Who may not see a bucket is still told its region by HeadBucket, as S3 tells it, so that a client finds the right one.
    fn with_region(&self, admitted: &Admitted, error: S3Error) -> S3Error {
        match admitted.operation {
            Operation::HeadBucket => {
                error.header(ErrorHeader::BucketRegion(self.settings.shown_region().to_owned()))
            }
            _ => error,
        }
    }

    async fn place(&self, cx: &Context, target: &Target) -> Result<Place, S3Error> {
        match &target.bucket {
            None => Ok(Place::Account),
            Some(name) if target.operation == Operation::CreateBucket => Ok(Place::New(name.clone())),
            Some(name) => Ok(Place::Bucket(self.load(cx, target.operation, name).await?)),
        }
    }

    async fn source(&self, cx: &Context, admitted: &Admitted, source: CopySource) -> Result<Source, S3Error> {
        let bucket = match &admitted.place {
            Place::Bucket(bucket) if bucket.name == source.bucket => Arc::clone(bucket),
            _ => self.load(cx, admitted.operation, &source.bucket).await?,
        };
        Ok(Source { bucket, key: source.key, version_id: source.version_id })
    }

    async fn load(
        &self,
        cx: &Context,
        operation: Operation,
        name: &BucketName,
    ) -> Result<Arc<Bucket>, S3Error> {
        match self.store.bucket(cx, name).await {
            Ok(bucket) => Ok(Arc::new(bucket)),
            Err(error) => Err(Subject::new(operation).bucket(name).error(cx, error)),
        }
    }

    fn facts<'a>(&self, bucket: &'a Bucket) -> Facts<'a> {
        let anonymous = self.settings.bucket(&bucket.name).anonymous;
        Facts { bucket_owner: Some(&bucket.owner), anonymous }
    }
}

fn expect_owner(bucket: &Bucket, expected: Option<&str>) -> Result<(), S3Error> {
    match expected {
        Some(expected) if expected != bucket.owner.id.as_str() => Err(ErrorCode::AccessDenied.into()),
        _ => Ok(()),
    }
}

/// A signed request is told why it is refused, which concerns its own key only; an anonymous one learns nothing.
fn ask(
    cx: &Context,
    who: &Principal,
    action: Action,
    resource: Resource<'_>,
    facts: Facts<'_>,
) -> Result<(), S3Error> {
    match iam::decide(who, action, resource, facts) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(reason) => {
            let (name, action) = (who.name(), action.name());
            tracing::debug!(request_id = %cx.request_id, who = name, action, %reason, "denied");
            Err(match who {
                Principal::Anonymous => ErrorCode::AccessDenied.into(),
                Principal::Root { .. } | Principal::User { .. } => S3Error::with_message(
                    ErrorCode::AccessDenied,
                    format!("User {name} is not authorized to perform {action}: {reason}"),
                ),
            })
        }
    }
}

impl Admitted {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Who makes the request.
    #[must_use]
    pub fn who(&self) -> &Principal {
        &self.who
    }

    /// The name of a bucket that is about to be made.
    pub(crate) fn new_bucket(&self) -> Result<&BucketName, S3Error> {
        match &self.place {
            Place::New(name) => Ok(name),
            Place::Account | Place::Bucket(_) => Err(self.mismatch("a bucket to make")),
        }
    }

    /// The bucket's record.
    pub(crate) fn bucket(&self) -> Result<&Arc<Bucket>, S3Error> {
        match &self.place {
            Place::Bucket(bucket) => Ok(bucket),
            Place::Account | Place::New(_) => Err(self.mismatch("a bucket")),
        }
    }

    /// The bucket's record and the key.
    pub(crate) fn object(&self) -> Result<(&Arc<Bucket>, &ObjectKey), S3Error> {
        let key = self.key.as_ref().ok_or_else(|| self.mismatch("a key"))?;
        Ok((self.bucket()?, key))
    }

    /// The source of a copy.
    pub(crate) fn source(&self) -> Result<&Source, S3Error> {
        self.source.as_ref().ok_or_else(|| self.mismatch("a copy source"))
    }

    /// What errors of the store are about.
    pub(crate) fn subject(&self) -> Subject<'_> {
        let subject = Subject::new(self.operation);
        let subject = match &self.place {
            Place::Bucket(bucket) => subject.bucket(&bucket.name),
            Place::New(name) => subject.bucket(name),
            Place::Account => subject,
        };
        match &self.key {
            Some(key) => subject.key(key).version(self.version_id.as_ref()),
            None => subject,
        }
    }

    /// The operation was admitted without what its input takes for granted: the stages before this one disagree.
    pub(crate) fn mismatch(&self, lacking: &'static str) -> S3Error {
        tracing::error!(
            operation = self.operation.name(),
            lacking,
            "the request's route and its input disagree"
        );
        ErrorCode::InternalError.into()
    }
}
