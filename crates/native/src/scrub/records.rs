use meta::Record;
use store::StoreError;
use types::{BucketName, ObjectKey};

use super::damage::{Damage, DamageKind};
use super::run::{OPERATION, Scrub};
use crate::error::During;
use crate::keys::{self, BUCKET_PREFIX_LEN, Family};
use crate::record::{
    CompletedRecord, KeyState, ObjectRecord, PartPage, PartRecord, ToDo, UploadRecord, VersionRecord,
    decode_bucket,
};

impl Damage {
    pub(super) fn of(kind: DamageKind, record: &'static str) -> Self {
        Self { kind, record, bucket: None, key: None, version_id: None, part: None, blob: None }
    }
}

/// The family of a row, and its name in one word.
fn family_of(row: &[u8]) -> Option<(Family, &'static str)> {
    const FAMILIES: [(Family, &str); 12] = [
        (Family::Bucket, "bucket"),
        (Family::Completed, "completed upload"),
        (Family::Data, "data"),
        (Family::ToDo, "work"),
        (Family::KeyState, "key state"),
        (Family::Current, "object"),
        (Family::Part, "part of an upload"),
        (Family::BlobReference, "reference to a blob"),
        (Family::TableReference, "reference to a part table"),
        (Family::PartPage, "part table"),
        (Family::Upload, "upload"),
        (Family::Version, "version"),
    ];
    FAMILIES.into_iter().find(|(family, _)| row.first() == Some(&(*family as u8)))
}

impl Scrub {
    /// The damage of a record that cannot be read.
    pub(super) fn unreadable(&self, row: &[u8]) -> Damage {
        self.damage_at(row, DamageKind::RecordUnreadable)
    }

    /// A damage at a row, with what the row's key tells.
    pub(super) fn damage_at(&self, row: &[u8], kind: DamageKind) -> Damage {
        let Some((family, name)) = family_of(row) else { return Damage::of(kind, "record") };
        let mut damage = Damage::of(kind, name);
        let rest = row.get(1..).unwrap_or_default();
        let handle = rest.get(..8).and_then(|handle| handle.try_into().ok()).map(u64::from_be_bytes);
        let behind = row.get(BUCKET_PREFIX_LEN..).unwrap_or_default();
        match family {
            Family::Bucket => {
                damage.bucket = std::str::from_utf8(rest).ok().and_then(|name| BucketName::new(name).ok());
                return damage;
            }
            Family::Current | Family::KeyState => {
                damage.key = Some(String::from_utf8_lossy(behind).into_owned());
            }
            Family::Version => damage.key = keys::parse_version(row).map(|(key, _)| key),
            Family::Upload => damage.key = keys::parse_upload(row).map(|(key, _)| key),
            Family::Part | Family::PartPage => {
                damage.part = keys::parse_numbered(row);
                return damage;
            }
            Family::Completed => {}
            Family::Data | Family::ToDo | Family::BlobReference | Family::TableReference => return damage,
        }
        damage.bucket = handle.and_then(|handle| self.buckets.get(&handle)).cloned();
        damage
    }

    /// Looks at one record and what it refers to.
    pub(super) async fn look_at(
        &mut self,
        record: Record,
        damages: &mut Vec<Damage>,
    ) -> Result<(), StoreError> {
        let row = record.key.clone();
        match self.judge(&record).await? {
            None => {}
            Some(_) if self.has_changed(&record).await? => {}
            Some(kind) => damages.push(self.damage_at(&row, kind)),
        }
        Ok(())
    }

    /// Whether a record is another by now: what was seen of it and its data may then not belong together.
    async fn has_changed(&self, record: &Record) -> Result<bool, StoreError> {
        let now = self.native.meta.get(&record.key).await.during(OPERATION)?;
        Ok(now.is_none_or(|now| now.revision != record.revision))
    }

    async fn judge(&mut self, record: &Record) -> Result<Option<DamageKind>, StoreError> {
        let (row, value) = (&record.key[..], &record.value[..]);
        let malformed = Ok(Some(DamageKind::RecordMalformed));
        let Some((family, _)) = family_of(row) else { return malformed };
        let is_sound = match family {
            Family::Bucket => {
                let name = row.get(1..).and_then(|name| std::str::from_utf8(name).ok());
                let name = name.and_then(|name| BucketName::new(name).ok());
                name.is_some_and(|name| decode_bucket(value, name, record.revision).is_ok())
            }
            Family::Completed => CompletedRecord::decode(value).is_ok(),
            Family::Data => row.len() == 1 + 16,
            Family::ToDo => ToDo::decode(row, value).is_ok(),
            Family::BlobReference => row.len() == 1 + 16 + 16 + 4 && value.is_empty(),
            Family::TableReference => row.len() == 1 + 16 + 16 && value.is_empty(),
            Family::PartPage => keys::parse_numbered(row).is_some() && PartPage::decode(value).is_ok(),
            Family::Upload => keys::parse_upload(row).is_some() && UploadRecord::decode(value).is_ok(),
            Family::Current => {
                let key = std::str::from_utf8(row.get(BUCKET_PREFIX_LEN..).unwrap_or_default());
                let key = key.ok().and_then(|key| ObjectKey::new(key).ok());
                return match ObjectRecord::decode(value) {
                    Ok(object) if key.is_some() => self.judge_object(&object).await,
                    _ => malformed,
                };
            }
            Family::KeyState => {
                return match KeyState::decode(value) {
                    Ok(state) => self.judge_state(row, &state).await,
                    Err(_) => malformed,
                };
            }
            Family::Version => {
                return match (keys::parse_version(row), VersionRecord::decode(value)) {
                    (Some((key, sequence)), Ok(version)) if version.version().sequence == sequence => {
                        self.judge_version(row, &key, &version).await
                    }
                    _ => malformed,
                };
            }
            Family::Part => {
                return match (keys::parse_numbered(row), PartRecord::decode(value)) {
                    (Some(number), Ok(part)) => self.judge_part(row, number, &part).await,
                    _ => malformed,
                };
            }
        };
        Ok((!is_sound).then_some(DamageKind::RecordMalformed))
    }
}
