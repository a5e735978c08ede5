use std::sync::Arc;

use crypt::{KeyService, Keyring};
use remote::Limits;

use crate::config::{CryptKeys, KeyringSource, VaultSettings};
use crate::credentials::Transit;
use crate::failure::Failure;
use crate::stores::Surroundings;
use crate::stores::remote::client;

/// The keys of a layer, and where they are read again.
#[derive(Clone)]
pub(crate) struct Keys {
    service: Service,
    /// The setting that names them.
    setting: String,
}

#[derive(Clone)]
enum Service {
    Ring(Keyring, KeyringSource),
    Transit(Arc<Transit>),
}

impl Keys {
    /// Reads a keyring; a service is asked nothing yet.
    ///
    /// # Errors
    /// Where the keyring cannot be read, or is none.
    pub(super) fn open(setting: &str, keys: &CryptKeys, around: &Surroundings) -> Result<Self, Failure> {
        match keys {
            CryptKeys::Keyring(source) => {
                let setting = format!("{setting}.keyring");
                let ring = read_keyring(&setting, source)?;
                Ok(Self { service: Service::Ring(ring, source.clone()), setting })
            }
            CryptKeys::Vault(settings) => {
                let transit = Arc::new(transit(setting, settings, around)?);
                Ok(Self { service: Service::Transit(transit), setting: format!("{setting}.vault") })
            }
        }
    }

    /// The keys as a layer uses them.
    pub(super) fn service(&self) -> Arc<dyn KeyService> {
        match &self.service {
            Service::Ring(ring, _) => Arc::new(ring.clone()),
            Service::Transit(transit) => transit.clone(),
        }
    }

    /// Reads the keyring again, and has a service asked again. A variable is as it was when the process started.
    ///
    /// # Errors
    /// Where it cannot be read, or is none; the keys stay as they were.
    pub(crate) fn reload(&self) -> Result<(), Failure> {
        match &self.service {
            Service::Ring(ring, source) => {
                let text = text_of(&self.setting, source)?;
                let refused = |error| Failure::configuration(format!("{}: {error}", self.setting));
                ring.reload(&text).map_err(refused)
            }
            Service::Transit(transit) => {
                transit.forget();
                Ok(())
            }
        }
    }
}

/// Reads the keyring that a setting names.
///
/// # Errors
/// Where it cannot be read, or is none.
pub(crate) fn read_keyring(setting: &str, source: &KeyringSource) -> Result<Keyring, Failure> {
    let text = text_of(setting, source)?;
    Keyring::parse(&text).map_err(|error| Failure::configuration(format!("{setting}: {error}")))
}

fn text_of(setting: &str, source: &KeyringSource) -> Result<String, Failure> {
    match source {
        KeyringSource::Variable { text, .. } => Ok(text.expose().to_owned()),
        KeyringSource::File(path) => std::fs::read_to_string(path).map_err(|error| {
            let advice = match error.kind() {
                std::io::ErrorKind::NotFound => "; `sluice crypt keygen` makes one",
                _ => "",
            };
            Failure::configuration(format!("{setting}: cannot read {}: {error}{advice}", path.display()))
        }),
    }
}

fn transit(setting: &str, settings: &VaultSettings, around: &Surroundings) -> Result<Transit, Failure> {
    let client = client(&format!("{setting}.vault"), around, Limits::default())?;
    Ok(Transit::new(client, settings.clone(), around.clock.clone()))
}
