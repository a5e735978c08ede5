//! What the journal's records hold. Their bytes are in `encode` and in `docs/format/mirror.md`.

use store::{Bucket, UploadChecksum, UploadId, Versioning};
use types::{BucketName, Checksum, ETag, ObjectMetadata, Owner, StorageClass, TagSet, Timestamp, VersionId};

use crate::target::TargetNumber;

/// The order of a key's writes: nanoseconds of the write, raised where needed so that it grows with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sequence(pub(crate) u64);

/// What the journal knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyState {
    /// What stands under it.
    pub(crate) current: Current,
    /// Where among the noncurrent versions the null version is, if it is there.
    pub(crate) null: Option<Sequence>,
    /// The targets that owe anything of the key, in order of their numbers.
    pub(crate) debts: Vec<Debt>,
}

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Current {
    /// The journal does not say: whatever the targets that owe nothing have.
    Unrecorded,
    /// Nothing.
    Absent,
    /// This.
    Version(Version),
}

/// A target that owes something of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Debt {
    /// Which.
    pub(crate) target: TargetNumber,
    /// Since when.
    pub(crate) since: Timestamp,
    /// What it may hold instead.
    pub(crate) stray: Stray,
}

/// What a target that owes may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// Nothing that the journal does not know.
    No,
    /// A version that the journal does not know: from a write whose end nobody saw, or of before there were versions.
    Maybe,
    /// Bytes that were found wrong, though what it says of them is right.
    Wrong,
}

/// A version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its place in the order of the key's writes.
    pub(crate) sequence: Sequence,
    /// What makes its id unguessable; `None` for the null version.
    pub(crate) random: Option<u64>,
    /// When it was written, as it is shown.
    pub(crate) modified_at: Timestamp,
    /// What it is.
    pub(crate) what: What,
    /// Where it is, in order of targets' numbers. A target that is not in it does not have it.
    pub(crate) copies: Vec<CopyAt>,
}

/// What a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A delete marker.
    Marker,
    /// An object.
    Object(Facts),
}

/// What is shown of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The entity tag.
    pub(crate) etag: ETag,
    /// The size.
    pub(crate) size_bytes: u64,
    /// The checksum.
    pub(crate) checksum: Option<Checksum>,
    /// The storage class label.
    pub(crate) storage_class: StorageClass,
    /// Whether its digests are of the bytes that the targets hold.
    pub(crate) origin: Origin,
}

/// Where an object's digests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The targets computed them: they are of the bytes that they hold.
    Computed,
    /// A layer above supplied them, or somebody before the mirror: they may be of other bytes.
    Supplied,
}

/// A version at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyAt {
    /// The target.
    pub(crate) target: TargetNumber,
    /// Whether and as what it has it.
    pub(crate) state: CopyState,
}

/// Whether and as what a target has a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopyState {
    /// It has it.
    Held(Held),
    /// It owes it.
    Owed,
    /// It has it, but with older tags.
    OwesTags(Held),
}

/// As what a target has a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The target's own version id; `None` where it was written before the bucket had versions.
    pub(crate) version_id: Option<VersionId>,
    /// The target's own tag, where it is not the one that is shown.
    pub(crate) etag: Option<ETag>,
}

impl KeyState {
    /// A key of which the journal says nothing.
    pub(crate) fn unrecorded() -> Self {
        Self { current: Current::Unrecorded, null: None, debts: Vec::new() }
    }

    /// The current version, if the journal knows of one.
    pub(crate) fn version(&self) -> Option<&Version> {
        match &self.current {
            Current::Version(version) => Some(version),
            Current::Unrecorded | Current::Absent => None,
        }
    }

    /// Whether a target owes anything of the key.
    pub(crate) fn owes(&self, target: TargetNumber) -> bool {
        self.debts.iter().any(|debt| debt.target == target)
    }

    /// Whether the row says nothing that is not said without it.
    pub(crate) fn is_void(&self) -> bool {
        self.debts.is_empty() && self.null.is_none() && self.version().is_none()
    }
}

