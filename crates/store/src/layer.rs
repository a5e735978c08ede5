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

/// Whether layers of these names and slots may stand in this order, the outermost first.
///
/// # Errors
/// [`LayerClash`] with the first two that may not.
pub fn check_order(layers: &[(&'static str, Slot)]) -> Result<(), LayerClash> {
    match layers.windows(2).find(|pair| pair[0].1 > pair[1].1) {
        Some(pair) => Err(LayerClash { outer: pair[0].0, inner: pair[1].0 }),
        None => Ok(()),
    }
}

/// Wraps `inner` in `layers`, the outermost first.
///
/// # Errors
/// [`LayerClash`] when the slots are not in order.
pub fn stack(layers: &[Box<dyn Layer>], inner: SharedStore) -> Result<SharedStore, LayerClash> {
    let places: Vec<_> = layers.iter().map(|layer| (layer.name(), layer.slot())).collect();
    check_order(&places)?;
    Ok(layers.iter().rev().fold(inner, |store, layer| layer.wrap(store)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_that_clash_are_named() {
        let right = [
            ("log", Slot::Observe),
            ("crypt", Slot::Protect),
            ("crypt", Slot::Protect),
            ("cache", Slot::Place),
        ];
        assert_eq!(check_order(&right), Ok(()));
        let wrong = [("cache", Slot::Place), ("crypt", Slot::Protect), ("log", Slot::Observe)];
        let clash = check_order(&wrong).unwrap_err();
        assert_eq!(clash, LayerClash { outer: "cache", inner: "crypt" });
        assert_eq!(clash.to_string(), "layer \"crypt\" must come before layer \"cache\"");
    }
}
