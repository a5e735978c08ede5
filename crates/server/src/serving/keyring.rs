use std::sync::Arc;

use iam::Principal;
use s3_auth::{AccessKey, AuthSettings, Keyring, S3_SERVICE, Secret, Verifier};

use crate::config::{AccessKeySettings, Config, RootKey, SigV2};
use crate::failure::Failure;

/// The ring of the root key and the configuration's keys.
///
/// # Errors
/// Where a key breaks a rule of the room that proves identities.
pub(super) fn keyring(root: &RootKey, users: &[AccessKeySettings]) -> Result<Arc<Keyring>, Failure> {
    let refused = |error: s3_auth::InvalidAccessKey| Failure::configuration(format!("access_key: {error}"));
    let mut keys = vec![access_key(&root.id, root.secret.expose(), Principal::root())?];
    for user in users {
        keys.push(access_key(&user.id, user.secret.expose(), Principal::user(&user.user, user.policy))?);
    }
    Keyring::new(keys).map(Arc::new).map_err(refused)
}

fn access_key(id: &str, secret: &str, who: Principal) -> Result<AccessKey, Failure> {
    AccessKey::new(id, Secret::new(secret), Arc::new(who))
        .map_err(|error| Failure::configuration(format!("access key \"{id}\": {error}")))
}

/// Checks requests to the S3 listener.
pub(super) fn s3_verifier(keyring: &Arc<Keyring>, config: &Config) -> Verifier {
    let sigv2 = match config.server.sigv2 {
        SigV2::On => s3_auth::SigV2::On,
        SigV2::Off => s3_auth::SigV2::Off,
    };
    Verifier::new(
        keyring.clone(),
        AuthSettings { region: config.server.region.clone(), service: S3_SERVICE, sigv2 },
    )
}

/// Checks requests to the admin listener.
pub(super) fn admin_verifier(keyring: &Arc<Keyring>) -> Verifier {
    let service = s3_auth::ADMIN_SERVICE;
    Verifier::new(keyring.clone(), AuthSettings { service, ..AuthSettings::default() })
}
