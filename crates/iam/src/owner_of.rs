use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use types::{CanonicalId, Owner};

/// The name that root's canonical id is derived from, and that it is shown under.
pub const ROOT_NAME: &str = "root";

/// Sets the hash apart from any other use of a user's name.
const DERIVATION: &[u8] = b"sluice canonical user id\0";

/// Who a user of this name is as an owner. The id is 64 lower-case hexadecimal digits and depends on the name alone, so
/// it is the same on every node and after every restart.
#[must_use]
pub fn owner_of(name: &str) -> Owner {
    let digest = digest(&SHA256, &[DERIVATION, name.as_bytes()].concat());
    let mut id = String::with_capacity(64);
    for byte in digest.as_ref() {
        write!(id, "{byte:02x}").expect("writing to a String cannot fail");
    }
    Owner { id: CanonicalId::from_text(&id), display_name: name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_belongs_to_one_name() {
        let alice = owner_of("alice");
        assert_eq!(alice, owner_of("alice"));
        assert_ne!(alice.id, owner_of("Alice").id);
        assert_eq!(alice.id.as_str().len(), 64);
        assert!(alice.id.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert_eq!(&*alice.display_name, "alice");
    }

    #[test]
    fn the_derivation_never_changes() {
        // Buckets on disk bear these ids: another derivation would take them from their owners.
        assert_eq!(
            owner_of(ROOT_NAME).id.as_str(),
            "1cfa16733ea0bbc973d85ebc1591bce377c12f04a26c45199fe809cac7aac478"
        );
    }
}
