use store::StoreError;

use super::keys::{self, Family, KeyRange};
use super::rows::{malformed, read};
use super::{Journal, KeyState, ListedKey};

impl Journal {
    /// The known keys of a bucket in `start..end`, which are bytes that need not be whole keys, in order, at most `limit`,
    /// and whether there are more. No end is the bucket's.
    pub(crate) async fn known_between(
        &self,
        handle: u64,
        (start, end): (&[u8], Option<&[u8]>),
        limit: usize,
    ) -> Result<(Vec<ListedKey>, bool), StoreError> {
        let row = |place: &[u8]| {
            let mut row = keys::in_bucket(Family::Key, handle);
            row.extend_from_slice(place);
            row.freeze()
        };
        let mut range = KeyRange::of_prefix(&row(&[])).starting(row(start));
        if let Some(end) = end {
            range.end = range.end.min(row(end));
        }
        let (rows, more) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let (_, key) = keys::parse_of_key(&row.key).ok_or_else(malformed)?;
            Ok((key, read(KeyState::decode(&row.value))?))
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }
}
