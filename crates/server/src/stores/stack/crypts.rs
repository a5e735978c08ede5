use std::num::NonZeroU8;
use std::sync::Arc;

use crypt::{Algorithm, Crypt, CryptOptions, CryptStats, Foreign, Names, PART_MIN_BYTES};
use gateway::Reading;

use super::{Keys, Stack};
use crate::config::{self, CryptAlgorithm, CryptNames, CryptSettings};
use crate::failure::Failure;
use crate::stores::readings::counter;
use crate::stores::{For, Surroundings, keep};

/// An encrypting layer with its keys.
#[derive(Clone)]
pub(crate) struct EncryptingLayer {
    pub(crate) crypt: Crypt,
    pub(crate) keys: Keys,
}

/// Makes a layer; `level` counts the crypt layers from the storage up.
///
/// # Errors
/// Where its keys or its index cannot be used.
pub(super) fn open(
    setting: &str,
    owner: For<'_>,
    settings: &CryptSettings,
    level: NonZeroU8,
    around: &Surroundings,
) -> Result<EncryptingLayer, Failure> {
    let keys = Keys::open(setting, &settings.keys, around)?;
    let crypt = Crypt::new(CryptOptions {
        keys: keys.service(),
        algorithm: match settings.algorithm {
            CryptAlgorithm::Aes256Gcm => Algorithm::Aes256Gcm,
            CryptAlgorithm::ChaCha20Poly1305 => Algorithm::ChaCha20Poly1305,
        },
        foreign: match settings.foreign {
            config::Foreign::Refuse => Foreign::Refuse,
            config::Foreign::Pass => Foreign::Pass,
        },
        names: match settings.names {
            CryptNames::Plain => Names::Plain,
            CryptNames::Encrypted => Names::Encrypted,
        },
        level,
        part_min_bytes: PART_MIN_BYTES,
        index: keep(owner, &format!("crypt-{level}.sqlite"), around)?.meta,
        clock: around.clock.clone(),
        random: around.random.clone(),
        budget: around.budget.clone(),
    });
    Ok(EncryptingLayer { crypt, keys })
}

impl Stack {
    pub(super) fn push_crypt(&mut self, layer: EncryptingLayer) {
        let stats = layer.crypt.stats().clone();
        self.push_counting(layer.crypt.clone(), move || of_crypt(&stats));
        self.crypts.push(layer);
    }
}

fn of_crypt(stats: &Arc<CryptStats>) -> Vec<Reading> {
    vec![
        counter("sluice_crypt_sealed_bytes", "Plain bytes encrypted", &stats.sealed_bytes),
        counter("sluice_crypt_opened_bytes", "Plain bytes decrypted", &stats.opened_bytes),
        counter("sluice_crypt_index_hits", "Objects that the index knew", &stats.index_hits),
        counter("sluice_crypt_looks", "Objects that had to be looked at", &stats.looks),
        counter("sluice_crypt_index_failures", "Writes of the index that failed", &stats.index_failures),
        counter("sluice_crypt_copies_rewrapped", "Copies that moved no bytes", &stats.copies_rewrapped),
        counter("sluice_crypt_copies_resealed", "Copies that were encrypted anew", &stats.copies_resealed),
        counter("sluice_crypt_foreign", "Objects found that this layer has not encrypted", &stats.foreign),
        counter("sluice_crypt_corrupt", "Calls that met bytes other than those stored", &stats.corrupt),
        counter(
            "sluice_crypt_keys_missing",
            "Calls that failed because a key is missing",
            &stats.keys_missing,
        ),
        counter("sluice_crypt_epochs_made", "Epoch keys made", &stats.epochs_made),
    ]
}
