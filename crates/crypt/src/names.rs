use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{StoreError, StoreErrorKind};
use types::ObjectKey;

use crate::format::{Damaged, Secret};

const SYNTHETIC_BYTES: usize = 16;
/// What stands between the names of folders.
const SEPARATOR: char = '/';

/// Encrypts keys folder by folder: what stands between two `/` becomes another name, which is the same whenever it stands in
/// the same folder. So a folder is still a folder, and what it holds is found beneath it.
///
/// A name's synthetic vector is the HMAC-SHA256 of the folder's path and the name; it is the counter with which AES-256
/// encrypts the name, and is compared when the name is decrypted.
pub(crate) struct NameCipher {
    vector: hmac::Key,
    encrypt: EncryptingKey,
}

impl NameCipher {
    pub(crate) fn new(secret: &Secret) -> Self {
        let vector = secret.derive(b"", &[b"sluice crypt v1 names vector"]);
        let encrypt = secret.derive(b"", &[b"sluice crypt v1 names"]);
        let key = UnboundCipherKey::new(&AES_256, encrypt.expose()).expect("AES-256 takes 32 bytes");
        Self {
            vector: hmac::Key::new(hmac::HMAC_SHA256, vector.expose()),
            encrypt: EncryptingKey::ctr(key).expect("AES-256 has a counter mode"),
        }
    }

    /// The stored name of a whole key.
    ///
    /// # Errors
    /// `Unsupported` where it is longer than a key may be.
    pub(crate) fn encrypt(&self, key: &ObjectKey, operation: &'static str) -> Result<ObjectKey, StoreError> {
        ObjectKey::new(&self.encrypt_text(key.as_str())).map_err(|_| {
            let why = "encrypted, this key would be longer than 1,024 bytes";
            StoreError::new(StoreErrorKind::Unsupported(why), operation)
        })
    }

    /// The stored form of any text that keys begin with: folders, and a name at its end unless that is empty.
    pub(crate) fn encrypt_folder(&self, prefix: &str) -> String {
        match prefix.rfind(SEPARATOR) {
            Some(place) => self.encrypt_text(&prefix[..place]) + "/",
            None => String::new(),
        }
    }

    fn encrypt_text(&self, key: &str) -> String {
        let mut stored = String::with_capacity(key.len() * 4 / 3 + 24);
        let mut folder = 0;
        for (number, name) in key.split(SEPARATOR).enumerate() {
            if number > 0 {
                stored.push(SEPARATOR);
            }
            URL_SAFE_NO_PAD.encode_string(self.encrypt_name(&key[..folder], name), &mut stored);
            folder += name.len() + SEPARATOR.len_utf8();
        }
        stored
    }

    /// The plain form of a stored key, or of a stored folder, which ends as it does.
    pub(crate) fn decrypt(&self, stored: &str) -> Result<String, Damaged> {
        let (names, is_folder) = match stored.strip_suffix(SEPARATOR) {
            Some(names) => (names, true),
            None => (stored, false),
        };
        let mut plain = String::with_capacity(stored.len());
        for (number, name) in names.split(SEPARATOR).enumerate() {
            if number > 0 {
                plain.push(SEPARATOR);
            }
            let sealed = URL_SAFE_NO_PAD.decode(name).map_err(|_| Damaged)?;
            let name = self.decrypt_name(&plain, &sealed)?;
            plain.push_str(&name);
        }
        if is_folder {
            plain.push(SEPARATOR);
        }
        Ok(plain)
    }

    fn vector_of(&self, folder: &str, name: &str) -> [u8; SYNTHETIC_BYTES] {
        let mut context = hmac::Context::with_key(&self.vector);
        context.update(&(folder.len() as u64).to_le_bytes());
        context.update(folder.as_bytes());
        context.update(name.as_bytes());
        let mut vector = [0; SYNTHETIC_BYTES];
        vector.copy_from_slice(&context.sign().as_ref()[..SYNTHETIC_BYTES]);
        vector
    }

    /// In counter mode, encrypting and decrypting are one.
    fn apply(&self, vector: [u8; SYNTHETIC_BYTES], text: &mut [u8]) {
        if !text.is_empty() {
            let context = EncryptionContext::Iv128(vector.into());
            self.encrypt
                .less_safe_encrypt(text, context)
                .expect("counter mode takes any length and a 16-byte counter");
        }
    }

    fn encrypt_name(&self, folder: &str, name: &str) -> Vec<u8> {
        let vector = self.vector_of(folder, name);
        let mut sealed = [&vector[..], name.as_bytes()].concat();
        self.apply(vector, &mut sealed[SYNTHETIC_BYTES..]);
        sealed
    }

    fn decrypt_name(&self, folder: &str, sealed: &[u8]) -> Result<String, Damaged> {
        let (vector, text) = sealed.split_at_checked(SYNTHETIC_BYTES).ok_or(Damaged)?;
        let mut text = text.to_vec();
        self.apply(vector.try_into().map_err(|_| Damaged)?, &mut text);
        let name = String::from_utf8(text).map_err(|_| Damaged)?;
        verify_slices_are_equal(&self.vector_of(folder, &name), vector).map_err(|_| Damaged)?;
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher() -> NameCipher {
        NameCipher::new(&Secret::new([3; 32]))
    }

    fn stored(key: &str) -> String {
        cipher().encrypt(&ObjectKey::new(key).unwrap(), "test").unwrap().as_str().to_owned()
    }

    #[test]
    fn keys_come_back_and_folders_stay_folders() {
        for key in ["a", "a/", "a/b", "a//b", "/", "//", "..", "é/ü", "\0", "a b/c+d/%2F"] {
            let name = stored(key);
            assert_eq!(cipher().decrypt(&name).as_deref(), Ok(key));
            assert_eq!(name.matches('/').count(), key.matches('/').count());
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_/".contains(c)), "{name}");
        }
        assert!(stored("folder/a").starts_with(&cipher().encrypt_folder("folder/")));
        assert!(stored("folder/").starts_with(&cipher().encrypt_folder("folder/x")));
        assert_eq!(cipher().decrypt(&cipher().encrypt_folder("a/b/")).as_deref(), Ok("a/b/"));
        assert_eq!(cipher().encrypt_folder("no-folder"), "");
    }

    #[test]
    fn a_name_is_bound_to_its_folder_and_unchanged() {
        let (one, other) = (stored("one/x"), stored("other/x"));
        let name = |key: &str| key.rsplit('/').next().unwrap().to_owned();
        assert_ne!(name(&one), name(&other));
        let moved = format!("{}/{}", other.split('/').next().unwrap(), name(&one));
        assert_eq!(cipher().decrypt(&moved), Err(Damaged));
        for place in 0..one.len() {
            let mut changed = one.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_ne!(cipher().decrypt(&String::from_utf8(changed).unwrap()).as_deref(), Ok("one/x"));
        }
        assert_eq!(NameCipher::new(&Secret::new([4; 32])).decrypt(&one), Err(Damaged));
    }

    #[test]
    fn the_longest_name_fits_and_one_longer_does_not() {
        let longest = ObjectKey::new(&"k".repeat(752)).unwrap();
        assert_eq!(cipher().encrypt(&longest, "test").unwrap().as_str().len(), 1024);
        let longer = ObjectKey::new(&"k".repeat(753)).unwrap();
        let refused = cipher().encrypt(&longer, "test").unwrap_err();
        assert!(matches!(refused.kind, StoreErrorKind::Unsupported(_)));
    }
}
