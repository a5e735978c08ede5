use crate::{
    COMMIT_MAX_BYTES, COMMIT_MAX_WRITES, Commit, ENCODED_KEY_MAX_BYTES, MetaError, MetaErrorKind, Write,
};

impl Write {
    /// The key written.
    #[must_use]
    pub fn key(&self) -> &bytes::Bytes {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

impl Commit {
    /// Holds the commit to the port's limits; engines call it before anything else.
    ///
    /// # Errors
    /// `TooLarge` past [`COMMIT_MAX_WRITES`], [`COMMIT_MAX_BYTES`], or [`ENCODED_KEY_MAX_BYTES`] of a key written.
    pub fn check_limits(&self) -> Result<(), MetaError> {
        let fits = self.writes.len() <= COMMIT_MAX_WRITES
            && self.size_bytes() <= COMMIT_MAX_BYTES
            && self.writes.iter().all(|write| write.key().len() <= ENCODED_KEY_MAX_BYTES);
        if fits { Ok(()) } else { Err(MetaError::new(MetaErrorKind::TooLarge, "commit")) }
    }
}
