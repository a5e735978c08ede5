use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml::Value;

use super::table::Table;
use super::{ConfigError, Environment, Secret, units};

/// The longest duration, a hundred years: clocks and timers can add it to any time.
const DURATION_MAX: Duration = Duration::from_secs(876_000 * 60 * 60);

/// The longest prefix of keys.
const PREFIX_MAX_BYTES: usize = 512;

/// One table of settings while it is read: each value with the place it came from.
pub(super) struct Section<'a> {
    path: String,
    values: Vec<(&'static str, Value, String)>,
    /// Where relative paths and `file:` references of the file begin.
    base: PathBuf,
    environment: &'a dyn Environment,
}

impl<'a> Section<'a> {
    /// Takes a table of the file; a key that `known` does not have is refused by its path.
    pub(super) fn new(
        path: &str,
        table: toml::Table,
        known: &Table,
        base: &Path,
        environment: &'a dyn Environment,
    ) -> Result<Self, ConfigError> {
        let mut values = Vec::new();
        for (key, value) in table {
            let setting = format!("{path}.{key}");
            let Some(found) = known.settings.iter().find(|setting| setting.name == key) else {
                return Err(ConfigError::new(setting, unknown(&key, known)));
            };
            values.push((found.name, value, setting));
        }
        Ok(Self { path: path.to_owned(), values, base: base.to_owned(), environment })
    }

    /// Puts a value of higher rank in place; `origin` names it in messages.
    pub(super) fn overlay(&mut self, name: &'static str, value: Value, origin: impl Into<String>) {
        self.values.retain(|(known, ..)| *known != name);
        self.values.push((name, value, origin.into()));
    }

    /// The path of a setting of this table, for messages.
    pub(super) fn setting(&self, name: &str) -> String {
        self.values
            .iter()
            .find(|(known, ..)| *known == name)
            .map_or_else(|| format!("{}.{name}", self.path), |(.., origin)| origin.clone())
    }

