use store::Position;

/// Where a walk over keys goes on: at the first key not below these bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// At these bytes.
    At(Vec<u8>),
    /// Nowhere: behind every key.
    End,
}

impl Place {
    /// Where a listing with this prefix goes on behind `after`.
    pub(super) fn behind(prefix: &str, after: Option<&Position>) -> Self {
        let first = Self::At(prefix.as_bytes().to_vec());
        after.map_or(first.clone(), |after| Self::past(after).max(first))
    }

    /// Strictly behind a position.
    pub(super) fn past(position: &Position) -> Self {
        match position {
            Position::Key(key) => Self::At([key.as_bytes(), &[0]].concat()),
            Position::Prefix(prefix) => Self::end_of(prefix),
        }
    }

    /// Behind all keys with this prefix.
    pub(super) fn end_of(prefix: &str) -> Self {
        meta::after_prefix(prefix.as_bytes()).map_or(Self::End, Self::At)
    }

    /// The bytes; `None` behind every key.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::At(bytes) => Some(bytes),
            Self::End => None,
        }
    }

    /// Whether the walk has not yet come to the key.
    pub(super) fn is_before(&self, key: &str) -> bool {
        self.bytes().is_some_and(|bytes| bytes <= key.as_bytes())
    }
}

/// The common prefix that a key folds to: up to and with the first delimiter behind the prefix that was asked for.
pub(super) fn fold(key: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let place = key.get(prefix.len()..)?.find(delimiter)?;
    Some(key[..prefix.len() + place + delimiter.len()].to_owned())
}
