use iam::KeyPolicy;

use super::section::Section;
use super::{ConfigError, Environment, Secret};

/// The root key, where the environment names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RootKey {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

/// One `[[access_key]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessKeySettings {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) user: String,
    pub(crate) policy: Option<KeyPolicy>,
}

const ID_MAX_BYTES: usize = 128;
const SECRET_MIN_BYTES: usize = 8;

impl AccessKeySettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let id = section.required("id")?.to_owned();
        let secret = section.secret("secret")?;
        check_pair(&id, &secret, &section.setting("id"), &section.setting("secret"))?;
        let user = section.required("name")?.to_owned();
        if user == iam::ROOT_NAME {
            let message = "\"root\" is the owner of the server; give the user another name";
            return Err(ConfigError::new(section.setting("name"), message));
        }
        let policy = section.parsed("policy", "one of \"readonly\", \"readwrite\", \"writeonly\"")?;
        Ok(Self { id, secret, user, policy })
    }
}

/// Refuses the second of two keys with one id.
pub(super) fn check_unique(keys: &[AccessKeySettings], root: Option<&RootKey>) -> Result<(), ConfigError> {
    for (index, key) in keys.iter().enumerate() {
        let setting = || format!("access_key[{index}].id");
        if keys[..index].iter().any(|earlier| earlier.id == key.id) {
            return Err(ConfigError::new(setting(), format!("\"{}\" is there twice", key.id)));
        }
        if root.is_some_and(|root| root.id == key.id) {
            return Err(ConfigError::new(setting(), format!("\"{}\" is the root key's id", key.id)));
        }
    }
    Ok(())
}

/// The root key of the environment: both variables or none.
pub(super) fn root_key(environment: &dyn Environment) -> Result<Option<RootKey>, ConfigError> {
    const ID: &str = "SLUICE_ACCESS_KEY";
    const SECRET: &str = "SLUICE_SECRET_KEY";
    let value = |name| environment.variable(name).filter(|text| !text.is_empty());
    match (value(ID), value(SECRET)) {
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(ConfigError::new(SECRET, format!("is not set, but {ID} is; set both or neither")))
        }
        (None, Some(_)) => {
            Err(ConfigError::new(ID, format!("is not set, but {SECRET} is; set both or neither")))
        }
        (Some(id), Some(secret)) => {
            let secret = Secret::new(secret);
            check_pair(&id, &secret, ID, SECRET)?;
            Ok(Some(RootKey { id, secret }))
        }
    }
}

fn check_pair(id: &str, secret: &Secret, id_setting: &str, secret_setting: &str) -> Result<(), ConfigError> {
    // A credential is written ID/DATE/REGION/... in a header of comma-separated parts.
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b',' | b'=' | b':');
    if id.len() > ID_MAX_BYTES || !id.bytes().all(legal) {
        let message =
            "an access key id is at most 128 visible ASCII characters without '/', ',', '=' and ':'";
        return Err(ConfigError::new(id_setting, message));
    }
    if secret.expose().len() < SECRET_MIN_BYTES {
        return Err(ConfigError::new(secret_setting, "a secret has at least 8 characters"));
    }
    Ok(())
}
