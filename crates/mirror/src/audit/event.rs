use std::sync::Arc;

use types::{ETag, ObjectKey, VersionId};

/// How closely targets are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// By size and entity tag, as listings tell them.
    Shallow,
    /// By the SHA-256 of all bytes, read from each target.
    Deep,
}

impl Depth {
    /// The depth in the words of reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
        }
    }
}

/// Where an audit begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Where the last one of the same bucket and depth was broken off; at the first key where none was.
    Resume,
    /// At the first key.
    Anew,
}

/// What an audit does about what differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Reports it.
    Report,
    /// Reports it, and where it is proven which targets are right copies from them to the others. It never removes anything.
    Repair,
}

/// What an audit compares, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The bucket.
    pub bucket: types::BucketName,
    /// How closely.
    pub depth: Depth,
    /// Where to begin.
    pub start: Start,
    /// What to do about differences.
    pub remedy: Remedy,
}

/// What an audit tells as it goes on; in order of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyEvent {
    /// It has begun, behind this key where it was resumed.
    Began {
        /// The last key that an earlier audit has compared.
        behind: Option<ObjectKey>,
    },
    /// A version of a key was compared.
    Found(Finding),
    /// So far; told now and then.
    Progress(VerifyCounts),
    /// It has compared the last key.
    Ended(VerifyCounts),
}

/// How a version of a key was found at the targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key.
    pub key: ObjectKey,
    /// The version as clients know it, where the bucket has or had versions.
    pub version_id: Option<VersionId>,
    /// What comes of it.
    pub agreement: Agreement,
    /// What each target has, in their order.
    pub targets: Vec<SeenAt>,
    /// The targets that were brought to what the others have.
    pub repaired: Vec<Arc<str>>,
}

/// Whether targets agree on a version of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// All have the same.
    Same,
    /// Those that should have it have the same; others owe it, as the journal knows.
    Owed,
    /// Only some have it, and the others do not owe it.
    OnlyOn,
    /// They have different things, or not what the journal says.
    Differs,
    /// A target could not be read.
    Unreadable,
}

impl Agreement {
    /// The agreement in the words of reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Owed => "owed",
            Self::OnlyOn => "only-on",
            Self::Differs => "differs",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What one target has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAt {
    /// The target.
    pub target: Arc<str>,
    /// What it has.
    pub seen: Seen,
}

/// What a target has of a version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Absent,
    /// A delete marker.
    Marker,
    /// An object.
    Object {
        /// The target's own tag.
        etag: ETag,
        /// The size.
        size_bytes: u64,
        /// The digest of all bytes, of a deep audit.
        sha256: Option<[u8; 32]>,
        /// Whether this is what the journal says; `None` where it says nothing.
        expected: Option<bool>,
    },
    /// Whatever it has, it owes the rest.
    Owed,
    /// It could not be read; why.
    Unreadable(String),
}

/// What an audit has found so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyCounts {
    /// Versions compared.
    pub compared: u64,
    /// Of these, the same everywhere.
    pub same: u64,
    /// Owed by a target.
    pub owed: u64,
    /// Only on some targets.
    pub only_on: u64,
    /// Different.
    pub differs: u64,
    /// Not readable at a target.
    pub unreadable: u64,
    /// Targets brought to what the others have.
    pub repaired: u64,
    /// Bytes read from targets.
    pub bytes: u64,
}

impl VerifyCounts {
    pub(super) fn add(&mut self, finding: &Finding, bytes: u64) {
        self.compared += 1;
        self.repaired += finding.repaired.len() as u64;
        self.bytes += bytes;
        *match finding.agreement {
            Agreement::Same => &mut self.same,
            Agreement::Owed => &mut self.owed,
            Agreement::OnlyOn => &mut self.only_on,
            Agreement::Differs => &mut self.differs,
            Agreement::Unreadable => &mut self.unreadable,
        } += 1;
    }

    /// Whether all targets had the same, nothing owed.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.same == self.compared
    }
}
