use std::cmp::Reverse;

use meta::{MetaRead, Record, ScanItem, ScanRequest};
use store::StoreError;

use super::slot::Slot;
use super::{KeyChange, OPERATION};
use crate::error::{During, contradiction};
use crate::ids::Version;
use crate::keys::{self, Family, KeyRange};
use crate::record::VersionRecord;

/// Which version of a key a caller names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionName {
    /// The null version.
    Null,
    /// One that was issued.
    Issued(Version),
}

impl KeyChange<'_> {
    /// The sequence that a named version must have, if the key has it at all.
    fn sequence_of(&self, name: VersionName) -> Option<u64> {
        let current = self.current().map(|object| object.version);
        match name {
            VersionName::Issued(version) => Some(version.sequence),
            VersionName::Null => match current {
                Some(current) if current.is_null() => Some(current.sequence),
                _ => self.key_state().null_sequence,
            },
        }
    }

    /// Finds a named version.
    pub(crate) async fn find_version(
        &mut self,
        meta: &dyn MetaRead,
        name: VersionName,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let Some(sequence) = self.sequence_of(name) else { return Ok(None) };
        let is_named = |version: Version| match name {
            VersionName::Null => version.is_null() && version.sequence == sequence,
            VersionName::Issued(issued) => version == issued,
        };
        if let Some(current) = self.current().filter(|current| is_named(current.version)) {
            return Ok(Some(VersionRecord::Object(Box::new(current.clone()))));
        }
        let found = self.load_version(meta, sequence).await?;
        Ok(found.filter(|record| is_named(record.version())).cloned())
    }

    /// Removes a version that [`KeyChange::find_version`] found; where it was the newest, the next one takes its place.
    pub(crate) async fn remove_version(
        &mut self,
        meta: &dyn MetaRead,
        version: Version,
    ) -> Result<(), StoreError> {
        if self.current().is_some_and(|current| current.version == version) {
            if let Some(removed) = self.current.take() {
                self.effects.release(&removed);
            }
            return self.promote(meta).await;
        }
        self.drop_version(meta, version.sequence).await?;
        if self.key_state().marker.is_some_and(|marker| marker.version == version) {
            self.state.update(|state| state.marker = None);
            return self.promote(meta).await;
        }
        Ok(())
    }

    /// Removes a version row and releases its data.
    pub(super) async fn drop_version(
        &mut self,
        meta: &dyn MetaRead,
        sequence: u64,
    ) -> Result<(), StoreError> {
        self.load_version(meta, sequence).await?;
        let removed = self.versions.get_mut(&Reverse(sequence)).and_then(Slot::take);
        let removed = removed.ok_or_else(|| contradiction(OPERATION))?;
        if removed.version().is_null() {
            self.state.update(|state| state.null_sequence = None);
        }
        if let VersionRecord::Object(object) = removed {
            self.effects.release(&object);
        }
        Ok(())
    }

    /// Gives the newest version row the place of the newest version, which is vacant.
    async fn promote(&mut self, meta: &dyn MetaRead) -> Result<(), StoreError> {
        let Some(sequence) = self.newest_version_row(meta).await? else { return Ok(()) };
        let slot = self.versions.get_mut(&Reverse(sequence)).ok_or_else(|| contradiction(OPERATION))?;
        if let Some(VersionRecord::Marker(marker)) = slot.get() {
            let marker = *marker;
            self.state.update(|state| state.marker = Some(marker));
            return Ok(());
        }
        if let Some(VersionRecord::Object(object)) = slot.take() {
            if object.version.is_null() {
                self.state.update(|state| state.null_sequence = None);
            }
            self.current.set(Some(*object));
        }
        Ok(())
    }

    /// The sequence of the newest version row as this change leaves them; its slot is loaded. Rows that this change has
    /// passed before are not read again, so that removing many versions of one key reads each once.
    async fn newest_version_row(&mut self, meta: &dyn MetaRead) -> Result<Option<u64>, StoreError> {
        loop {
            let held = self.versions.iter().find(|(_, slot)| slot.get().is_some());
            let held = held.map(|(Reverse(sequence), _)| *sequence);
            if self.scanned_to.is_some_and(|passed| held.is_some_and(|held| held >= passed)) {
                return Ok(held);
            }
            let Some(record) = self.next_version_row(meta).await? else { return Ok(held) };
            let (_, sequence) = keys::parse_version(&record.key).ok_or_else(|| contradiction(OPERATION))?;
            self.scanned_to = Some(sequence);
            if !self.versions.contains_key(&Reverse(sequence)) {
                self.seed_version(sequence, Some(record))?;
            }
        }
    }

    /// The first stored version row behind those that were passed.
    async fn next_version_row(&self, meta: &dyn MetaRead) -> Result<Option<Record>, StoreError> {
        let key = self.key.as_str();
        let mut range = KeyRange::of_prefix(&keys::escaped(Family::Version, self.bucket, key).freeze());
        if let Some(sequence) = self.scanned_to {
            range = range.behind(&keys::version(self.bucket, key, sequence));
        }
        let request = ScanRequest { start: range.start, end: range.end, limit: 1, fold: None };
        let page = meta.scan(request).await.during(OPERATION)?;
        Ok(page.items.into_iter().find_map(|item| match item {
            ScanItem::Record(record) => Some(record),
            ScanItem::Prefix(_) => None,
        }))
    }

    /// The version row of this sequence.
    async fn load_version(
        &mut self,
        meta: &dyn MetaRead,
        sequence: u64,
    ) -> Result<Option<&VersionRecord>, StoreError> {
        if !self.versions.contains_key(&Reverse(sequence)) {
            let row = keys::version(self.bucket, self.key.as_str(), sequence);
            let found = meta.get(&row).await.during(OPERATION)?;
            self.seed_version(sequence, found)?;
        }
        Ok(self.versions.get(&Reverse(sequence)).and_then(Slot::get))
    }

    /// Takes over a version row that was read already.
    pub(crate) fn seed_version(&mut self, sequence: u64, found: Option<Record>) -> Result<(), StoreError> {
        let slot = Slot::read(found, VersionRecord::decode).during(OPERATION)?;
        self.versions.insert(Reverse(sequence), slot);
        Ok(())
    }

    /// A version row for writing.
    pub(super) fn version_slot(&mut self, sequence: u64) -> &mut Slot<VersionRecord> {
        self.versions.entry(Reverse(sequence)).or_insert_with(Slot::unseen)
    }
}
