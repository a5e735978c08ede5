use std::collections::HashMap;
use std::sync::atomic::Ordering;

use http::Method;
use store::{
    Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, Missing, StoreError, StoreErrorKind, WriteCondition,
};
use types::{Context, VersionId};

use crate::probe::Condition;
use crate::store::buckets::is_unknown;
use crate::store::{Inner, PAGE_MAX, with_md5};
use crate::wire::{Call, Seen};
use crate::xml;

const OPERATION: &str = "delete objects";
/// How many single deletes are under way at once, of targets that one request cannot name.
const SINGLES_AT_ONCE: usize = 8;

type Outcome = Result<DeleteOutcome, StoreError>;

impl Inner {
    pub(super) async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
        for batch in batches(&targets) {
            let fits = |at: &usize| xml::bears(targets[*at].key.as_str()) && is_plain(&targets[*at].options);
            let lacks = self.lacks.many_deletes.load(Ordering::Relaxed);
            let (together, mut single): (Vec<usize>, Vec<usize>) =
                batch.into_iter().partition(|at| !lacks && fits(at));
            match self.together(cx, bucket, &targets, &together).await? {
                Some(found) => found.into_iter().for_each(|(at, outcome)| outcomes[at] = Some(outcome)),
                None => single.extend(together),
            }
            for some in single.chunks(SINGLES_AT_ONCE) {
                let deletes = some.iter().map(|at| self.single(cx, bucket, &targets[*at]));
                for (at, outcome) in some.iter().zip(join_all(deletes).await) {
                    outcomes[*at] = Some(outcome);
                }
            }
        }
        let owed = || Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(owed)).collect())
    }

    async fn single(&self, cx: &Context, bucket: &Bucket, target: &DeleteTarget) -> Outcome {
        self.delete(cx, bucket, &target.key, target.options.clone()).await
    }

    /// Deletes in one request what one request can name; `None` where the service knows no such request.
    async fn together(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
        places: &[usize],
    ) -> Result<Option<Vec<(usize, Outcome)>>, StoreError> {
        if places.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if places.iter().any(|at| targets[*at].options.condition != WriteCondition::Always) {
            self.proven(cx, &bucket.name).await?.require(Condition::DeleteMany)?;
        }
        let mut document = xml::Writer::root("Delete");
        for at in places {
            write(&targets[*at], &mut document);
        }
        let call = Call::bucket(Method::POST, bucket.name.as_str()).of("delete").once();
        let call = with_md5(call, document.finish("Delete"));
        let answer = match self.wire.document(cx, call).await {
            Ok(answer) => answer,
            // One by one, what is wrong with one of them shows.
            Err(failure) if is_unknown(&failure) => {
                self.lacks.many_deletes.store(!self.wire.endpoint.is_aws(), Ordering::Relaxed);
                return Ok(None);
            }
            Err(failure) => return Err(failure.into_store(Seen::default(), OPERATION)),
        };
        let mut answered: HashMap<(&str, &str), &xml::Element> = HashMap::new();
        for element in answer.root.children() {
            let named =
                (element.get("Key").unwrap_or_default(), element.get("VersionId").unwrap_or_default());
            answered.insert(named, element);
        }
        let outcome_of = |target: &DeleteTarget| {
            let key = target.key.as_str();
            let version = target.options.version_id.as_ref().map_or("", VersionId::as_str);
            match answered.get(&(key, version)).or_else(|| answered.get(&(key, ""))) {
                Some(element) if element.name() == "Deleted" => Ok(deleted(element, target)),
                Some(element) => refused(element, target),
                None => Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION)),
            }
        };
        Ok(Some(places.iter().map(|at| (*at, outcome_of(&targets[*at]))).collect()))
    }
}

