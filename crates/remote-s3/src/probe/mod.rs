//! What a service really does, found out on reserved keys that are removed again.
//!
//! Many services that speak S3 take a condition or a checksum and look at neither. Nothing of the kind is trusted before the
//! service has shown that it refuses what it should.

mod checksums;
mod conditions;
mod kept;
mod trace;
mod traits;

use store::{StoreError, StoreErrorKind};

pub(crate) use kept::Probes;
pub(crate) use traits::Trait;

/// What begins the reserved keys.
const PREFIX: &str = ".sluice-probe/";

/// The sorts of conditional writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Put,
    Complete,
    Copy,
    Delete,
    DeleteMany,
}

/// Which conditional writes a service honours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proven {
    /// `If-None-Match: *` and `If-Match` of PutObject.
    pub put: bool,
    /// Those of CompleteMultipartUpload.
    pub complete: bool,
    /// Those of CopyObject.
    pub copy: bool,
    /// `If-Match` of DeleteObject.
    pub delete: bool,
    /// The tags in DeleteObjects.
    pub delete_many: bool,
}

pub(crate) const NO_CONDITIONS: &str =
    "the service that holds the data was asked with a probe and does not honour such a condition";

impl Proven {
    /// Everything.
    pub const ALL: Self = Self { put: true, complete: true, copy: true, delete: true, delete_many: true };

    /// Refuses what is not honoured.
    pub(crate) fn require(self, what: Condition) -> Result<(), StoreError> {
        let honoured = match what {
            Condition::Put => self.put,
            Condition::Complete => self.complete,
            Condition::Copy => self.copy,
            Condition::Delete => self.delete,
            Condition::DeleteMany => self.delete_many,
        };
        if honoured {
            return Ok(());
        }
        Err(StoreError::new(StoreErrorKind::Unsupported(NO_CONDITIONS), "write on a condition"))
    }

    fn to_byte(self) -> u8 {
        let Self { put, complete, copy, delete, delete_many } = self;
        [put, complete, copy, delete, delete_many]
            .into_iter()
            .enumerate()
            .fold(0, |bits, (place, bit)| bits | u8::from(bit) << place)
    }

    fn from_byte(bits: u8) -> Self {
        let [put, complete, copy, delete, delete_many] = [0, 1, 2, 3, 4].map(|place| bits >> place & 1 == 1);
        Self { put, complete, copy, delete, delete_many }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_proven_is_read_as_it_was_written() {
        for bits in 0..32 {
            assert_eq!(Proven::from_byte(bits).to_byte(), bits);
        }
        assert_eq!(Proven::from_byte(31), Proven::ALL);
        assert!(Proven::default().require(Condition::Copy).is_err());
        assert!(Proven { copy: true, ..Proven::default() }.require(Condition::Copy).is_ok());
    }
}
