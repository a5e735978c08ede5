use std::path::PathBuf;

use remote_gcs::{Credentials, MetadataServer};

use crate::config::{Environment, GcsKeys, GcsStoreSettings};
use crate::failure::Failure;

/// Where Google's tools keep a person's credentials, below the directory of their configuration.
const WELL_KNOWN_FILE: &str = "application_default_credentials.json";

/// The project in an emulator where none is named; emulators take any.
const EMULATOR_PROJECT: &str = "test";

/// Who a store on Google Cloud Storage is, and where it speaks to.
pub(crate) struct GcsIdentity {
    pub(crate) credentials: Credentials,
    pub(crate) project: Option<String>,
    /// An endpoint that is not Google's own.
    pub(crate) endpoint: Option<String>,
}

/// Looks for what the settings leave to the environment.
///
/// Source: "How Application Default Credentials works": the variable, the file of `gcloud`, the metadata server.
///
/// # Errors
/// Where a file that is named cannot be used.
pub(crate) fn gcs_identity(
    store: &str,
    settings: &GcsStoreSettings,
    environment: &dyn Environment,
) -> Result<GcsIdentity, Failure> {
    let emulator = match &settings.endpoint {
        Some(_) => None,
        None => variable(environment, "STORAGE_EMULATOR_HOST").map(with_scheme),
    };
    let credentials = match &settings.keys {
        GcsKeys::Anonymous => Credentials::Anonymous,
        GcsKeys::Document(document) => Credentials::from_json(document.expose())
            .map_err(|error| Failure::configuration(format!("store.{store}.credentials: {error}")))?,
        // With such keys nothing but the S3-interoperable side is spoken to, and it checks them itself.
        GcsKeys::Hmac { .. } => Credentials::Anonymous,
        // An emulator knows nobody, and nobody's token is sent to it.
        GcsKeys::Environment if emulator.is_some() => Credentials::Anonymous,
        GcsKeys::Environment => application_default(environment)?,
    };
    let project = settings
        .project
        .clone()
        .or_else(|| credentials.project().map(str::to_owned))
        .or_else(|| variable(environment, "GOOGLE_CLOUD_PROJECT"))
        .or_else(|| variable(environment, "GCLOUD_PROJECT"))
        .or_else(|| emulator.as_ref().map(|_| EMULATOR_PROJECT.to_owned()));
    Ok(GcsIdentity { credentials, project, endpoint: settings.endpoint.clone().or(emulator) })
}

fn application_default(environment: &dyn Environment) -> Result<Credentials, Failure> {
    const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
    if let Some(path) = variable(environment, VARIABLE) {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::configuration(format!("{VARIABLE}: cannot read {path}: {error}")))?;
        return document(&text, &format!("{VARIABLE}: {path}"));
    }
    let path = well_known(environment);
    if let Some((path, text)) =
        path.and_then(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))
    {
        return document(&text, &path.display().to_string());
    }
    Ok(Credentials::MetadataServer(match variable(environment, "GCE_METADATA_HOST") {
        Some(host) => MetadataServer::at(&host),
        None => MetadataServer::default(),
    }))
}

fn document(text: &str, place: &str) -> Result<Credentials, Failure> {
    Credentials::from_json(text).map_err(|error| Failure::configuration(format!("{place}: {error}")))
}

fn well_known(environment: &dyn Environment) -> Option<PathBuf> {
    let dir = match variable(environment, "CLOUDSDK_CONFIG") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(variable(environment, "HOME")?).join(".config/gcloud"),
    };
    Some(dir.join(WELL_KNOWN_FILE))
}

/// The variable is written with and without a scheme.
fn with_scheme(host: String) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") { host.to_owned() } else { format!("http://{host}") }
}

pub(super) fn variable(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.variable(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    struct Variables(Vec<(&'static str, String)>);

    impl Environment for Variables {
        fn variable(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        }
    }

    const PERSON: &str = r#"{"type": "authorized_user", "client_id": "i", "client_secret": "s",
        "refresh_token": "t", "quota_project_id": "theirs"}"#;

    fn settings(keys: GcsKeys) -> GcsStoreSettings {
        GcsStoreSettings { endpoint: None, project: None, keys }
    }

    fn found(variables: Vec<(&'static str, String)>) -> Result<GcsIdentity, Failure> {
        gcs_identity("far", &settings(GcsKeys::Environment), &Variables(variables))
    }

    #[test]
    fn the_file_of_the_variable_comes_before_that_of_gcloud_and_the_metadata_server_last() {
        let dir = tempfile::tempdir().unwrap();
        let (named, home) = (dir.path().join("named.json"), dir.path().join("home"));
        std::fs::write(&named, PERSON).unwrap();
        std::fs::create_dir_all(home.join(".config/gcloud")).unwrap();
        let home = ("HOME", home.display().to_string());
        let nothing = found(vec![home.clone()]).unwrap();
        assert!(matches!(nothing.credentials, Credentials::MetadataServer(_)));
        let well_known = PathBuf::from(&home.1).join(".config/gcloud").join(WELL_KNOWN_FILE);
        std::fs::write(&well_known, "{}").unwrap();
        let broken = found(vec![home.clone()]).err().unwrap().to_string();
        assert!(broken.contains(WELL_KNOWN_FILE), "{broken}");
        let variable = ("GOOGLE_APPLICATION_CREDENTIALS", named.display().to_string());
        let person = found(vec![home, variable]).unwrap();
        assert!(matches!(person.credentials, Credentials::AuthorizedUser(_)));
        assert_eq!(person.project.as_deref(), Some("theirs"));
        let missing = found(vec![("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere".into())]).err().unwrap();
        assert!(missing.to_string().starts_with("GOOGLE_APPLICATION_CREDENTIALS: cannot read"));
    }

    #[test]
    fn an_emulator_is_asked_without_proof_and_a_named_endpoint_comes_first() {
        let emulator = vec![
            ("STORAGE_EMULATOR_HOST", "127.0.0.1:4443".to_owned()),
            ("GOOGLE_CLOUD_PROJECT", "ours".to_owned()),
        ];
        let identity = found(emulator.clone()).unwrap();
        assert_eq!(identity.endpoint.as_deref(), Some("http://127.0.0.1:4443"));
        assert!(matches!(identity.credentials, Credentials::Anonymous));
        assert_eq!(identity.project.as_deref(), Some("ours"));
        let named = GcsStoreSettings {
            endpoint: Some("https://storage.example.org".into()),
            ..settings(GcsKeys::Document(Secret::new(PERSON)))
        };
        let identity = gcs_identity("far", &named, &Variables(emulator)).unwrap();
        assert_eq!(identity.endpoint.as_deref(), Some("https://storage.example.org"));
        assert!(matches!(identity.credentials, Credentials::AuthorizedUser(_)));
    }
}
