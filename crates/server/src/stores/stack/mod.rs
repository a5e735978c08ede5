//! The layers around a store, or around the home of a bucket.

mod caches;
mod crypts;
mod keys;
mod levels;
mod light;
mod maker;

use gateway::Reading;
use store::{Layer, SharedStore, Slot};

use crate::failure::Failure;

pub(crate) use caches::Caches;
pub(crate) use crypts::EncryptingLayer;
pub(crate) use keys::{Keys, read_keyring};
pub(crate) use maker::{List, Maker, cache_name};

/// What a layer has counted, read when it is asked for.
type Readings = Box<dyn Fn() -> Vec<Reading> + Send + Sync>;

/// The figures of one layer.
struct Figures {
    /// The layer's name.
    kind: &'static str,
    /// Its place in the list.
    index: usize,
    readings: Readings,
}

/// Layers with what they keep, the outermost first.
#[derive(Default)]
pub(crate) struct Stack {
    layers: Vec<Box<dyn Layer>>,
    figures: Vec<Figures>,
    /// Those that encrypt, the outermost first.
    pub(crate) crypts: Vec<EncryptingLayer>,
    /// The label of their figures.
    label: Option<(&'static str, String)>,
}

impl Stack {
    /// Puts the layers around a store.
    ///
    /// # Errors
    /// Where they stand in the wrong order.
    pub(crate) fn wrap(&self, inner: SharedStore) -> Result<SharedStore, Failure> {
        store::stack(&self.layers, inner).map_err(|clash| Failure::configuration(clash.to_string()))
    }

    /// What they are around, as the log names it.
    fn place(&self) -> String {
        self.label.as_ref().map_or(String::new(), |(_, name)| name.clone())
    }

    /// Adds the innermost layer so far.
    fn push(&mut self, layer: impl Layer + 'static) {
        self.layers.push(Box::new(layer));
    }

    /// Adds the innermost layer so far, which counts.
    fn push_counting(
        &mut self,
        layer: impl Layer + 'static,
        readings: impl Fn() -> Vec<Reading> + Send + Sync + 'static,
    ) {
        let (kind, index) = (layer.name(), self.layers.len());
        self.figures.push(Figures { kind, index, readings: Box::new(readings) });
        self.push(layer);
    }

    /// Adds a layer that renames at the place of its slot.
    fn insert_name(&mut self, layer: impl Layer + 'static) {
        let place = self.layers.iter().position(|other| other.slot() > Slot::Name);
        self.layers.insert(place.unwrap_or(self.layers.len()), Box::new(layer));
    }

    /// The layers' names, the outermost first.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.layers.iter().map(|layer| layer.name()).collect()
    }

    /// What the layers have counted; of several of one kind, by their places.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let mut all = Vec::new();
        for figures in &self.figures {
            let is_one = self.figures.iter().filter(|other| other.kind == figures.kind).count() == 1;
            for mut reading in (figures.readings)() {
                if !is_one {
                    reading = reading.label("layer", figures.index.to_string());
                }
                if let Some((name, value)) = &self.label {
                    reading = reading.label(name, value.as_str());
                }
                all.push(reading);
            }
        }
        all
    }
}
