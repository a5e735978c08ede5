use store::{Bucket, ListParts, ObjectParts, OpenOptions, PartSpan, StoreError};
use types::ObjectKey;

use crate::find::Looks;
use crate::native::Native;
use crate::record::{Data, TableRef};

const OPERATION: &str = "list parts of object";

impl Native {
    pub(crate) async fn object_parts(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let mut looks = Looks::default();
        loop {
            let found = self.find(bucket, key, options.version_id.as_ref(), OPERATION).await?;
            let Data::Table(table) = &found.object.data else { return Ok(ObjectParts::default()) };
            if let Some(parts) = self.table_parts(table, page).await? {
                return Ok(parts);
            }
            looks.again(found, OPERATION)?;
        }
    }

    /// Parts of a table with numbers above `after`; `None` where the table has gone.
    async fn table_parts(
        &self,
        table: &TableRef,
        page: ListParts,
    ) -> Result<Option<ObjectParts>, StoreError> {
        let mut parts = Vec::new();
        for number in table.page_of_number(page.after.saturating_add(1))..table.pages.len() {
            let Some(entries) = table.page(&*self.meta, number, OPERATION).await? else { return Ok(None) };
            for part in entries.into_iter().filter(|part| part.entry.number > page.after) {
                if parts.len() == page.limit {
                    return Ok(Some(ObjectParts { parts, more: true }));
                }
                let (number, checksum) = (part.entry.number, part.entry.checksum);
                parts.push(PartSpan { number, range: part.range, checksum });
            }
        }
        Ok(Some(ObjectParts { parts, more: false }))
    }
}
