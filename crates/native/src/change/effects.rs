use blob::BlobId;
use bytes::Bytes;
use meta::{Commit, Write};

use crate::ids::DataId;
use crate::keys;
use crate::record::{Data, ObjectRecord, Place, ToDo};

/// What a change does beside the rows of its key: data that comes, references that come and go. Those that go are written
/// first.
#[derive(Default)]
pub(crate) struct Effects {
    released: Vec<Write>,
    added: Vec<Write>,
}

fn put(key: Bytes, value: Bytes) -> Write {
    Write::Put { key, value }
}

impl Effects {
    /// Gives up an object's data.
    pub(crate) fn release(&mut self, object: &ObjectRecord) {
        match &object.data {
            Data::Whole(place) => self.release_place(*place, object.owner, 0),
            Data::Table(table) => {
                let key = keys::table_reference(table.id, object.owner);
                self.released.push(Write::Delete { key });
                self.released.push(put(ToDo::Table(table.id).key(), ToDo::value()));
            }
        }
    }

    /// Gives up a part's data, or that of an object in one piece (`part` 0).
    pub(crate) fn release_place(&mut self, place: Place, owner: DataId, part: u32) {
        match place {
            Place::Empty => {}
            Place::Inline(id) => self.released.push(Write::Delete { key: keys::data(id) }),
            Place::Blob(blob) => {
                self.released.push(Write::Delete { key: keys::blob_reference(blob, owner, part) });
                self.released.push(put(ToDo::Blob(blob).key(), ToDo::value()));
            }
        }
    }

    /// Refers to a blob.
    pub(crate) fn refer_to_blob(&mut self, blob: BlobId, owner: DataId, part: u32) {
        self.added.push(put(keys::blob_reference(blob, owner, part), Bytes::new()));
    }

    /// Refers to a part table.
    pub(crate) fn refer_to_table(&mut self, table: DataId, owner: DataId) {
        self.added.push(put(keys::table_reference(table, owner), Bytes::new()));
    }

    /// Writes a row.
    pub(crate) fn put(&mut self, key: Bytes, value: Bytes) {
        self.added.push(put(key, value));
    }

    /// Removes a row.
    pub(crate) fn delete(&mut self, key: Bytes) {
        self.released.push(Write::Delete { key });
    }

    /// Adds work for the collector.
    pub(crate) fn leave(&mut self, to_do: ToDo) {
        self.added.push(put(to_do.key(), ToDo::value()));
    }

    /// Adds the writes to a commit.
    pub(crate) fn finish(self, commit: &mut Commit) {
        commit.writes.extend(self.released);
        commit.writes.extend(self.added);
    }

    /// The same writes for another try.
    pub(crate) fn append_to(&self, commit: &mut Commit) {
        commit.writes.extend(self.released.iter().chain(&self.added).cloned());
    }
}
