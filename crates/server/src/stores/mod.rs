//! The stores of the configuration with their layers: opened, counted, closed.

mod assembled;
mod kept;
mod local;
mod locks;
mod memory;
mod mirrored;
mod opened;
mod readings;
mod remote;
mod stack;

pub(crate) use assembled::{Assembled, LayeredBucket, assemble, owner_of};
pub(crate) use kept::{For, keep};
pub(crate) use locks::lock_directories;
pub(crate) use mirrored::MirrorStore;
pub(crate) use opened::{Base, Engine, OpenedStore, SnapshotPlan, Surroundings, open_bare, open_base};
pub(crate) use stack::{EncryptingLayer, List, Stack, cache_name, read_keyring};
