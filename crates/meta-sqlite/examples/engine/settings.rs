use std::path::PathBuf;
use std::time::Duration;

use meta_sqlite::Durability;

use crate::Failure;

/// Which part of the table to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Puts,
    Reads,
}

/// What to measure.
pub(crate) struct Settings {
    pub(crate) threads: u32,
    pub(crate) value_bytes: usize,
    pub(crate) keys: u64,
    pub(crate) duration: Duration,
    pub(crate) directory: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) part: Part,
}

impl Settings {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut settings = Self {
            threads: 64,
            value_bytes: 4096,
            keys: 1_000_000,
            duration: Duration::from_secs(3),
            directory: PathBuf::from("."),
            durability: Durability::Strict,
            part: Part::All,
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} wants a value"))?;
            match (name.as_str(), value.as_str()) {
                ("--threads", _) => settings.threads = value.parse()?,
                ("--value", _) => settings.value_bytes = value.parse()?,
                ("--keys", _) => settings.keys = value.parse()?,
                ("--seconds", _) => settings.duration = Duration::from_secs_f64(value.parse()?),
                ("--dir", _) => settings.directory = value.into(),
                ("--durability", "strict") => settings.durability = Durability::Strict,
                ("--durability", "relaxed") => settings.durability = Durability::Relaxed,
                ("--only", "puts") => settings.part = Part::Puts,
                ("--only", "reads") => settings.part = Part::Reads,
                _ => return Err(format!("unknown: {name} {value}").into()),
            }
        }
        Ok(settings)
    }
}
