use store::{Bucket, Identity, ObjectIdentity, PutOptions, PutOutcome, StoreError, StoreErrorKind};
use types::{Body, ObjectKey};

use crate::change::Effects;
use crate::ids::DataId;
use crate::native::Native;
use crate::parts::NewTable;
use crate::publish::{Draft, Target, Unpublished};
use crate::receive::Stored;
use crate::record::{Data, PartEntry};

const OPERATION: &str = "put object";

impl Native {
    pub(crate) async fn put(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let (stored, identity, size_bytes) = match options.identity {
            Identity::Compute(expected) => {
                let (stored, digests) = self.receive_verified(body, expected, OPERATION).await?;
                let (etag, checksum) = (digests.etag(), Some(digests.checksum));
                (stored, ObjectIdentity { etag, checksum, part_sizes: Vec::new() }, digests.size_bytes)
            }
            Identity::Supplied(identity) => {
                let (stored, size_bytes) = self.receive(body, OPERATION).await?;
                (stored, identity, size_bytes)
            }
        };
        let owner = self.new_id();
        let mut effects = Effects::default();
        let data = lay_out(&identity, size_bytes, &stored, owner, &mut effects)?;
        let mut draft = Draft {
            etag: identity.etag,
            checksum: identity.checksum,
            size_bytes,
            metadata: options.metadata,
            owner,
            data,
            stored,
            effects,
            checks: Vec::new(),
        };
        let mut target = Target::new(bucket, key);
        match self.publish(&mut target, &options.condition, &mut draft, OPERATION).await {
            Ok(outcome) => Ok(outcome),
            Err(Unpublished::Failed(error)) => Err(error),
            Err(Unpublished::Stale) => Err(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
        }
    }
}

/// Where the bytes of a put are: in one piece, or in one piece under a part table that somebody above has kept.
fn lay_out(
    identity: &ObjectIdentity,
    size_bytes: u64,
    stored: &Stored,
    owner: DataId,
    effects: &mut Effects,
) -> Result<Data, StoreError> {
    if identity.part_sizes.is_empty() {
        return Ok(Data::Whole(stored.place()));
    }
    let sum = identity.part_sizes.iter().try_fold(0u64, |sum, size| sum.checked_add(*size));
    if sum != Some(size_bytes) {
        let problem = store::PartProblem::ObjectSize;
        return Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION));
    }
    let mut place_offset = 0;
    let entry = |(number, size): (u32, &u64)| {
        let part = PartEntry {
            number,
            size_bytes: *size,
            place: stored.place(),
            place_offset,
            md5: None,
            checksum: None,
        };
        place_offset += size;
        part
    };
    let table = NewTable::of(owner, (1..).zip(&identity.part_sizes).map(entry).collect());
    table.rows.into_iter().for_each(|(row, page)| effects.put(row, page));
    effects.refer_to_table(owner, owner);
    if let Stored::Blob(blob) = stored {
        effects.refer_to_blob(blob.id(), owner, 1);
    }
    Ok(Data::Table(table.table))
}
