use std::borrow::Cow;

use store::{
    Bucket, BucketUpdate, Capabilities, CopySource, DeleteTarget, ListEntry, ListPage, Missing, Position,
    StoreError, StoreErrorKind, Support, UploadEntry, UploadPage, VersionEntry, VersionPage, VersionState,
    Versioning,
};
use types::{ObjectKey, TagSet};

/// Why a key is refused that its store could hold without the prefix.
const TOO_LONG: &str =
    "the key is over 1024 bytes long together with the prefix that the bucket has in its store";

/// Why a bucket that is a part of another one keeps the settings that the other one has.
const PART_OF_ANOTHER: &str = "this bucket is the part below a prefix of another bucket in its store, and the setting would be that of the whole";

/// The keys below a prefix, which our callers see without it. With an empty prefix these are all keys as they are; with any
/// other one a bucket is a part of the one in the store, and what concerns the whole of that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpace<'a> {
    prefix: &'a str,
}

/// A key of the store's with one of ours where the prefix is taken away.
type Key<'k> = Cow<'k, ObjectKey>;

impl<'a> KeySpace<'a> {
    /// All keys as they are.
    #[must_use]
    pub const fn whole() -> Self {
        Self { prefix: "" }
    }

    /// The keys that begin with `prefix`.
    #[must_use]
    pub const fn below(prefix: &'a str) -> Self {
        Self { prefix }
    }

