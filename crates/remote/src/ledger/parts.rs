use super::error::Sound;
use super::keys::{self, Family, KeyRange};
use super::rows::{RACES_MAX, check_provider, contended};
use super::{Ledger, PartRecord, UploadRecord};
use bytes::Bytes;
use meta::{Check, Commit};
use store::{ListParts, Missing, StoreError};

impl Ledger {
    /// Records a part and returns the one of that number that it replaces.
    ///
    /// # Errors
    /// `Missing(Upload)` where the upload is gone; failures of the engine.
    pub async fn put_part(
        &self,
        upload: &UploadRecord,
        part: &PartRecord,
    ) -> Result<Option<PartRecord>, StoreError> {
        check_provider(&part.provider)?;
        let number = upload.number()?;
        let (upload_key, part_key) = (upload.row_key()?, keys::part(number, part.number));
        for _ in 0..RACES_MAX {
            let mut rows = self.rows(&[upload_key.clone(), part_key.clone()]).await?;
            let (replaced, upload_row) = (rows.pop().flatten(), rows.pop().flatten());
            let Some(upload_row) = upload_row else {
                return Err(StoreError::missing(Missing::Upload, "record a part"));
            };
            let mut commit = Commit::default();
            commit.check(Check::Shared(upload_key.clone(), upload_row.revision));
            commit.check(match &replaced {
                Some(row) => Check::Equals(part_key.clone(), row.revision),
                None => Check::Absent(part_key.clone()),
            });
            commit.put(part_key.clone(), part.encode());
            if self.try_commit(commit).await? {
                return replaced.map(|row| PartRecord::decode(&row.value, part.number)).transpose().sound();
            }
        }
        Err(contended())
    }

    /// Parts in order of number, and whether there are more.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn parts(
        &self,
        upload: &UploadRecord,
        page: ListParts,
    ) -> Result<(Vec<PartRecord>, bool), StoreError> {
        let number = upload.number()?;
        let range = KeyRange::of_prefix(&keys::of_upload(Family::Part, number));
        let range = range.starting(keys::behind_key(&keys::part(number, page.after)));
        // At least one is read, to know whether there are more.
        let (rows, mut more) = self.scan(range, page.limit.max(1)).await?;
        more |= rows.len() > page.limit;
        let part = |row: &meta::Record| {
            let number = keys::parse_part(&row.key).ok_or(::record::Malformed)?;
            PartRecord::decode(&row.value, number)
        };
        let parts = rows.iter().take(page.limit).map(part).collect::<Result<_, _>>().sound()?;
        Ok((parts, more))
    }

    /// Parts of these numbers, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn parts_numbered(
        &self,
        upload: &UploadRecord,
        numbers: &[u32],
    ) -> Result<Vec<Option<PartRecord>>, StoreError> {
        let upload = upload.number()?;
        let keys: Vec<Bytes> = numbers.iter().map(|number| keys::part(upload, *number)).collect();
        let rows = self.rows(&keys).await?;
        rows.iter()
            .zip(numbers)
            .map(|(row, number)| {
                row.as_ref().map(|row| PartRecord::decode(&row.value, *number)).transpose().sound()
            })
            .collect()
    }
}
