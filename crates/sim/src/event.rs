use bytes::Bytes;
use meta::Commit;

use crate::{Kind, Tree};

/// A file or directory, whatever its names.
pub type NodeId = usize;

/// One thing that happened, in the order in which it took effect.
#[derive(Debug, Clone)]
pub enum Event {
    /// Bytes were written into a file.
    Write {
        /// The file.
        file: NodeId,
        /// Where.
        offset: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A file was cut or extended.
    Truncate {
        /// The file.
        file: NodeId,
        /// To this size.
        size_bytes: u64,
    },
    /// Everything written to the file before is durable.
    SyncFile(NodeId),
    /// A name was given to a new file or directory.
    Link {
        /// The directory that holds the name.
        directory: NodeId,
        /// The name.
        name: String,
        /// What it names.
        node: NodeId,
        /// What that is.
        kind: Kind,
    },
    /// A name was taken away.
    Unlink {
        /// The directory that held the name.
        directory: NodeId,
        /// The name.
        name: String,
    },
    /// A file got another name in the same directory, in one step.
    Rename {
        /// The directory.
        directory: NodeId,
        /// The name before.
        from: String,
        /// The name after.
        to: String,
        /// The file.
        node: NodeId,
    },
    /// Every name given, taken or changed in the directory before is durable.
    SyncDirectory(NodeId),
    /// A metadata commit has begun; from here on it may be durable.
    CommitBegun(Commit),
    /// The metadata commit that began last was acknowledged: it is durable.
    CommitDone,
    /// The metadata commit that began last was refused: it has no effect.
    CommitRefused,
    /// The workload was told that its step of this number is done.
    Acknowledged(usize),
}

/// All that happened on a disk, and what was there before.
#[derive(Debug, Clone)]
pub struct History {
    /// What was there before, durable.
    pub base: Tree,
    /// What happened.
    pub events: Vec<Event>,
}

impl History {
    /// How many steps of the workload had been acknowledged when the first `at` events had happened.
    pub fn acknowledged(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.events[..at].iter().filter_map(|event| match event {
            Event::Acknowledged(step) => Some(*step),
            _ => None,
        })
    }
}
