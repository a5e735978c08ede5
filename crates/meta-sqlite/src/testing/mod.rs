//! Tests that stand between SQLite and the device: power cuts and failing devices.

mod device;
mod failures;
mod image;
mod power_cuts;
mod recording;
mod vfs;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::connect::Connector;
use crate::{SqliteMeta, SqliteOptions};
use device::Device;

/// Opens a database whose files go through `device`.
fn open_on(device: Arc<Mutex<dyn Device>>, path: &Path, options: SqliteOptions) -> SqliteMeta {
    vfs::attach(path, device);
    let connector = Connector { path: path.to_owned(), options, vfs: Some(vfs::NAME) };
    SqliteMeta::connect(connector).expect("a database on a device that works so far")
}
