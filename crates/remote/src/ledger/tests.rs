use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use meta::{MemoryMeta, MetaRead, ScanRequest};
use store::{
    Bucket, ListParts, ListUploads, Missing, Position, StoreErrorKind, UploadEntry, UploadId, UploadRef,
    Versioning,
};
use types::{BucketName, CanonicalId, ETag, ObjectKey, ObjectMetadata, Owner, Random, TagSet, Timestamp};

use super::{BucketRecord, IdentityRecord, Ledger, PROVIDER_RECORD_MAX_BYTES, PartRecord, UploadRecord};

#[derive(Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        buffer.iter_mut().zip(number).for_each(|(to, from)| *to = from);
    }
}

struct Desk {
    meta: Arc<MemoryMeta>,
    ledger: Ledger,
    random: Counting,
}

impl Desk {
    fn new() -> Self {
        let meta = Arc::new(MemoryMeta::default());
        Self { ledger: Ledger::new(meta.clone()), meta, random: Counting::default() }
    }

    async fn begin(&self, bucket: &str, key: &str, second: u64) -> UploadRecord {
        let initiated_at = Timestamp::from_secs(second);
        let record = UploadRecord {
            bucket: name(bucket),
            key: ObjectKey::new(key).unwrap(),
            id: UploadRecord::issue_id(initiated_at, &self.random),
            initiated_at,
            metadata: ObjectMetadata::default(),
            checksum: None,
            provider: key.as_bytes().to_vec(),
        };
        self.ledger.create_upload(&record).await.unwrap();
        record
    }

    async fn listed(&self, options: ListUploads) -> (Vec<String>, bool) {
        let page = self.ledger.list_uploads(&name("bucket"), options).await.unwrap();
        let text = |entry: &UploadEntry| match entry {
            UploadEntry::Upload(upload) => {
                format!("{}@{}", upload.key.as_str(), upload.initiated_at.as_secs())
            }
            UploadEntry::Prefix(prefix) => format!("{prefix}*"),
        };
        (page.entries.iter().map(text).collect(), page.more)
    }

    /// How many rows there are in all.
    async fn rows(&self) -> usize {
        let request =
            ScanRequest { start: vec![].into(), end: vec![0xFF].into(), limit: 100_000, fold: None };
        self.meta.scan(request).await.unwrap().items.len()
    }
}

fn name(text: &str) -> BucketName {
    BucketName::new(text).unwrap()
}

fn owner() -> Owner {
    Owner { id: CanonicalId::from_text("00"), display_name: "root".into() }
}

fn bucket(text: &str) -> Bucket {
    Bucket {
        name: name(text),
        owner: owner(),
        created_at: Timestamp::default(),
        versioning: Versioning::Off,
        tags: TagSet::default(),
        handle: 0,
        revision: 0,
    }
}

fn part(number: u32, byte: u8) -> PartRecord {
    PartRecord {
        number,
        size_bytes: 5,
        etag: ETag::from_md5([byte; 16]),
        checksum: None,
        modified_at: Timestamp::from_secs(1),
        provider: vec![byte],
    }
}

fn identity(byte: u8, provider: usize) -> IdentityRecord {
    IdentityRecord {
        etag: ETag::from_md5([byte; 16]),
        checksum: None,
        part_sizes: vec![5, 5, 1],
        metadata: None,
        provider: vec![byte; provider],
    }
}

async fn find(desk: &Desk, record: &UploadRecord) -> Result<UploadRecord, StoreErrorKind> {
    let bucket = bucket(record.bucket.as_str());
    let upload = UploadRef { bucket: &bucket, key: &record.key, id: &record.id };
    desk.ledger.upload(upload).await.map_err(|error| error.kind)
}

const NO_UPLOAD: StoreErrorKind = StoreErrorKind::Missing(Missing::Upload);

fn is_no_upload<T>(outcome: Result<T, StoreErrorKind>) -> bool {
    matches!(outcome, Err(StoreErrorKind::Missing(Missing::Upload)))
}