    /// Whether it holds all keys as they are.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.prefix.is_empty()
    }

    /// A key to write, as the store has it.
    ///
    /// # Errors
    /// `Unsupported` where it is too long.
    pub fn to_write(self, key: &ObjectKey) -> Result<Key<'_>, StoreError> {
        self.inward(key).ok_or_else(|| StoreError::new(StoreErrorKind::Unsupported(TOO_LONG), "write"))
    }

    /// A key to look for, as the store has it.
    ///
    /// # Errors
    /// `Missing(Key)` where it is too long to be there.
    pub fn to_find(self, key: &ObjectKey) -> Result<Key<'_>, StoreError> {
        self.inward(key).ok_or_else(|| StoreError::missing(Missing::Key, "find"))
    }

    /// A copy's source, as the store has it.
    ///
    /// # Errors
    /// As [`KeySpace::to_find`].
    pub fn source(self, source: &CopySource) -> Result<Cow<'_, CopySource>, StoreError> {
        Ok(match self.to_find(&source.key)? {
            Cow::Borrowed(_) => Cow::Borrowed(source),
            Cow::Owned(key) => Cow::Owned(CopySource { key, ..source.clone() }),
        })
    }

    /// What is to be deleted, as the store has it; and what cannot be a key there, by its place.
    pub(super) fn targets(self, targets: Vec<DeleteTarget>) -> (Vec<DeleteTarget>, Vec<(usize, StoreError)>) {
        let mut refused = Vec::new();
        if self.is_whole() {
            return (targets, refused);
        }
        let mut inward = Vec::with_capacity(targets.len());
        for (place, target) in targets.into_iter().enumerate() {
            match self.to_write(&target.key) {
                Ok(key) => inward.push(DeleteTarget { key: key.into_owned(), options: target.options }),
                Err(error) => refused.push((place, error)),
            }
        }
        (inward, refused)
    }

    fn inward(self, key: &ObjectKey) -> Option<Key<'_>> {
        if self.is_whole() {
            return Some(Cow::Borrowed(key));
        }
        ObjectKey::new(&[self.prefix, key.as_str()].concat()).ok().map(Cow::Owned)
    }

    /// A text that is compared with keys, as the store compares it.
    pub(super) fn text(self, text: String) -> String {
        if self.is_whole() { text } else { [self.prefix, &text].concat() }
    }

    /// Where a listing begins or goes on. The key that is the prefix itself has no name here, so a listing that would show
    /// it begins behind it.
    pub(super) fn position(self, wanted: &str, after: Option<Position>) -> Option<Position> {
        match after {
            Some(Position::Key(key)) => Some(Position::Key(self.text(key))),
            Some(Position::Prefix(prefix)) => Some(Position::Prefix(self.text(prefix))),
            None if self.is_whole() || !wanted.is_empty() => None,
            None => Some(Position::Key(self.prefix.to_owned())),
        }
    }

    /// Takes the prefix away from a key of the store's.
    fn outward(self, key: &mut ObjectKey) -> Result<(), StoreError> {
        *key = ObjectKey::new(self.strip(key.as_str())?).map_err(|_| outside())?;
        Ok(())
    }

    fn folded(self, prefix: &mut String) -> Result<(), StoreError> {
        *prefix = self.strip(prefix)?.to_owned();
        Ok(())
    }

    fn strip(self, text: &str) -> Result<&str, StoreError> {
        text.strip_prefix(self.prefix).ok_or_else(outside)
    }

    /// A page of the store's, without the prefix.
    ///
    /// # Errors
    /// `Internal` where the store listed a key that was not asked for.
    pub(super) fn objects(self, mut page: ListPage) -> Result<ListPage, StoreError> {
        for entry in page.entries.iter_mut().filter(|_| !self.is_whole()) {
            match entry {
                ListEntry::Object(object) => self.outward(&mut object.key)?,
                ListEntry::Prefix(prefix) => self.folded(prefix)?,
            }
        }
        Ok(page)
    }

    /// As [`KeySpace::objects`], for versions.
    pub(super) fn versions(self, mut page: VersionPage) -> Result<VersionPage, StoreError> {
        for entry in page.entries.iter_mut().filter(|_| !self.is_whole()) {
            match entry {
                VersionEntry::Version(version) => {
                    self.outward(&mut version.key)?;
                    if let VersionState::Object(object) = &mut version.state {
                        object.key = version.key.clone();
                    }
                }
                VersionEntry::Prefix(prefix) => self.folded(prefix)?,
            }
        }
        Ok(page)
    }

    /// As [`KeySpace::objects`], for uploads.
    pub(super) fn uploads(self, mut page: UploadPage) -> Result<UploadPage, StoreError> {
        for entry in page.entries.iter_mut().filter(|_| !self.is_whole()) {
            match entry {
                UploadEntry::Upload(upload) => self.outward(&mut upload.key)?,
                UploadEntry::Prefix(prefix) => self.folded(prefix)?,
            }
        }
        Ok(page)
    }

    /// Whether a bucket may be made with these tags.
    ///
    /// # Errors
    /// `Unsupported` where the tags would be those of the whole.
    pub(super) fn may_create(self, tags: &TagSet) -> Result<(), StoreError> {
        self.for_the_whole(tags.is_empty(), "create bucket")
    }

    /// Whether a bucket may be removed.
    ///
    /// # Errors
    /// `Unsupported` where it would be the whole.
    pub(super) fn may_delete(self) -> Result<(), StoreError> {
        self.for_the_whole(false, "delete bucket")
    }

    /// Whether a change of a bucket's record is none, which a part of a bucket needs no store for.
    ///
    /// # Errors
    /// `Unsupported` where it would change the whole.
    pub(super) fn has_already(self, bucket: &Bucket, update: &BucketUpdate) -> Result<bool, StoreError> {
        if self.is_whole() {
            return Ok(false);
        }
        let has_already = match update {
            BucketUpdate::Versioning(versioning) => *versioning == bucket.versioning,
            BucketUpdate::Tags(tags) => *tags == bucket.tags,
        };
        self.for_the_whole(has_already, "update bucket").map(|()| true)
    }

    fn for_the_whole(self, is_harmless: bool, operation: &'static str) -> Result<(), StoreError> {
        if self.is_whole() || is_harmless {
            return Ok(());
        }
        Err(StoreError::new(StoreErrorKind::Unsupported(PART_OF_ANOTHER), operation))
    }

    /// What a store can do here; what is the whole bucket's alone is not for a part of it.
    pub(super) fn capabilities(self, bucket: &Bucket, mut capabilities: Capabilities) -> Capabilities {
        if self.is_whole() {
            return capabilities;
        }
        if bucket.versioning == Versioning::Off {
            capabilities.versioning = Support::No(PART_OF_ANOTHER);
        }
        capabilities.bucket_tags = Support::No(PART_OF_ANOTHER);
        if capabilities.any_key.is_yes() {
            capabilities.any_key = Support::No(TOO_LONG);
        }
        capabilities
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
        assert_eq!(*KeySpace::whole().to_write(&key(1024)).unwrap(), key(1024));
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
        assert_eq!(KeySpace::whole().position("", None), None);
    }
}
