use store::{
    ListEntry, ListPage, Missing, ObjectSummary, Position, StoreError, StoreErrorKind, UploadEntry,
    UploadPage, UploadSummary, VersionEntry, VersionPage, VersionState, VersionSummary,
};
use types::ObjectKey;

/// Why a key is refused that its store could hold without the prefix.
pub(crate) const TOO_LONG: &str =
    "the key is over 1024 bytes long together with the prefix that the bucket has in its store";

/// The keys below a prefix, which our callers see without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeySpace<'a> {
    prefix: &'a str,
}

impl<'a> KeySpace<'a> {
    pub(crate) fn below(prefix: &'a str) -> Self {
        Self { prefix }
    }

    /// Whether it holds all keys as they are.
    pub(crate) fn is_whole(self) -> bool {
        self.prefix.is_empty()
    }

    /// A key to write, as the store has it.
    ///
    /// # Errors
    /// `Unsupported` where it is too long.
    pub(crate) fn to_write(self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        self.inward(key).ok_or_else(|| StoreError::new(StoreErrorKind::Unsupported(TOO_LONG), "write"))
    }

    /// A key to look for, as the store has it.
    ///
    /// # Errors
    /// `Missing(Key)` where it is too long to be there.
    pub(crate) fn to_find(self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        self.inward(key).ok_or_else(|| StoreError::missing(Missing::Key, "find"))
    }

    fn inward(self, key: &ObjectKey) -> Option<ObjectKey> {
        if self.is_whole() {
            return Some(key.clone());
        }
        ObjectKey::new(&self.text(key.as_str())).ok()
    }

    /// A text that is compared with keys, as the store compares it.
    pub(crate) fn text(self, text: &str) -> String {
        [self.prefix, text].concat()
    }

    /// Where a listing begins or goes on. The key that is the prefix itself has no name here, so a listing that would show
    /// it begins behind it.
    pub(crate) fn position(self, wanted: &str, after: Option<Position>) -> Option<Position> {
        match after {
            Some(Position::Key(key)) => Some(Position::Key(self.text(&key))),
            Some(Position::Prefix(prefix)) => Some(Position::Prefix(self.text(&prefix))),
            None if self.is_whole() || !wanted.is_empty() => None,
            None => Some(Position::Key(self.prefix.to_owned())),
        }
    }

    /// A key of the store's, without the prefix.
    fn outward(self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        if self.is_whole() {
            return Ok(key.clone());
        }
        ObjectKey::new(self.strip(key.as_str())?).map_err(|_| outside())
    }

    fn strip(self, text: &str) -> Result<&str, StoreError> {
        text.strip_prefix(self.prefix).ok_or_else(outside)
    }

    fn folded(self, prefix: String) -> Result<String, StoreError> {
        if self.is_whole() { Ok(prefix) } else { self.strip(&prefix).map(str::to_owned) }
    }

    fn summary(self, object: ObjectSummary) -> Result<ObjectSummary, StoreError> {
        Ok(ObjectSummary { key: self.outward(&object.key)?, ..object })
    }

    /// A page of the store's, without the prefix.
    ///
    /// # Errors
    /// `Internal` where the store listed a key that was not asked for.
    pub(crate) fn objects(self, page: ListPage) -> Result<ListPage, StoreError> {
        if self.is_whole() {
            return Ok(page);
        }
        let entry = |entry| {
            Ok(match entry {
                ListEntry::Object(object) => ListEntry::Object(self.summary(object)?),
                ListEntry::Prefix(prefix) => ListEntry::Prefix(self.folded(prefix)?),
            })
        };
        Ok(ListPage {
            entries: page.entries.into_iter().map(entry).collect::<Result<_, StoreError>>()?,
            more: page.more,
        })
    }

    /// As [`KeySpace::objects`], for versions.
    pub(crate) fn versions(self, page: VersionPage) -> Result<VersionPage, StoreError> {
        if self.is_whole() {
            return Ok(page);
        }
        let state = |state| {
            Ok(match state {
                VersionState::Object(object) => VersionState::Object(self.summary(object)?),
                VersionState::DeleteMarker => VersionState::DeleteMarker,
            })
        };
        let entry = |entry| {
            Ok(match entry {
                VersionEntry::Version(version) => VersionEntry::Version(VersionSummary {
                    key: self.outward(&version.key)?,
                    state: state(version.state)?,
                    ..version
                }),
                VersionEntry::Prefix(prefix) => VersionEntry::Prefix(self.folded(prefix)?),
            })
        };
        let entries = page.entries.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(VersionPage { entries, more: page.more })
    }

    /// As [`KeySpace::objects`], for uploads.
    pub(crate) fn uploads(self, page: UploadPage) -> Result<UploadPage, StoreError> {
        if self.is_whole() {
            return Ok(page);
        }
        let entry = |entry| {
            Ok(match entry {
                UploadEntry::Upload(upload) => {
                    UploadEntry::Upload(UploadSummary { key: self.outward(&upload.key)?, ..upload })
                }
                UploadEntry::Prefix(prefix) => UploadEntry::Prefix(self.folded(prefix)?),
            })
        };
        let entries = page.entries.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(UploadPage { entries, more: page.more })
    }
}

fn outside() -> StoreError {
    StoreError::with_source(
        StoreErrorKind::Internal,
        "list",
        "the store listed a key outside the prefix that it was asked for",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_held_to_their_length_together_with_the_prefix() {
        let space = KeySpace::below("p/");
        let key = |length: usize| ObjectKey::new(&"k".repeat(length)).unwrap();
        assert_eq!(space.to_write(&key(1022)).unwrap().as_str().len(), 1024);
        let error = space.to_write(&key(1023)).unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}");
        let error = space.to_find(&key(1023)).unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Key)), "{error}");
        assert_eq!(KeySpace::below("").to_write(&key(1024)).unwrap(), key(1024));
    }

    #[test]
    fn a_listing_begins_behind_the_key_that_is_the_prefix() {
        let space = KeySpace::below("p/");
        assert_eq!(space.position("", None), Some(Position::Key("p/".into())));
        assert_eq!(space.position("a", None), None);
        assert_eq!(
            space.position("", Some(Position::Prefix("a/".into()))),
            Some(Position::Prefix("p/a/".into()))
        );
        assert_eq!(KeySpace::below("").position("", None), None);
    }
}