#[tokio::test]
async fn a_bucket_is_kept_changed_and_forgotten() {
    let desk = Desk::new();
    let (ledger, there) = (&desk.ledger, name("bucket"));
    let record = BucketRecord {
        owner: owner(),
        created_at: Timestamp::from_secs(9),
        tags: TagSet::default(),
        versioning: Versioning::Off,
    };
    assert_eq!(ledger.bucket_record(&there).await.unwrap(), None);
    let enable = |record: &mut BucketRecord| record.versioning = Versioning::Enabled;
    let changed = ledger.update_bucket(&there, record.clone(), enable).await.unwrap();
    assert_eq!(changed.versioning, Versioning::Enabled);
    let records = ledger.bucket_records(&[name("other"), there.clone()]).await.unwrap();
    assert_eq!(records, [None, Some(changed)]);
    ledger.put_bucket(&there, &record).await.unwrap();
    let upload = desk.begin("bucket", "a", 1).await;
    ledger.put_part(&upload, &part(1, 1)).await.unwrap();
    let key = ObjectKey::new("a").unwrap();
    ledger.put_identity(&there, &key, "1", &identity(1, 1_000)).await.unwrap();
    let other = desk.begin("bucket-2", "a", 1).await;
    ledger.remove_bucket(&there).await.unwrap();
    assert_eq!(desk.rows().await, 1, "only the upload in the other bucket is left");
    assert_eq!(find(&desk, &other).await.unwrap(), other);
}

#[tokio::test]
async fn changes_of_one_bucket_at_once_all_take_effect() {
    let desk = Desk::new();
    let record = BucketRecord {
        owner: owner(),
        created_at: Timestamp::default(),
        tags: TagSet::default(),
        versioning: Versioning::Off,
    };
    let bucket = name("bucket");
    let later =
        |record: &mut BucketRecord| record.created_at = record.created_at.plus(Duration::from_secs(1));
    let changes = (0..20).map(|_| desk.ledger.update_bucket(&bucket, record.clone(), later));
    for change in futures_util::future::join_all(changes).await {
        change.unwrap();
    }
    let kept = desk.ledger.bucket_record(&bucket).await.unwrap().unwrap();
    assert_eq!(kept.created_at, Timestamp::from_secs(20));
}

#[tokio::test]
async fn uploads_are_listed_by_key_then_age_folded_and_paged() {
    let desk = Desk::new();
    for (key, second) in [("b", 3), ("a/1", 2), ("b", 1), ("a\u{0}", 5), ("a", 4), ("b", 2), ("c", 1)] {
        desk.begin("bucket", key, second).await;
    }
    desk.begin("bucket-2", "a", 1).await;
    let all = ["a@4", "a\u{0}@5", "a/1@2", "b@1", "b@2", "b@3", "c@1"];
    let whole = ListUploads { limit: 100, ..ListUploads::default() };
    assert_eq!(desk.listed(whole.clone()).await, (all.map(str::to_owned).to_vec(), false));
    let folded = ListUploads { delimiter: Some("/".to_owned()), ..whole.clone() };
    assert_eq!(desk.listed(folded).await.0, ["a@4", "a\u{0}@5", "a/*", "b@1", "b@2", "b@3", "c@1"]);
    let prefixed = ListUploads { prefix: "b".to_owned(), limit: 2, ..whole.clone() };
    assert_eq!(desk.listed(prefixed).await, (vec!["b@1".to_owned(), "b@2".to_owned()], true));
    let behind_key = ListUploads { after: Some(Position::Key("b".to_owned())), ..whole.clone() };
    assert_eq!(desk.listed(behind_key.clone()).await.0, ["c@1"]);
    let second = desk.ledger.list_uploads(&name("bucket"), whole.clone()).await.unwrap();
    let UploadEntry::Upload(second) = &second.entries[4] else { panic!("an upload") };
    let behind_upload = ListUploads { after_upload: Some(second.upload_id.clone()), ..behind_key };
    assert_eq!(desk.listed(behind_upload).await.0, ["b@3", "c@1"]);
    let behind_prefix = ListUploads { after: Some(Position::Prefix("a".to_owned())), ..whole };
    assert_eq!(desk.listed(behind_prefix).await.0, ["b@1", "b@2", "b@3", "c@1"]);
    assert_eq!(
        desk.listed(ListUploads::default()).await,
        (vec![], true),
        "a page of nothing says whether there are any"
    );
}

