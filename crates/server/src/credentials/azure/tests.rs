use remote::{ClientOptions, Limits, Roots};
use types::{BucketName, Budget, Random, SystemClock};

use super::*;
use crate::config::Secret;

struct Variables(Vec<(&'static str, String)>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

fn variables(named: &[(&'static str, &str)]) -> Variables {
    Variables(named.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// A client that nothing is sent with.
fn client() -> Client {
    let options = ClientOptions {
        name: "tokens".to_owned(),
        budget: Budget::new(1 << 20),
        clock: Arc::new(SystemClock),
        random: Arc::new(Zeros),
        limits: Limits::default(),
        roots: Roots::System,
    };
    Client::new(options).unwrap()
}

fn settings(keys: AzureKeys) -> AzureStoreSettings {
    let staging = BucketName::new("staging").unwrap();
    AzureStoreSettings { endpoint: None, account: Some("acct".to_owned()), keys, staging }
}

fn found(settings: &AzureStoreSettings, environment: &Variables) -> Result<(Endpoint, Credential), String> {
    azure_identity("far", settings, environment, client()).map_err(|failure| failure.to_string())
}

const KEY: &str = "c2VjcmV0LWtleQ==";
const WORKLOAD: [(&str, &str); 3] =
    [("AZURE_CLIENT_ID", "app"), ("AZURE_TENANT_ID", "tenant"), ("AZURE_FEDERATED_TOKEN_FILE", "/token")];

#[test]
fn every_way_to_prove_who_asks_is_told_by_its_setting() {
    let none = variables(&[]);
    let text = format!("AccountName=other;AccountKey={KEY};EndpointSuffix=core.windows.net");
    let (endpoint, credential) =
        found(&settings(AzureKeys::ConnectionString(Secret::new(text))), &none).unwrap();
    assert_eq!(endpoint, Endpoint::of_account("other").unwrap());
    assert!(matches!(credential, Credential::SharedKey(_)));
    let (endpoint, credential) = found(&settings(AzureKeys::Key(Secret::new(KEY))), &none).unwrap();
    assert_eq!(endpoint, Endpoint::of_account("acct").unwrap());
    assert!(matches!(credential, Credential::SharedKey(key) if key.account() == "acct"));
    let (_, credential) = found(&settings(AzureKeys::Sas(Secret::new("?sv=1&sig=x"))), &none).unwrap();
    assert!(matches!(credential, Credential::SharedAccess(query) if &*query == "sv=1&sig=x"));
    let managed = settings(AzureKeys::Managed { client_id: None });
    assert!(matches!(found(&managed, &none).unwrap().1, Credential::Token(_)));
    let workload = settings(AzureKeys::Workload { client_id: None });
    assert!(matches!(found(&workload, &variables(&WORKLOAD)).unwrap().1, Credential::Token(_)));
}

#[test]
fn what_is_wrong_names_its_setting_and_shows_no_secret() {
    let none = variables(&[]);
    let secret = "not base64, and secret";
    let named = |keys| found(&settings(keys), &none).unwrap_err();
    let told = named(AzureKeys::Key(Secret::new(secret)));
    assert!(told.contains("store.far.key: ") && !told.contains(secret), "{told}");
    let told = named(AzureKeys::ConnectionString(Secret::new(secret)));
    assert!(told.contains("store.far.connection_string: ") && !told.contains(secret), "{told}");
    let keys = || AzureKeys::Key(Secret::new(KEY));
    let nameless = AzureStoreSettings { account: Some("No Account".to_owned()), ..settings(keys()) };
    assert!(found(&nameless, &none).unwrap_err().contains("store.far.account: "));
    let elsewhere = AzureStoreSettings { endpoint: Some("ftp://x".to_owned()), ..settings(keys()) };
    assert!(found(&elsewhere, &none).unwrap_err().contains("store.far.endpoint: "));
}

#[test]
fn a_named_endpoint_has_the_account_as_its_path_where_it_says_so() {
    let url = "http://127.0.0.1:10000/acct";
    let keys = AzureKeys::Key(Secret::new(KEY));
    let emulator = AzureStoreSettings { endpoint: Some(url.to_owned()), ..settings(keys) };
    let (endpoint, _) = found(&emulator, &variables(&[])).unwrap();
    assert_eq!(endpoint, Endpoint::parse(url, "acct").unwrap());
}

#[test]
fn the_platform_says_where_a_machines_identity_is_asked_for() {
    let platform = [("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"), ("IDENTITY_HEADER", "word")];
    match identity_endpoint(&variables(&platform)) {
        IdentityEndpoint::AppService { url, header } => {
            assert_eq!((url.as_str(), header.as_str()), ("http://127.0.0.1:41/msi", "word"));
        }
        other => panic!("{other:?}"),
    }
    // Half of it, or nothing in it, is none of it.
    for half in [&platform[..1], &[platform[0], ("IDENTITY_HEADER", "")], &[]] {
        match identity_endpoint(&variables(half)) {
            IdentityEndpoint::Instance { base } => assert_eq!(base, IdentityEndpoint::INSTANCE),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_workload_is_who_the_platform_says_or_the_setting() {
    let of =
        |client_id, named: &[(&'static str, &str)]| workload("far", client_id, &variables(named), client());
    let told = of(None, &WORKLOAD).unwrap();
    assert_eq!((told.client_id.as_str(), told.tenant_id.as_str()), ("app", "tenant"));
    assert_eq!(told.authority, PUBLIC_AUTHORITY);
    assert_eq!(of(Some("named"), &WORKLOAD[1..]).unwrap().client_id, "named");
    let authority = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    let elsewhere = of(None, &[&WORKLOAD[..], &[authority]].concat()).unwrap();
    assert_eq!(elsewhere.authority, authority.1);
    for missing in WORKLOAD {
        let left: Vec<_> = WORKLOAD.into_iter().filter(|variable| variable.0 != missing.0).collect();
        let refused = of(None, &left).err().unwrap().to_string();
        assert!(refused.contains("store.far.identity") && refused.contains(missing.0), "{refused}");
    }
}

#[tokio::test]
async fn the_token_of_a_workload_is_read_anew_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = TokenFile(directory.path().join("token"));
    let refused = file.read().await.unwrap_err();
    assert!(matches!(refused.kind, RemoteErrorKind::Credentials));
    for token in ["first", "second"] {
        std::fs::write(&file.0, format!("{token}\n")).unwrap();
        assert_eq!(file.read().await.unwrap(), token);
    }
}