/// Cuts the targets into runs that one request may hold: at most a thousand, and no key twice unless each time by another
/// version, since the answers tell keys and versions only, and come in no order.
fn batches(targets: &[DeleteTarget]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut seen: HashMap<&str, Vec<Option<&VersionId>>> = HashMap::new();
    for (at, target) in targets.iter().enumerate() {
        let version = target.options.version_id.as_ref();
        let before = seen.entry(target.key.as_str()).or_default();
        let clashes = before.iter().any(|other| other.is_none() || version.is_none() || *other == version);
        let is_full = batches.last().is_none_or(|batch| batch.len() == PAGE_MAX);
        if clashes || is_full {
            batches.push(Vec::new());
            seen.clear();
        }
        seen.entry(target.key.as_str()).or_default().push(version);
        batches.last_mut().expect("one was pushed where there was none").push(at);
    }
    batches
}

/// Whether the document can say it: of conditions it knows tags only, of current objects.
fn is_plain(options: &DeleteOptions) -> bool {
    match options.condition {
        WriteCondition::Always => true,
        WriteCondition::IfMatch(_) => options.version_id.is_none(),
        WriteCondition::IfAbsent | WriteCondition::IfPresent => false,
    }
}

fn write(target: &DeleteTarget, document: &mut xml::Writer) {
    document.open("Object");
    document.text("Key", target.key.as_str());
    if let Some(version) = &target.options.version_id {
        document.text("VersionId", version.as_str());
    }
    if let WriteCondition::IfMatch(etag) = &target.options.condition {
        document.text("ETag", etag.as_str());
    }
    document.close("Object");
}

fn deleted(element: &xml::Element, target: &DeleteTarget) -> DeleteOutcome {
    let delete_marker = element.flag("DeleteMarker");
    let marker = element.get("DeleteMarkerVersionId").map(VersionId::from_text);
    let version_id = target.options.version_id.clone().or(marker.filter(|_| delete_marker));
    DeleteOutcome {
        version_id: version_id.or_else(|| delete_marker.then_some(VersionId::Null)),
        delete_marker,
    }
}

fn refused(element: &xml::Element, target: &DeleteTarget) -> Outcome {
    let missing = |what| Err(StoreError::missing(what, OPERATION));
    let fails = |kind| Err(StoreError::new(kind, OPERATION));
    let is_conditional = target.options.condition != WriteCondition::Always;
    match element.get("Code").unwrap_or_default() {
        "NoSuchKey" if is_conditional => missing(Missing::Key),
        "NoSuchVersion" if is_conditional => missing(Missing::Version),
        "NoSuchKey" | "NoSuchVersion" => {
            Ok(DeleteOutcome { version_id: target.options.version_id.clone(), delete_marker: false })
        }
        "InvalidArgument" if target.options.version_id.is_some() => {
            Ok(DeleteOutcome { version_id: target.options.version_id.clone(), delete_marker: false })
        }
        "PreconditionFailed" => fails(StoreErrorKind::ConditionFailed),
        "ConditionalRequestConflict" | "OperationAborted" => fails(StoreErrorKind::Conflict),
        "AccessDenied" => fails(StoreErrorKind::Denied),
        "NotImplemented" => fails(StoreErrorKind::Unsupported(crate::probe::NO_CONDITIONS)),
        _ => fails(StoreErrorKind::Unavailable),
    }
}

/// Waits for all futures, side by side.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut all = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use types::ObjectKey;

    use super::*;

    fn target(key: &str, version: Option<&str>) -> DeleteTarget {
        let options =
            DeleteOptions { version_id: version.map(VersionId::from_text), ..DeleteOptions::default() };
        DeleteTarget { key: ObjectKey::new(key).unwrap(), options }
    }

    #[test]
    fn a_key_named_twice_is_asked_for_in_its_order() {
        let of = |targets: &[DeleteTarget]| batches(targets);
        assert_eq!(of(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(of(&[target("a", Some("1")), target("a", Some("2")), target("b", None)]), [vec![0, 1, 2]]);
        assert_eq!(
            of(&[target("a", None), target("a", Some("null")), target("b", None)]),
            [vec![0], vec![1, 2]]
        );
        assert_eq!(of(&[target("a", Some("1")), target("a", Some("1"))]), [vec![0], vec![1]]);
        let many: Vec<_> = (0..1001).map(|n| target(&n.to_string(), None)).collect();
        assert_eq!(of(&many).iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1]);
    }
}