#[tokio::test]
async fn parts_replace_each_other_and_go_with_their_upload() {
    let desk = Desk::new();
    let upload = desk.begin("bucket", "a", 1).await;
    let other = desk.begin("bucket", "a", 1).await;
    for number in [3, 1, 10_000] {
        assert_eq!(desk.ledger.put_part(&upload, &part(number, 1)).await.unwrap(), None);
    }
    desk.ledger.put_part(&other, &part(2, 9)).await.unwrap();
    let replaced = desk.ledger.put_part(&upload, &part(3, 2)).await.unwrap();
    assert_eq!(replaced, Some(part(3, 1)));
    let page = |after, limit| desk.ledger.parts(&upload, ListParts { after, limit });
    assert_eq!(page(0, 2).await.unwrap(), (vec![part(1, 1), part(3, 2)], true));
    assert_eq!(page(3, 2).await.unwrap(), (vec![part(10_000, 1)], false));
    assert_eq!(page(0, 0).await.unwrap(), (vec![], true));
    let found = desk.ledger.parts_numbered(&upload, &[3, 2]).await.unwrap();
    assert_eq!(found, [Some(part(3, 2)), None]);

    desk.ledger.remove_upload(&upload).await.unwrap();
    desk.ledger.remove_upload(&upload).await.unwrap();
    let late = desk.ledger.put_part(&upload, &part(4, 1)).await.map_err(|error| error.kind);
    assert!(is_no_upload(late));
    assert_eq!(desk.rows().await, 2, "the other upload and its part");
}

#[tokio::test]
async fn a_finished_upload_is_gone_and_its_outcome_is_kept_for_a_day() {
    let desk = Desk::new();
    let (upload, now) = (desk.begin("bucket", "a", 1).await, Timestamp::from_secs(1_000));
    for number in 1..=2_500 {
        desk.ledger.put_part(&upload, &part(number, 1)).await.unwrap();
    }
    desk.ledger.finish_upload(&upload, b"outcome".to_vec(), now).await.unwrap();
    let again = desk.ledger.finish_upload(&upload, Vec::new(), now).await.map_err(|error| error.kind);
    assert!(is_no_upload(again));
    assert!(is_no_upload(find(&desk, &upload).await));
    assert_eq!(desk.rows().await, 1, "all parts are gone");
    let (here, there) = (bucket("bucket"), bucket("other"));
    let finished =
        |bucket| desk.ledger.finished_upload(UploadRef { bucket, key: &upload.key, id: &upload.id });
    assert_eq!(finished(&here).await.unwrap().as_deref(), Some(&b"outcome"[..]));
    assert_eq!(finished(&there).await.unwrap(), None);
    desk.ledger.tidy(now.plus(Duration::from_secs(86_400))).await.unwrap();
    assert!(finished(&here).await.unwrap().is_some());
    desk.ledger.tidy(now.plus(Duration::from_secs(86_401))).await.unwrap();
    assert_eq!(desk.rows().await, 0);
}

#[tokio::test]
async fn a_removal_that_was_interrupted_is_ended_by_tidying() {
    let desk = Desk::new();
    let upload = desk.begin("bucket", "a", 1).await;
    desk.ledger.put_part(&upload, &part(1, 1)).await.unwrap();
    let mut commit = meta::Commit::default();
    let gone = super::keys::of_upload(super::keys::Family::Gone, upload.number().unwrap());
    commit.delete(upload.row_key().unwrap()).put(gone.freeze(), super::record::encode_gone());
    desk.ledger.commit(commit).await.unwrap();
    desk.ledger.tidy(Timestamp::default()).await.unwrap();
    assert_eq!(desk.rows().await, 0);
}

#[tokio::test]
async fn an_upload_changes_only_from_what_was_seen() {
    let desk = Desk::new();
    let seen = desk.begin("bucket", "a", 1).await;
    let changed = UploadRecord { provider: vec![1], ..seen.clone() };
    assert!(desk.ledger.replace_upload(&seen, &changed).await.unwrap());
    assert!(!desk.ledger.replace_upload(&seen, &changed).await.unwrap());
    assert_eq!(find(&desk, &seen).await.unwrap(), changed);
    desk.ledger.remove_upload(&seen).await.unwrap();
    let gone = desk.ledger.replace_upload(&changed, &seen).await.map_err(|error| error.kind);
    assert!(matches!(gone, Err(kind) if format!("{kind:?}") == format!("{NO_UPLOAD:?}")));
}

