use std::path::Path;

use super::{file, refusal, with};
use crate::config::*;

fn kind(text: &str) -> StoreKind {
    file(&format!("[store.far]\n{text}")).unwrap().stores.remove(0).kind
}

fn refused(text: &str) -> String {
    refusal(&format!("[store.far]\n{text}"))
}

#[test]
fn an_s3_store_needs_nothing_but_its_kind() {
    let StoreKind::S3(s3) = kind("kind = \"s3\"") else { panic!("an S3 store") };
    assert_eq!((s3.endpoint, s3.region, s3.path_style), (None, None, None));
    assert_eq!(s3.keys, S3Keys::Chain { profile: None });
    assert_eq!(s3.conditional, S3Conditional::Probe);
}

#[test]
fn the_settings_of_an_s3_store_are_read() {
    let text = "[store.far]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:9000/\"\nregion = \"eu-west-1\"\n\
                access_key = \"env:ID\"\nsecret_key = \"env:SECRET\"\nsession_token = \"token\"\n\
                path_style = false\nconditional = \"native\"";
    let config = with(text, Flags::default(), &[("ID", "AKID"), ("SECRET", "swordfish")]).unwrap();
    assert!(!format!("{config:?}").contains("swordfish"));
    let StoreKind::S3(s3) = &config.stores[0].kind else { panic!("an S3 store") };
    assert_eq!(s3.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!((s3.path_style, s3.conditional), (Some(false), S3Conditional::Native));
    let S3Keys::Fixed { id, secret, session_token } = &s3.keys else { panic!("keys") };
    assert_eq!((id.expose(), secret.expose()), ("AKID", "swordfish"));
    assert_eq!(session_token.as_ref().unwrap().expose(), "token");
}

#[test]
fn wrong_settings_of_an_s3_store_name_the_setting_and_the_cure() {
    let s3 = |rest: &str| refused(&format!("kind = \"s3\"\n{rest}"));
    assert_eq!(s3("access_key = \"a\""), "store.far.secret_key: is missing beside access_key");
    assert_eq!(s3("secret_key = \"a\""), "store.far.access_key: is missing beside secret_key");
    assert!(s3("session_token = \"a\"").starts_with("store.far.session_token: belongs to an access_key"));
    let both = "access_key = \"a\"\nsecret_key = \"b\"\nprofile = \"c\"";
    assert!(s3(both).starts_with("store.far.profile: "));
    assert!(s3("endpoint = \"example.org\"").starts_with("store.far.endpoint: \"example.org\" is not a URL"));
    assert!(s3("endpoint = \"ftp://example.org\"").contains("is not a URL"));
    assert!(s3("endpoint = \"https://u:p@example.org\"").contains("is not a URL"));
    assert_eq!(s3("path_style = \"yes\""), "store.far.path_style: must be true or false, without quotes");
    assert!(s3("conditional = \"maybe\"").contains("is not one of \"probe\", \"native\", \"refuse\""));
    assert!(s3("region = \"EU West\"").starts_with("store.far.region: "));
    assert!(s3("account = \"a\"").starts_with("store.far.account: unknown setting"));
}

#[test]
fn a_gcs_store_has_one_kind_of_proof() {
    let StoreKind::Gcs(gcs) = kind("kind = \"gcs\"\nproject = \"p\"") else { panic!("a GCS store") };
    assert_eq!((gcs.keys, gcs.project.as_deref()), (GcsKeys::Environment, Some("p")));
    let StoreKind::Gcs(gcs) = kind("kind = \"gcs\"\ncredentials = \"none\"") else { panic!("a GCS store") };
    assert_eq!(gcs.keys, GcsKeys::Anonymous);
    let hmac = "kind = \"gcs\"\naccess_key = \"GOOG\"\nsecret_key = \"s\"\n";
    assert!(
        matches!(kind(hmac), StoreKind::Gcs(GcsStoreSettings { keys: GcsKeys::Hmac { id, .. }, .. }) if id.expose() == "GOOG")
    );
    let document = with(
        "[store.far]\nkind = \"gcs\"\ncredentials = \"env:DOCUMENT\"",
        Flags::default(),
        &[("DOCUMENT", "{\"type\": \"service_account\"}")],
    );
    let StoreKind::Gcs(gcs) = document.unwrap().stores.remove(0).kind else { panic!("a GCS store") };
    assert!(matches!(gcs.keys, GcsKeys::Document(_)));
    let wrong = refused("kind = \"gcs\"\ncredentials = \"key.json\"");
    assert!(wrong.starts_with("store.far.credentials: ") && wrong.contains("file:PATH"), "{wrong}");
    assert!(refused(&format!("{hmac}credentials = \"{{}}\"")).contains("use one of them"));
    assert!(refused("kind = \"gcs\"\ncredentials = \"file:/nowhere\"").contains("cannot read"));
}

#[test]
fn an_azure_store_has_one_kind_of_proof_and_an_account() {
    let azure = |rest: &str| kind(&format!("kind = \"azure\"\n{rest}"));
    let StoreKind::Azure(keyed) = azure("account = \"acc\"\nkey = \"a2V5\"") else {
        panic!("an Azure store")
    };
    assert!(matches!(keyed.keys, AzureKeys::Key(_)));
    assert_eq!(keyed.staging.as_str(), "sluice-staging");
    let StoreKind::Azure(told) = azure("connection_string = \"x\"") else { panic!("an Azure store") };
    assert_eq!(told.account, None);
    let managed = azure("account = \"acc\"\nidentity = \"managed\"\nclient_id = \"c\"");
    let StoreKind::Azure(managed) = managed else { panic!("an Azure store") };
    assert_eq!(managed.keys, AzureKeys::Managed { client_id: Some("c".into()) });
    let workload = azure("account = \"acc\"\nidentity = \"workload\"");
    assert!(matches!(
        workload,
        StoreKind::Azure(AzureStoreSettings { keys: AzureKeys::Workload { .. }, .. })
    ));
}

#[test]
fn wrong_settings_of_an_azure_store_name_the_setting_and_the_cure() {
    let azure = |rest: &str| refused(&format!("kind = \"azure\"\n{rest}"));
    assert!(azure("account = \"a\"").contains("set one of connection_string, key, sas, identity"));
    assert!(azure("key = \"a\"").starts_with("store.far.account: is missing"));
    assert!(
        azure("account = \"a\"\nkey = \"b\"\nsas = \"c\"")
            .starts_with("store.far.sas: is set, but key is too")
    );
    assert!(azure("connection_string = \"x\"\naccount = \"a\"").starts_with("store.far.account: is said by"));
    assert!(azure("account = \"a\"\nkey = \"b\"\nclient_id = \"c\"").starts_with("store.far.client_id: "));
    assert!(azure("account = \"a\"\nidentity = \"me\"").contains("is not one of \"managed\", \"workload\""));
    assert!(azure("account = \"a\"\nkey = \"b\"\nstaging = \"a.b\"").starts_with("store.far.staging: "));
}

#[test]
fn a_drime_store_needs_its_token() {
    let StoreKind::Drime(drime) = kind("kind = \"drime\"\ntoken = \"t\"") else { panic!("a drive") };
    assert_eq!(drime.endpoint, "https://app.drime.cloud/api/v1");
    assert_eq!((drime.workspace, drime.root), (0, DrimeRoot::Buckets));
    assert_eq!(drime.conditional, DrimeConditional::Refuse);
    let all =
        "kind = \"drime\"\ntoken = \"t\"\nworkspace = 7\nroot = \"default\"\nconditional = \"exclusive\"";
    let StoreKind::Drime(drime) = kind(all) else { panic!("a drive") };
    assert_eq!((drime.workspace, drime.root), (7, DrimeRoot::Default));
    assert_eq!(drime.conditional, DrimeConditional::Exclusive);
    assert_eq!(refused("kind = \"drime\""), "store.far.token: is missing");
    assert!(refused("kind = \"drime\"\ntoken = \"t\"\nroot = \"x\"").starts_with("store.far.root: "));
}

#[test]
fn a_store_is_named_as_a_directory_can_be() {
    let refused = refusal("[store.\"../up\"]\nkind = \"memory\"");
    assert!(refused.starts_with("store.\"../up\": a store's name is"), "{refused}");
    assert!(file(&format!("[store.{}]\nkind = \"memory\"", "n".repeat(64))).is_ok());
    assert!(refusal(&format!("[store.{}]\nkind = \"memory\"", "n".repeat(65))).contains("a store's name"));
    let config = file("[store.far]\nkind = \"s3\"").unwrap();
    assert_eq!(config.state_dir.as_deref(), Some(Path::new("sluice-data")));
}