impl Version {
    /// Its id as clients know it.
    pub(crate) fn id(&self) -> VersionId {
        match self.random {
            None => VersionId::Null,
            Some(random) => VersionId::Id(format!("{:016x}{random:016x}", self.sequence.0).into()),
        }
    }

    /// Its id, where the bucket shows ids.
    pub(crate) fn shown_id(&self, versioning: Versioning) -> Option<VersionId> {
        (versioning != Versioning::Off).then(|| self.id())
    }

    /// The object, where it is one.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        match &self.what {
            What::Object(facts) => Some(facts),
            What::Marker => None,
        }
    }

    /// As what a target has it, if it has it whole.
    pub(crate) fn held_at(&self, target: TargetNumber) -> Option<&Held> {
        self.copies.iter().find(|copy| copy.target == target).and_then(|copy| match &copy.state {
            CopyState::Held(held) => Some(held),
            CopyState::Owed | CopyState::OwesTags(_) => None,
        })
    }

    /// What is known of it at a target.
    pub(crate) fn copy_at(&self, target: TargetNumber) -> Option<&CopyState> {
        self.copies.iter().find(|copy| copy.target == target).map(|copy| &copy.state)
    }

    /// Says anew what a target has of it.
    pub(crate) fn set_copy(&mut self, target: TargetNumber, state: CopyState) {
        match self.copies.iter_mut().find(|copy| copy.target == target) {
            Some(copy) => copy.state = state,
            None => {
                self.copies.push(CopyAt { target, state });
                self.copies.sort_by_key(|copy| copy.target);
            }
        }
    }
}

impl Held {
    /// How the target is asked for it, in a bucket that has or had versions, or never had.
    pub(crate) fn address(&self, versioning: Versioning) -> Option<VersionId> {
        match versioning {
            Versioning::Off => None,
            Versioning::Enabled | Versioning::Suspended => {
                Some(self.version_id.clone().unwrap_or(VersionId::Null))
            }
        }
    }
}

/// The sequence and random part of an issued version id; `None` for a text that is none of ours.
pub(crate) fn parse_version_id(text: &str) -> Option<(Sequence, u64)> {
    let number = UploadNumber::parse_text(text)?;
    Some((Sequence(number.initiated_nanos), number.random))
}

/// A bucket of the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRecord {
    /// The mirror's own number for it; every row of the bucket has it.
    pub(crate) handle: u64,
    /// Grows with each change of the record.
    pub(crate) revision: u64,
    /// Who owns it.
    pub(crate) owner: Owner,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Its tags.
    pub(crate) tags: TagSet,
    /// Whether it keeps versions.
    pub(crate) versioning: Versioning,
    /// Whether the journal knows every key of it.
    pub(crate) coverage: Coverage,
    /// What each target has of it, in order of numbers. One that is not in it was never looked at.
    pub(crate) members: Vec<(TargetNumber, Member)>,
}

/// Whether the journal knows every key of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// It was made through the mirror: a key of which the journal says nothing is not there.
    Whole,
    /// It was there before: a key of which the journal says nothing is as the full members have it.
    Partial,
}

/// What a target has of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    /// All but what the journal says it owes.
    Full,
    /// The bucket and what was written since it joined; the rest is being filled in.
    Filling,
    /// Not even the bucket as it should be; once it has that, it is full.
    Owes,
    /// Nothing that is known: once it has the bucket, the rest is filled in.
    New,
}

impl BucketRecord {
    /// The record as it is handed to callers.
    pub(crate) fn to_bucket(&self, name: &BucketName) -> Bucket {
        Bucket {
            name: name.clone(),
            owner: self.owner.clone(),
            created_at: self.created_at,
            versioning: self.versioning,
            tags: self.tags.clone(),
            handle: self.handle,
            revision: self.revision,
        }
    }

    /// What a target has of the bucket; `None` where it was never looked at.
    pub(crate) fn member(&self, target: TargetNumber) -> Option<Member> {
        self.members.iter().find(|(number, _)| *number == target).map(|(_, member)| *member)
    }