#[tokio::test]
async fn old_uploads_of_all_buckets_are_found() {
    let desk = Desk::new();
    desk.begin("bucket", "new", 10).await;
    let old = [desk.begin("bucket", "old", 9).await, desk.begin("bucket-2", "old", 1).await];
    let found = |limit| desk.ledger.uploads_older_than(Timestamp::from_secs(10), limit);
    assert_eq!(found(9).await.unwrap(), old);
    assert_eq!(found(1).await.unwrap(), old[..1]);
}

#[tokio::test]
async fn ids_that_were_not_issued_are_no_uploads() {
    let desk = Desk::new();
    let upload = desk.begin("bucket", "a", 1).await;
    for id in ["", "x", &"0".repeat(33), &upload.id.as_str().to_uppercase().replace('0', "A")] {
        let foreign = UploadRecord { id: UploadId::from_text(id), ..upload.clone() };
        assert!(is_no_upload(find(&desk, &foreign).await), "{id}");
        assert!(desk.ledger.create_upload(&foreign).await.is_err(), "{id}");
    }
    let elsewhere = UploadRecord { key: ObjectKey::new("b").unwrap(), ..upload };
    assert!(is_no_upload(find(&desk, &elsewhere).await), "an id is good for its key only");
}

#[tokio::test]
async fn an_identity_is_of_one_version() {
    let desk = Desk::new();
    let (bucket, key, other) = (name("bucket"), ObjectKey::new("a").unwrap(), ObjectKey::new("b").unwrap());
    let ledger = &desk.ledger;
    ledger.put_identity(&bucket, &key, "7", &identity(7, 10)).await.unwrap();
    assert_eq!(ledger.identity(&bucket, &key, "7").await.unwrap(), Some(identity(7, 10)));
    assert_eq!(ledger.identity(&bucket, &key, "8").await.unwrap(), None, "changed behind our back");
    ledger.put_identity(&bucket, &key, "8", &identity(8, 257)).await.unwrap();
    assert_eq!(ledger.identity(&bucket, &key, "8").await.unwrap(), Some(identity(8, 257)));
    let asked = [(other, "1".to_owned()), (key.clone(), "8".to_owned())];
    let many = ledger.identities(&bucket, &asked).await.unwrap();
    assert_eq!(many, [None, Some(identity(8, 0))], "listings leave large ones out");
    ledger.put_identity(&bucket, &key, "9", &identity(9, 0)).await.unwrap();
    assert_eq!(desk.rows().await, 1, "what stood apart is gone");
    ledger.remove_identity(&bucket, &key).await.unwrap();
    assert_eq!(desk.rows().await, 0);
}

#[tokio::test]
async fn values_are_kept_in_order_and_within_their_limits() {
    let desk = Desk::new();
    for name in ["job/2", "job/1", "job0", "probe"] {
        desk.ledger.put_value(name.as_bytes(), name.as_bytes()).await.unwrap();
    }
    assert_eq!(desk.ledger.value(b"probe").await.unwrap().as_deref(), Some(&b"probe"[..]));
    let names =
        |values: Vec<(Vec<u8>, Vec<u8>)>| values.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let all = desk.ledger.values(b"job/", None, 9).await.unwrap();
    assert_eq!(names(all), [b"job/1", b"job/2"]);
    let rest = desk.ledger.values(b"job/", Some(b"job/1"), 9).await.unwrap();
    assert_eq!(names(rest), [b"job/2"]);
    desk.ledger.remove_value(b"probe").await.unwrap();
    assert_eq!(desk.ledger.value(b"probe").await.unwrap(), None);
    let largest = vec![0; PROVIDER_RECORD_MAX_BYTES];
    desk.ledger.put_value(&[b'n'; 2048], &largest).await.unwrap();
    assert!(desk.ledger.put_value(&[b'n'; 2049], &largest).await.is_err());
    assert!(desk.ledger.put_value(b"n", &[&largest[..], &[0]].concat()).await.is_err());
}
