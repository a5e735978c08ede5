use blob::BlobErrorKind;
use bytes::Bytes;
use store::StoreError;

use super::damage::DamageKind;
use super::run::{OPERATION, Scrub};
use crate::error::During;
use crate::ids::DataId;
use crate::keys::{self, BUCKET_PREFIX_LEN, Family};
use crate::record::{Data, KeyState, ObjectRecord, PartPage, PartRecord, Place, TableRef, VersionRecord};

type Judged = Result<Option<DamageKind>, StoreError>;

impl Scrub {
    async fn value(&self, row: Bytes) -> Result<Option<Bytes>, StoreError> {
        Ok(self.native.meta.get(&row).await.during(OPERATION)?.map(|record| record.value))
    }

    /// Whether the bytes of an object are where its record says.
    pub(super) async fn judge_object(&self, object: &ObjectRecord) -> Judged {
        match &object.data {
            Data::Whole(place) => self.judge_place(*place, object.size_bytes, object.owner, Some(0)).await,
            Data::Table(table) => self.judge_table(table, object).await,
        }
    }

    /// Whether `size_bytes` bytes are in a place; and whether the owner's reference to it stands, where it must.
    async fn judge_place(
        &self,
        place: Place,
        size_bytes: u64,
        owner: DataId,
        reference: Option<u32>,
    ) -> Judged {
        match place {
            Place::Empty => Ok((size_bytes != 0).then_some(DamageKind::DataSize)),
            Place::Inline(id) => match self.value(keys::data(id)).await? {
                None => Ok(Some(DamageKind::DataMissing)),
                Some(bytes) => Ok(((bytes.len() as u64) < size_bytes).then_some(DamageKind::DataSize)),
            },
            Place::Blob(id) => {
                match self.native.blobs.open(id).await {
                    Ok(reader) if reader.size_bytes() < size_bytes => {
                        return Ok(Some(DamageKind::DataSize));
                    }
                    Ok(_) => {}
                    Err(error) => match error.kind {
                        BlobErrorKind::NotFound => return Ok(Some(DamageKind::DataMissing)),
                        BlobErrorKind::Corrupt => return Ok(Some(DamageKind::BlobUnreadable)),
                        _ => return Err(error).during(OPERATION),
                    },
                }
                let Some(part) = reference else { return Ok(None) };
                let row = keys::blob_reference(id, owner, part);
                Ok(self.value(row).await?.is_none().then_some(DamageKind::Unreferenced))
            }
        }
    }

    async fn judge_table(&self, table: &TableRef, object: &ObjectRecord) -> Judged {
        if self.value(keys::table_reference(table.id, object.owner)).await?.is_none() {
            return Ok(Some(DamageKind::Unreferenced));
        }
        let (mut offset, mut parts) = (0, 0);
        for (number, start) in (0..).zip(&table.pages) {
            let row = keys::numbered(Family::PartPage, table.id, number);
            let Some(page) = self.value(row).await? else { return Ok(Some(DamageKind::DataMissing)) };
            let Ok(page) = PartPage::decode(&page) else { return Ok(Some(DamageKind::RecordMalformed)) };
            if page.offset != offset || start.offset != offset {
                return Ok(Some(DamageKind::Contradiction("the pages of its part table do not join")));
            }
            for part in &page.parts {
                // Parts whose MD5 nobody told share one place, which the first of them refers to.
                let reference = (part.md5.is_some() || part.number == 1).then_some(part.number);
                let needed = part.place_offset + part.size_bytes;
                let judged = self.judge_place(part.place, needed, table.id, reference).await?;
                if judged.is_some() {
                    return Ok(judged);
                }
                offset += part.size_bytes;
                parts += 1;
            }
        }
        let fits = offset == object.size_bytes && parts == table.part_count;
        Ok((!fits).then_some(DamageKind::Contradiction("its part table does not make up the object")))
    }

    pub(super) async fn judge_part(&self, row: &[u8], number: u32, part: &PartRecord) -> Judged {
        let Some(upload) = row.get(1..17).and_then(|id| id.try_into().ok()).map(DataId::from_bytes) else {
            return Ok(Some(DamageKind::RecordMalformed));
        };
        self.judge_place(part.place, part.size_bytes, upload, Some(number)).await
    }

    /// Whether what a key state names is there.
    pub(super) async fn judge_state(&self, row: &[u8], state: &KeyState) -> Judged {
        let Some((handle, key)) = handle_and_key(row) else { return Ok(Some(DamageKind::RecordMalformed)) };
        let named = [state.marker.map(|marker| marker.version.sequence), state.null_sequence];
        for sequence in named.into_iter().flatten() {
            let version = self.value(keys::version_of(handle, &key, sequence)).await?;
            if version.is_none() {
                return Ok(Some(DamageKind::Contradiction("it names a version that is not there")));
            }
        }
        let current = self.value(keys::plain_of(Family::Current, handle, &key)).await?;
        let both = state.marker.is_some() && current.is_some();
        Ok(both.then_some(DamageKind::Contradiction("a key has both a current object and a newest marker")))
    }

    /// Whether a version's bytes are there; whether the newest of a key has something newer above it, or is the marker that
    /// the key's state names; and whether the key's state leads to the null version.
    pub(super) async fn judge_version(&mut self, row: &[u8], key: &str, version: &VersionRecord) -> Judged {
        if let VersionRecord::Object(object) = version {
            let judged = self.judge_object(object).await?;
            if judged.is_some() {
                return Ok(judged);
            }
        }
        let of_key = Bytes::copy_from_slice(&row[..row.len() - keys::NUMBER_LEN]);
        let is_newest = self.last_version_key.replace(of_key.clone()) != Some(of_key);
        let version = version.version();
        if !is_newest && !version.is_null() {
            return Ok(None);
        }
        let Some((handle, _)) = handle_and_key(row) else { return Ok(Some(DamageKind::RecordMalformed)) };
        let state = self.value(keys::plain_of(Family::KeyState, handle, key)).await?;
        let state = state.and_then(|value| KeyState::decode(&value).ok()).unwrap_or_default();
        if version.is_null() && state.null_sequence != Some(version.sequence) {
            return Ok(Some(DamageKind::Contradiction("the null version of its key cannot be found")));
        }
        let current = self.value(keys::plain_of(Family::Current, handle, key)).await?;
        let current = current.and_then(|value| ObjectRecord::decode(&value).ok());
        let is_right = match current {
            Some(current) => current.version.sequence > version.sequence,
            None => !is_newest || state.marker.is_some_and(|marker| marker.version == version),
        };
        let kind = DamageKind::Contradiction("the newest version of its key is not where it should be");
        Ok((!is_right).then_some(kind))
    }
}

/// The bucket's handle and, where the row ends with it, the object key.
fn handle_and_key(row: &[u8]) -> Option<(u64, String)> {
    let handle = u64::from_be_bytes(row.get(1..BUCKET_PREFIX_LEN)?.try_into().ok()?);
    Some((handle, String::from_utf8_lossy(row.get(BUCKET_PREFIX_LEN..)?).into_owned()))
}
