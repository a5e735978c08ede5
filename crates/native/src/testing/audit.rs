use std::collections::BTreeSet;

use blob::{BlobId, BlobStore, ScanScope};
use meta::Record;

use super::World;
use crate::ids::DataId;
use crate::keys::{self, Family};
use crate::record::{Data, ObjectRecord, PartPage, PartRecord, Place, ToDo, UploadRecord, VersionRecord};
use crate::{ScrubDepth, keys::parse_numbered};

/// Everything that a world's records hold and refer to.
#[derive(Default)]
struct Holdings {
    inline_held: BTreeSet<DataId>,
    inline_used: BTreeSet<DataId>,
    blob_references: BTreeSet<Vec<u8>>,
    blob_uses: BTreeSet<Vec<u8>>,
    table_references: BTreeSet<Vec<u8>>,
    table_uses: BTreeSet<Vec<u8>>,
    tables_held: BTreeSet<DataId>,
    tables_used: BTreeSet<DataId>,
    part_owners: BTreeSet<DataId>,
    uploads: BTreeSet<DataId>,
}

fn id_at(row: &[u8], place: usize) -> DataId {
    DataId::from_bytes(row[place..place + 16].try_into().unwrap())
}

impl Holdings {
    fn use_place(&mut self, place: Place, owner: DataId, part: u32) {
        match place {
            Place::Empty => {}
            Place::Inline(id) => drop(self.inline_used.insert(id)),
            Place::Blob(blob) => {
                self.blob_uses.insert(keys::blob_reference(blob, owner, part).to_vec());
            }
        }
    }

    fn use_object(&mut self, object: &ObjectRecord) {
        match &object.data {
            Data::Whole(place) => self.use_place(*place, object.owner, 0),
            Data::Table(table) => {
                self.tables_used.insert(table.id);
                self.table_uses.insert(keys::table_reference(table.id, object.owner).to_vec());
            }
        }
    }

    fn add(&mut self, record: &Record) {
        let (row, value) = (&record.key[..], &record.value[..]);
        let is = |family: Family| row[0] == family as u8;
        if is(Family::Data) {
            self.inline_held.insert(id_at(row, 1));
        } else if is(Family::BlobReference) {
            self.blob_references.insert(row.to_vec());
        } else if is(Family::TableReference) {
            self.table_references.insert(row.to_vec());
        } else if is(Family::Current) {
            self.use_object(&ObjectRecord::decode(value).unwrap());
        } else if is(Family::Version) {
            if let VersionRecord::Object(object) = VersionRecord::decode(value).unwrap() {
                self.use_object(&object);
            }
        } else if is(Family::PartPage) {
            self.tables_held.insert(id_at(row, 1));
            for part in PartPage::decode(value).unwrap().parts {
                self.use_place(part.place, id_at(row, 1), part.number);
            }
        } else if is(Family::Part) {
            self.part_owners.insert(id_at(row, 1));
            let part = PartRecord::decode(value).unwrap();
            self.use_place(part.place, id_at(row, 1), parse_numbered(row).unwrap());
        } else if is(Family::Upload) {
            self.uploads.insert(UploadRecord::decode(value).unwrap().parts);
        } else if is(Family::ToDo) {
            let to_do = ToDo::decode(row, value).unwrap();
            assert!(matches!(to_do, ToDo::Completed { .. }), "left to do: {to_do:?}");
        }
    }
}

/// Holds a world at rest, its collector having run, to this: everything used is there, and nothing else is.
pub(crate) async fn audit(world: &World) {
    let mut holdings = Holdings::default();
    for record in world.meta.records() {
        holdings.add(&record);
    }
    assert_eq!(holdings.inline_held, holdings.inline_used, "inline data held and used");
    assert_eq!(holdings.blob_references, holdings.blob_uses, "references to blobs, and their uses");
    assert_eq!(holdings.table_references, holdings.table_uses, "references to tables, and their uses");
    assert_eq!(holdings.tables_held, holdings.tables_used, "tables held and used");
    assert!(holdings.part_owners.is_subset(&holdings.uploads), "parts of no upload");
    let referenced: BTreeSet<BlobId> = holdings
        .blob_references
        .iter()
        .map(|row| BlobId::from_bytes(row[1..17].try_into().unwrap()))
        .collect();
    let held = world.blobs.scan(ScanScope::All, None, 100_000).await.unwrap();
    let held: BTreeSet<BlobId> = held.into_iter().map(|blob| blob.id).collect();
    assert_eq!(held, referenced, "blobs held and referred to");
    let mut scrub = world.open().scrub(None, ScrubDepth::Bytes);
    loop {
        let step = scrub.step().await.unwrap();
        assert_eq!(step.damages, []);
        if step.done {
            return;
        }
    }
}