    fn value(&self, name: &str) -> Option<(&Value, &str)> {
        self.values
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, value, origin)| (value, origin.as_str()))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        match self.value(name) {
            None => Ok(None),
            Some((Value::String(text), origin)) if text.is_empty() => {
                Err(ConfigError::new(origin, "is empty; leave the setting out instead"))
            }
            Some((Value::String(text), _)) => Ok(Some(text)),
            Some((_, origin)) => Err(ConfigError::new(origin, "must be a text in quotes")),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, ConfigError> {
        self.text(name)?.ok_or_else(|| ConfigError::new(self.setting(name), "is missing"))
    }

    /// What keys begin with.
    pub(super) fn prefix(&self) -> Result<Option<String>, ConfigError> {
        let prefix = self.text("prefix")?;
        if prefix.is_some_and(|prefix| prefix.len() > PREFIX_MAX_BYTES) {
            let message =
                "is too long: at most 512 bytes, so that keys have the other half of what a store takes";
            return Err(ConfigError::new(self.setting("prefix"), message));
        }
        Ok(prefix.map(str::to_owned))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        let Some((value, origin)) = self.value(name) else { return Ok(Vec::new()) };
        let refused = || ConfigError::new(origin, "must be a list of texts, such as [\"a\", \"b\"]");
        let list = value.as_array().ok_or_else(refused)?;
        list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(refused)).collect()
    }

    /// Whether a setting is there, whatever it is.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A list of tables, at most `limit`, each with its path.
    pub(super) fn tables(&self, name: &str, limit: usize) -> Result<Vec<(String, toml::Table)>, ConfigError> {
        let Some((value, origin)) = self.value(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| {
            ConfigError::new(origin, "must be a list of tables, such as [ { kind = \"…\" } ]")
        })?;
        if list.len() > limit {
            return Err(ConfigError::new(origin, format!("has {} entries; at most {limit}", list.len())));
        }
        let table = |(index, item): (usize, &Value)| {
            let path = format!("{origin}[{index}]");
            match item {
                Value::Table(table) => Ok((path, table.clone())),
                _ => Err(ConfigError::new(path, "must be a table, such as { kind = \"…\" }")),
            }
        };
        list.iter().enumerate().map(table).collect()
    }

    /// A section for a table that stands inside this one.
    pub(super) fn below(
        &self,
        path: &str,
        table: toml::Table,
        known: &Table,
    ) -> Result<Section<'a>, ConfigError> {
        Section::new(path, table, known, &self.base, self.environment)
    }

    /// The table that a setting is.
    pub(super) fn table(&self, name: &str, known: &Table) -> Result<Section<'a>, ConfigError> {
        match self.value(name) {
            Some((Value::Table(table), origin)) => self.below(origin, table.clone(), known),
            _ => Err(ConfigError::new(self.setting(name), "must be a table, such as { name = \"value\" }")),
        }
    }

    /// The items of a list, whatever they are, each with its path.
    pub(super) fn items(&self, name: &str) -> Result<Vec<(String, Value)>, ConfigError> {
        let Some((value, origin)) = self.value(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| ConfigError::new(origin, "must be a list"))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(index, item)| (format!("{origin}[{index}]"), item.clone()))
            .collect())
    }

    pub(super) fn path(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(name)?.map(|path| self.base.join(path)))
    }

    /// The path that a reference `file:PATH` names.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, ConfigError> {
        let reference = self.required(name)?;
        Ok(self.base.join(reference.strip_prefix("file:").unwrap_or(reference)))
    }

    pub(super) fn secret(&self, name: &str) -> Result<Secret, ConfigError> {
        Secret::resolve(self.required(name)?, &self.setting(name), &self.base, self.environment)
    }

    pub(super) fn optional_secret(&self, name: &str) -> Result<Option<Secret>, ConfigError> {
        self.text(name)?.map(|_| self.secret(name)).transpose()
    }

    /// Two secrets that come together or not at all.
    pub(super) fn pair(&self, left: &str, right: &str) -> Result<Option<(Secret, Secret)>, ConfigError> {
        match (self.optional_secret(left)?, self.optional_secret(right)?) {
            (Some(left), Some(right)) => Ok(Some((left, right))),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(ConfigError::new(self.setting(right), format!("is missing beside {left}")))
            }
            (None, Some(_)) => {
                Err(ConfigError::new(self.setting(left), format!("is missing beside {right}")))
            }
        }
    }

    /// A service's URL, without a slash at its end.
    pub(super) fn url(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let uri = text.parse::<http::Uri>().ok().filter(|uri| {
            let is_plain =
                uri.query().is_none() && uri.authority().is_some_and(|at| !at.as_str().contains('@'));
            is_plain && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        match uri {
            Some(_) => Ok(Some(text.trim_end_matches('/').to_owned())),
            None => {
                let message = format!("\"{text}\" is not a URL such as https://storage.example.org");
                Err(ConfigError::new(self.setting(name), message))
            }
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ConfigError> {
        match self.value(name) {
            None => Ok(None),
            Some((Value::Boolean(flag), _)) => Ok(Some(*flag)),
            Some((_, origin)) => Err(ConfigError::new(origin, "must be true or false, without quotes")),
        }
    }

    pub(super) fn size(&self, name: &str) -> Result<Option<u64>, ConfigError> {
        self.number(name, units::size, |number| number, "a size, such as 512, \"64KiB\" or \"5GiB\"")
    }

    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        match self.duration_or_none(name)? {
            Some(Duration::ZERO) => Err(ConfigError::new(self.setting(name), "must be longer than nothing")),
            duration => Ok(duration),
        }
    }

    /// A duration that may be nothing.
    pub(super) fn duration_or_none(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        let wanted = "a duration, such as \"500ms\", \"30s\", \"5m\" or \"1h\"";
        match self.number(name, units::duration, Duration::from_secs, wanted)? {
            Some(duration) if duration > DURATION_MAX => {
                Err(ConfigError::new(self.setting(name), "is longer than 876000h, which is a hundred years"))
            }
            duration => Ok(duration),
        }
    }

    /// A part of a whole, 0 to 1.
    pub(super) fn share(&self, name: &str) -> Result<Option<f64>, ConfigError> {
        let Some((value, origin)) = self.value(name) else { return Ok(None) };
        let share = match value {
            Value::Float(share) => Some(*share),
            Value::Integer(share) => Some(*share as f64),
            _ => None,
        };
        let refused = || ConfigError::new(origin, "must be a number from 0 to 1, such as 0.01");
        share.filter(|share| (0.0..=1.0).contains(share)).map(Some).ok_or_else(refused)
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, ConfigError> {
        self.number(name, |text| text.parse().ok(), |number| number, "a whole number")
    }

    fn number<T>(
        &self,
        name: &str,
        from_text: impl Fn(&str) -> Option<T>,
        from_number: impl Fn(u64) -> T,
        wanted: &str,
    ) -> Result<Option<T>, ConfigError> {
        let Some((value, origin)) = self.value(name) else { return Ok(None) };
        let parsed = match value {
            Value::String(text) => from_text(text),
            Value::Integer(number) => u64::try_from(*number).ok().map(from_number),
            _ => None,
        };
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => other.type_str().to_owned(),
        };
        parsed.map(Some).ok_or_else(|| ConfigError::new(origin, format!("\"{shown}\" is not {wanted}")))
    }

    /// A text that parses, such as an address or one of a few words.
    pub(super) fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let refused = |_| ConfigError::new(self.setting(name), format!("\"{text}\" is not {wanted}"));
        text.parse().map(Some).map_err(refused)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
        default: T,
    ) -> Result<T, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            ConfigError::new(self.setting(name), format!("\"{text}\" is not one of {}", words.join(", ")))
        })
    }
}

/// Says that a key is unknown, with the nearest known one.
pub(super) fn unknown(key: &str, known: &Table) -> String {
    let names = known.settings.iter().map(|setting| setting.name);
    let nearest = names.clone().min_by_key(|name| distance(key, name));
    match nearest {
        Some(name) if distance(key, name) <= 3 => format!("unknown setting; did you mean \"{name}\"?"),
        _ => format!("unknown setting; {} has {}", known.heading, names.collect::<Vec<_>>().join(", ")),
    }
}

/// How many letters must change, come or go (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (place, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
