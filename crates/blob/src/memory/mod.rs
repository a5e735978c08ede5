mod content;
mod image;
mod store;

pub use image::{MemoryImage, RemovalHold};
pub use store::MemoryBlobs;
