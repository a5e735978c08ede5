use layers::{Bandwidth, Fault, Limit, Prefix, ReadOnly, RequestLog, Retry};

use super::Stack;
use super::light::made;
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

    /// The layers of a store or a bucket. A `prefix` stands at its place among them.
    ///
    /// # Errors
    /// Where a file, a directory or a key that one needs cannot be used.
    pub(crate) async fn make(
        &mut self,
        owner: For<'_>,
        layers: &[LayerSettings],
        prefix: Option<&str>,
    ) -> Result<Stack, Failure> {
        let mut stack = Stack { label: Some(owner.label()), ..Stack::default() };
        for (index, layer) in layers.iter().enumerate() {
            let setting = format!("{}.layers[{index}]", owner.setting());
            self.add(&mut stack, &setting, layer).await?;
        }
        if let Some(prefix) = prefix {
            stack.insert_name(Prefix::below(prefix));
        }
        Ok(stack)
    }

    async fn add(&mut self, stack: &mut Stack, setting: &str, layer: &LayerSettings) -> Result<(), Failure> {
        let random = || self.around.random.clone();
        match layer {
            LayerSettings::Log => stack.push(RequestLog::new(&stack.place())),
            LayerSettings::Limit(options) => stack.push_limit(made(setting, Limit::new(*options))?),
            LayerSettings::Bandwidth(options) => {
                stack.push_bandwidth(made(setting, Bandwidth::new(*options))?)
            }
            LayerSettings::Retry(options) => stack.push_retry(made(setting, Retry::new(*options, random()))?),
            LayerSettings::ReadOnly => stack.push(ReadOnly::new()),
            LayerSettings::Prefix(prefix) => stack.push(Prefix::below(prefix)),
            LayerSettings::Fault(options) => stack.push_fault(made(setting, Fault::new(*options, random()))?),
            _ => return Err(Failure::configuration(format!("{setting}: {}", layer.name()))),
        }
        Ok(())
    }
}
