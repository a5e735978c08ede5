use store::{Bucket, ListParts, ObjectParts, OpenOptions, PartSpan, StoreError};
use types::{Context, ObjectKey};

use crate::store::Azure;

impl Azure {
    pub(crate) async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let found = self.look(cx, bucket, key, options.version_id.as_ref(), "list an object's parts").await?;
        let Some(table) = found.table else { return Ok(ObjectParts::default()) };
        let behind: Vec<_> = table.parts().iter().filter(|part| part.number > page.after).collect();
        let more = behind.len() > page.limit;
        let span = |part: &&crate::encode::TablePart| PartSpan {
            number: part.number,
            range: part.range,
            checksum: part.checksum,
        };
        Ok(ObjectParts { parts: behind.iter().take(page.limit).map(span).collect(), more })
    }
}
