use std::sync::Arc;

use store::{Bucket, ObjectInfo, OpenOptions, Opened, PartSpan, StoreError};
use types::{ByteRange, ObjectKey};

use crate::find::{Found, Looks};
use crate::native::Native;
use crate::parts::no_such_part;
use crate::publish::shown;
use crate::record::{Data, ObjectRecord};

impl Native {
    pub(crate) async fn open(
        self: &Arc<Self>,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        const OPERATION: &str = "open object";
        let mut looks = Looks::default();
        loop {
            let found = self.find(bucket, key, options.version_id.as_ref(), OPERATION).await?;
            let content = self.open_content(&found, OPERATION).await?;
            let part = self.part_asked(&found, options.part_number, OPERATION).await?;
            if let (Some(content), Some(part)) = (content, part) {
                return Ok(Opened { info: info(bucket, found.object, part), content });
            }
            self.stats.reopened.add(1);
            looks.again(found, OPERATION)?;
        }
    }

    pub(crate) async fn head(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        const OPERATION: &str = "find object";
        let mut looks = Looks::default();
        loop {
            let found = self.find(bucket, key, options.version_id.as_ref(), OPERATION).await?;
            if let Some(part) = self.part_asked(&found, options.part_number, OPERATION).await? {
                return Ok(info(bucket, found.object, part));
            }
            self.stats.reopened.add(1);
            looks.again(found, OPERATION)?;
        }
    }

    /// Finds the part that was asked for, if one was; `None` where the object's part table has gone.
    async fn part_asked(
        &self,
        found: &Found,
        number: Option<u32>,
        operation: &'static str,
    ) -> Result<Option<Option<PartSpan>>, StoreError> {
        let object = &found.object;
        let Some(number) = number else { return Ok(Some(None)) };
        match &object.data {
            Data::Whole(_) if number == 1 => {
                let range = ByteRange::whole(object.size_bytes);
                Ok(Some(Some(PartSpan { number, range, checksum: object.checksum })))
            }
            Data::Whole(_) => Err(no_such_part(operation)),
            Data::Table(table) => {
                let part = table.find(&*self.meta, number, operation).await?;
                Ok(part
                    .map(|part| Some(PartSpan { number, range: part.range, checksum: part.entry.checksum })))
            }
        }
    }
}

fn info(bucket: &Bucket, object: ObjectRecord, part: Option<PartSpan>) -> ObjectInfo {
    ObjectInfo {
        etag: object.etag,
        size_bytes: object.size_bytes,
        modified_at: object.modified_at,
        version_id: shown(bucket, object.version),
        metadata: object.metadata,
        checksum: object.checksum,
        part_count: match &object.data {
            Data::Whole(_) => None,
            Data::Table(table) => Some(table.part_count),
        },
        part,
    }
}
