use std::sync::Arc;

use aws_lc_rs::hmac;
use parking_lot::RwLock;

use crate::Secret;
use crate::{Credential, TERMINATOR};

/// A derived signing key, ready for use.
pub type SigningKey = Arc<hmac::Key>;

/// How many derived keys one access key keeps: some regions, and two days around midnight.
const KEPT_PER_ACCESS_KEY: usize = 8;

/// The signing keys that were derived from one access key. Deriving takes four HMACs, more than the whole rest of a check.
///
/// Only keys that a valid signature was made with are kept, so that nobody without the secret can push others out.
#[derive(Default)]
pub struct SigningKeys(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    entries: Vec<Entry>,
    /// Which entry is replaced next once all places are taken.
    oldest: usize,
}

struct Entry {
    date: Box<str>,
    region: Box<str>,
    service: Box<str>,
    key: SigningKey,
}

impl Entry {
    fn is_for(&self, credential: &Credential<'_>) -> bool {
        *self.date == *credential.date
            && *self.region == *credential.region
            && *self.service == *credential.service
    }
}

impl SigningKeys {
    /// The key for a credential's scope, if it was derived before.
    pub fn find(&self, credential: &Credential<'_>) -> Option<SigningKey> {
        let kept = self.0.read();
        kept.entries.iter().find(|entry| entry.is_for(credential)).map(|entry| Arc::clone(&entry.key))
    }

    /// Keeps a key that proved right.
    pub fn keep(&self, credential: &Credential<'_>, key: &SigningKey) {
        let mut kept = self.0.write();
        if kept.entries.iter().any(|entry| entry.is_for(credential)) {
            return;
        }
        let entry = Entry {
            date: credential.date.into(),
            region: credential.region.into(),
            service: credential.service.into(),
            key: Arc::clone(key),
        };
        if kept.entries.len() < KEPT_PER_ACCESS_KEY {
            kept.entries.push(entry);
        } else {
            let oldest = kept.oldest;
            kept.entries[oldest] = entry;
            kept.oldest = (oldest + 1) % KEPT_PER_ACCESS_KEY;
        }
    }
}

/// Derives the key for a scope. Source: "Deriving the signing key".
pub fn derive(secret: &Secret, credential: &Credential<'_>) -> SigningKey {
    let mut first = zeroize::Zeroizing::new(Vec::with_capacity(4 + secret.as_bytes().len()));
    first.extend_from_slice(b"AWS4");
    first.extend_from_slice(secret.as_bytes());
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, &first);
    for part in [credential.date, credential.region, credential.service, TERMINATOR] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    Arc::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn derives_the_published_key() {
        // Source: "Examples of how to derive a signing key for Signature Version 4". The key itself is not visible, so
        // what it signs is compared: the string to sign of the published ListUsers example.
        let credential = Credential { key_id: "id", date: "20150830", region: "us-east-1", service: "iam" };
        let key = derive(&Secret::new(SECRET), &credential);
        let text = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
            f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        let signature: [u8; 32] = hmac::sign(&key, text.as_bytes()).as_ref().try_into().unwrap();
        assert_eq!(hex::text(&signature), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }

    #[test]
    fn keeps_a_bounded_number_and_replaces_the_oldest() {
        let keys = SigningKeys::default();
        let days: Vec<String> = (0..=KEPT_PER_ACCESS_KEY).map(|day| format!("202601{day:02}")).collect();
        let credential = |date| Credential { key_id: "id", date, region: "us-east-1", service: "s3" };
        let key = derive(&Secret::new(SECRET), &credential("20260101"));
        for day in &days {
            assert!(keys.find(&credential(day)).is_none());
            keys.keep(&credential(day), &key);
            keys.keep(&credential(day), &key);
        }
        assert!(keys.find(&credential(&days[0])).is_none());
        assert!(days[1..].iter().all(|day| keys.find(&credential(day)).is_some()));
        assert_eq!(keys.0.read().entries.len(), KEPT_PER_ACCESS_KEY);
    }
}