    /// Whether a target has the bucket as it is, and takes writes in it.
    pub(crate) fn takes_writes(&self, target: TargetNumber) -> bool {
        matches!(self.member(target), Some(Member::Full | Member::Filling))
    }

    /// Says anew what a target has of the bucket.
    pub(crate) fn set_member(&mut self, target: TargetNumber, member: Member) {
        match self.members.iter_mut().find(|(number, _)| *number == target) {
            Some((_, known)) => *known = member,
            None => {
                self.members.push((target, member));
                self.members.sort_by_key(|(number, _)| *number);
            }
        }
    }
}

/// A bucket that a target owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketDebt {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Handles of removed buckets of the name that the target may still hold.
    pub(crate) removed: Vec<u64>,
}

/// What was begun at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The bucket's name.
    pub(crate) bucket: BucketName,
    /// The targets that may have been reached.
    pub(crate) targets: Vec<TargetNumber>,
    /// What.
    pub(crate) plan: Plan,
}

/// What is being done to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// A new object.
    Object {
        /// Its sequence.
        sequence: Sequence,
        /// As [`Version::random`].
        random: Option<u64>,
        /// The upload that it comes of, if it does.
        upload: Option<UploadNumber>,
        /// Where its digests come from.
        origin: Origin,
    },
    /// A new delete marker.
    Marker {
        /// Its sequence.
        sequence: Sequence,
        /// As [`Version::random`].
        random: Option<u64>,
    },
    /// The removal of a version.
    Remove {
        /// Its sequence; `None` for a key of which the journal says nothing.
        sequence: Option<Sequence>,
    },
    /// New tags.
    Tags {
        /// The version's sequence.
        sequence: Sequence,
        /// The tags.
        tags: TagSet,
    },
}

/// An upload's number: what its id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UploadNumber {
    pub(crate) initiated_nanos: u64,
    pub(crate) random: u64,
}

impl UploadNumber {
    /// Reads an id; `None` where it is none of ours.
    pub(crate) fn parse(id: &UploadId) -> Option<Self> {
        Self::parse_text(id.as_str())
    }

    fn parse_text(text: &str) -> Option<Self> {
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digits) {
            return None;
        }
        let number = |part: &str| u64::from_str_radix(part, 16).ok();
        Some(Self { initiated_nanos: number(&text[..16])?, random: number(&text[16..])? })
    }

    pub(crate) fn to_id(self) -> UploadId {
        UploadId::from_text(&format!("{:016x}{:016x}", self.initiated_nanos, self.random))
    }
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRecord {
    /// What the client said about the object.
    pub(crate) metadata: ObjectMetadata,
    /// The checksum named.
    pub(crate) checksum: Option<UploadChecksum>,
    /// The targets that take part, with their own ids of it. A target that misses a part leaves.
    pub(crate) targets: Vec<(TargetNumber, UploadId)>,
}

/// A part of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRecord {
    /// Its size.
    pub(crate) size_bytes: u64,
    /// The tag shown.
    pub(crate) etag: ETag,
    /// Its checksum.
    pub(crate) checksum: Option<Checksum>,
    /// When it was written.
    pub(crate) modified_at: Timestamp,
    /// The targets that have it, with their own tags where those differ.
    pub(crate) held: Vec<(TargetNumber, Option<ETag>)>,
}

/// What an upload came to. While it is kept, there may be parts of the upload left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FinishedRecord {
    /// Until when it is kept.
    pub(crate) until: Timestamp,
    /// The bucket's handle.
    pub(crate) handle: u64,
    /// The key; empty where the upload was aborted.
    pub(crate) key: String,
    /// The version made.
    pub(crate) sequence: Sequence,
}

impl FinishedRecord {
    /// Of an upload that was aborted: kept no longer than its parts.
    pub(crate) fn aborted(handle: u64, now: Timestamp) -> Self {
        Self { until: now, handle, key: String::new(), sequence: Sequence(0) }
    }
}

/// An upload to be aborted at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AbortRecord {
    /// The bucket's name.
    pub(crate) bucket: BucketName,
    /// The key.
    pub(crate) key: String,
    /// The target's own id of the upload.
    pub(crate) upload_id: UploadId,
}
