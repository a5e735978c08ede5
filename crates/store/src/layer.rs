use std::fmt;

use crate::SharedStore;

/// Where in a stack a layer sits, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// Watches and counts.
    Observe,
    /// Limits rate, size and time.
    Bound,
    /// Forbids.
    Guard,
    /// Renames.
    Name,
    /// Encrypts.
    Protect,
    /// Decides where copies are: cache, mirror.
    Place,
    /// Shapes one target.
    Target,
}

/// Something wrapped around a store. A layer owns its state; wrapping is cheap.
pub trait Layer: Send + Sync {
    /// Its name in messages and settings.
    fn name(&self) -> &'static str;
    /// Where it sits.
    fn slot(&self) -> Slot;
    /// Puts it around a store.
    fn wrap(&self, inner: SharedStore) -> SharedStore;
}

/// Two layers stand in the wrong order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerClash {
    /// The layer that stands outside.
    pub outer: &'static str,
    /// The layer that stands inside it and belongs outside.
    pub inner: &'static str,
}

impl fmt::Display for LayerClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer \"{}\" must come before layer \"{}\"", self.inner, self.outer)
    }
}

impl std::error::Error for LayerClash {}

/// Wraps `inner` in `layers`, the outermost first.
///
/// # Errors
/// [`LayerClash`] when the slots are not in order.
pub fn stack(layers: &[Box<dyn Layer>], inner: SharedStore) -> Result<SharedStore, LayerClash> {
    if let Some(pair) = layers.windows(2).find(|pair| pair[0].slot() > pair[1].slot()) {
        return Err(LayerClash { outer: pair[0].name(), inner: pair[1].name() });
    }
    Ok(layers.iter().rev().fold(inner, |store, layer| layer.wrap(store)))
}
