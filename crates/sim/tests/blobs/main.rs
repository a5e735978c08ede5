//! Blobs on a simulated disk: the blob suite, power cuts at every moment, faults of the device.

mod faults;
mod power_cut;
mod power_cut_concurrent;
mod recovery;
mod suite;
mod world;
