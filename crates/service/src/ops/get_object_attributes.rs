use s3_model::{
    AttributePart, AttributeParts, GetObjectAttributesInput, GetObjectAttributesOutput, ObjectAttribute,
    S3Error,
};
use store::{ListParts, ObjectInfo, OpenOptions};
use types::{ChecksumKind, Context};

use crate::{Admitted, Service};

impl Service {
    /// GetObjectAttributes.
    pub(crate) async fn get_object_attributes(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: GetObjectAttributesInput,
    ) -> Result<GetObjectAttributesOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let info = self.store.head(cx, bucket, key, open_options(&input)).await;
        let subject = admitted.subject().version(input.version_id.as_ref());
        let info = info.map_err(|error| subject.error(cx, error))?;
        let parts = match info.part_count {
            Some(total) if input.wants(ObjectAttribute::ObjectParts) => {
                Some(self.attribute_parts(cx, admitted, &input, &info, total).await?)
            }
            _ => None,
        };
        Ok(GetObjectAttributesOutput {
            modified_at: info.modified_at,
            etag: input.wants(ObjectAttribute::ETag).then_some(info.etag),
            checksum: info.checksum.filter(|_| input.wants(ObjectAttribute::Checksum)),
            parts,
            storage_class: input.wants(ObjectAttribute::StorageClass).then_some(info.metadata.storage_class),
            size_bytes: input.wants(ObjectAttribute::ObjectSize).then_some(info.size_bytes),
            version_id: info.version_id,
        })
    }

    /// A page of parts. S3 lists them one by one only where the checksum is made of theirs; of other objects it tells how
    /// many there are.
    async fn attribute_parts(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &GetObjectAttributesInput,
        info: &ObjectInfo,
        total_count: u32,
    ) -> Result<AttributeParts, S3Error> {
        let (bucket, key) = admitted.object()?;
        let mut answer = AttributeParts {
            total_count,
            part_number_marker: input.part_number_marker,
            max_parts: input.max_parts,
            is_truncated: false,
            parts: Vec::new(),
        };
        let composite = info.checksum.is_some_and(|checksum| checksum.kind == ChecksumKind::Composite);
        if !composite || input.max_parts == 0 {
            return Ok(answer);
        }
        let page = ListParts { after: input.part_number_marker, limit: input.max_parts as usize };
        let page = self.store.parts(cx, bucket, key, open_options(input), page).await;
        let page =
            page.map_err(|error| admitted.subject().version(input.version_id.as_ref()).error(cx, error))?;
        answer.is_truncated = page.more;
        answer.parts = page
            .parts
            .into_iter()
            .map(|part| AttributePart {
                number: part.number,
                size_bytes: part.range.len(),
                checksum: part.checksum,
            })
            .collect();
        Ok(answer)
    }
}

fn open_options(input: &GetObjectAttributesInput) -> OpenOptions {
    OpenOptions { version_id: input.version_id.clone(), ..OpenOptions::default() }
}
