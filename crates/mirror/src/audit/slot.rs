use types::{ETag, VersionId};

use super::digest::Proof;
use super::event::{Agreement, Depth, Seen};
use super::held::HeldVersion;
use crate::core::Core;
use crate::journal::{BucketRecord, CopyState, KeyState, Member, Origin, Version, What};
use crate::target::TargetNumber;

/// One version of a key, as the journal knows it and as each target has it.
pub(super) struct Slot {
    /// What the journal knows; `None` for what only targets have.
    pub(super) version: Option<Version>,
    /// By place of the target.
    pub(super) at: Vec<At>,
}

/// One target's side of a slot.
pub(super) enum At {
    /// It owes this, or is not to be compared.
    Owes,
    /// It has this, or nothing.
    Has(Option<HeldVersion>),
}

/// What is known of a key: by the journal, newest first, and by each target.
pub(super) struct Known<'a> {
    pub(super) record: &'a BucketRecord,
    pub(super) state: &'a KeyState,
    pub(super) older: Vec<Version>,
    /// By place; `None` for a target that is not compared.
    pub(super) held: Vec<Option<Vec<HeldVersion>>>,
}

/// The versions of a key, each with what every target has of it.
pub(super) fn slots(core: &Core, mut known: Known<'_>) -> Vec<Slot> {
    let versions: Vec<Version> =
        known.state.version().cloned().into_iter().chain(known.older.drain(..)).collect();
    let mut slots = Vec::new();
    for version in versions {
        let at = (0..core.targets.len()).map(|place| match_version(core, &mut known, place, &version));
        let at = at.collect();
        slots.push(Slot { version: Some(version), at });
    }
    let strays = known.held.iter().flatten().map(Vec::len).max().unwrap_or(0);
    for nth in 0..strays {
        let at = (0..core.targets.len()).map(|place| stray(core, &known, place, nth)).collect();
        slots.push(Slot { version: None, at });
    }
    slots
}

fn match_version(core: &Core, known: &mut Known<'_>, place: usize, version: &Version) -> At {
    let number = core.targets[place].number;
    let Some(held) = known.held[place].as_mut() else { return At::Owes };
    let Some(copy) = version.copy_at(number) else {
        return if owes(known.record, known.state, number) { At::Owes } else { At::Has(None) };
    };
    let (CopyState::Held(copied) | CopyState::OwesTags(copied)) = copy else { return At::Owes };
    let address = copied.address(known.record.versioning);
    let found = held.iter().position(|held| address.is_none() || held.version_id == address);
    let found = found.map(|nth| held.remove(nth));
    At::Has(found)
}

fn stray(core: &Core, known: &Known<'_>, place: usize, nth: usize) -> At {
    match &known.held[place] {
        None => At::Owes,
        Some(_) if owes(known.record, known.state, core.targets[place].number) => At::Owes,
        Some(held) => At::Has(held.get(nth).cloned()),
    }
}

fn owes(record: &BucketRecord, state: &KeyState, target: TargetNumber) -> bool {
    state.owes(target) || record.member(target) != Some(Member::Full)
}

impl Slot {
    /// How the right bytes are known from others, where they are.
    pub(super) fn proof(&self) -> Option<Proof> {
        let facts = self.version.as_ref()?.facts().filter(|facts| facts.origin == Origin::Computed)?;
        match facts.checksum {
            Some(checksum) if checksum.kind == types::ChecksumKind::FullObject => {
                Some(Proof::Checksum(checksum))
            }
            _ => facts.etag.md5().map(Proof::Md5),
        }
    }

    /// Whether an object of this tag and size, at a target, is what the journal says; `None` where it says nothing.
    pub(super) fn is_known_as(
        &self,
        core: &Core,
        place: usize,
        (etag, size_bytes): (&ETag, u64),
    ) -> Option<bool> {
        let version = self.version.as_ref()?;
        let Some(facts) = version.facts() else { return Some(false) };
        let own = version.held_at(core.targets[place].number).and_then(|held| held.etag.as_ref());
        Some(size_bytes == facts.size_bytes && own.unwrap_or(&facts.etag) == etag)
    }

    /// What the target has, by what its listing tells.
    pub(super) fn listed(&self, core: &Core, place: usize) -> Seen {
        match &self.at[place] {
            At::Owes => Seen::Owed,
            At::Has(None) => Seen::Absent,
            At::Has(Some(held)) => match &held.object {
                None => Seen::Marker,
                Some((etag, size_bytes)) => Seen::Object {
                    etag: etag.clone(),
                    size_bytes: *size_bytes,
                    sha256: None,
                    expected: self.is_known_as(core, place, (etag, *size_bytes)),
                },
            },
        }
    }

    /// The target's own id of what it has, to ask for its bytes.
    pub(super) fn address(&self, place: usize) -> Option<VersionId> {
        match &self.at[place] {
            At::Has(Some(held)) => held.version_id.clone(),
            At::Has(None) | At::Owes => None,
        }
    }

    /// Whether anybody has anything here.
    pub(super) fn is_void(&self) -> bool {
        self.version.is_none() && self.at.iter().all(|at| matches!(at, At::Has(None) | At::Owes))
    }

    /// Whether the journal knows this to be an object.
    pub(super) fn wants_object(&self) -> Option<bool> {
        self.version.as_ref().map(|version| matches!(version.what, What::Object(_)))
    }
}

/// Whether what targets have agrees, with each other and with the journal.
pub(super) fn agreement(seen: &[Seen], depth: Depth, wants_object: Option<bool>) -> Agreement {
    let compared: Vec<&Seen> = seen.iter().filter(|seen| **seen != Seen::Owed).collect();
    if compared.iter().any(|seen| matches!(seen, Seen::Unreadable(_))) {
        return Agreement::Unreadable;
    }
    let present: Vec<&Seen> = compared.iter().copied().filter(|seen| **seen != Seen::Absent).collect();
    let wrong = |seen: &&Seen| match (seen, wants_object) {
        (Seen::Object { expected, .. }, Some(true)) => *expected == Some(false),
        (Seen::Marker, Some(false)) | (_, None) => false,
        _ => true,
    };
    if present.iter().any(wrong) || present.windows(2).any(|pair| !is_alike(pair[0], pair[1], depth)) {
        return Agreement::Differs;
    }
    match (present.len(), compared.len(), seen.len()) {
        (0, _, _) if wants_object.is_some() && !compared.is_empty() => Agreement::Differs,
        (present, compared, _) if present < compared => Agreement::OnlyOn,
        (_, compared, all) if compared < all => Agreement::Owed,
        _ => Agreement::Same,
    }
}

fn is_alike(one: &Seen, other: &Seen, depth: Depth) -> bool {
    match (one, other) {
        (
            Seen::Object { etag, size_bytes, sha256, expected },
            Seen::Object { etag: etag2, size_bytes: size2, sha256: sha2, .. },
        ) => {
            size_bytes == size2
                && match depth {
                    Depth::Deep => sha256 == sha2,
                    // Where the journal knows each target's own tag, both were held against it.
                    Depth::Shallow => expected.is_some() || etag == etag2,
                }
        }
        (one, other) => one == other,
    }
}

/// The name of a key's version in a finding.
pub(super) fn shown_id(slot: &Slot, record: &BucketRecord) -> Option<VersionId> {
    match &slot.version {
        Some(version) => version.shown_id(record.versioning),
        None => slot.at.iter().find_map(|at| match at {
            At::Has(Some(held)) => held.version_id.clone(),
            At::Has(None) | At::Owes => None,
        }),
    }
}
