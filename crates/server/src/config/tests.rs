use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::table::ALL;
use super::*;

mod layers;
mod mirrors;
mod placements;
mod services;

struct Variables(HashMap<&'static str, &'static str>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}

fn with(file: &str, flags: Flags, variables: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sluice.toml");
    std::fs::write(&path, file).unwrap();
    load(&Flags { config: Some(path), ..flags }, &Variables(variables.iter().copied().collect()))
}

fn file(text: &str) -> Result<Config, ConfigError> {
    with(text, Flags::default(), &[])
}

fn refusal(text: &str) -> String {
    file(text).expect_err(text).to_string()
}

#[test]
fn nothing_said_is_a_complete_server() {
    let config = load(&Flags::default(), &Variables(HashMap::new())).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.server.admin_listen.to_string(), "127.0.0.1:9001");
    assert_eq!(config.server.durability, Durability::Strict);
    assert_eq!(config.state_dir.as_deref(), Some(Path::new("sluice-data")));
    assert!(
        matches!(&config.stores[0].kind, StoreKind::Local(local) if local.path == Path::new("sluice-data"))
    );
    assert_eq!(config.other_buckets.store, "default");
}

#[test]
fn flags_outrank_the_environment_and_that_the_file() {
    let text = "[server]\nlisten = \"127.0.0.1:1\"\nlog_level = \"warn\"\nidle_timeout = \"5s\"";
    let variables = [("SLUICE_LISTEN", "127.0.0.1:2"), ("SLUICE_LOG_LEVEL", "debug")];
    let flags = Flags { server: vec![("listen", "--listen", "127.0.0.1:3".to_owned())], ..Flags::default() };
    let config = with(text, flags, &variables).unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.log_level, LogLevel::Debug);
    assert_eq!(config.server.idle_timeout, Duration::from_secs(5));
}

#[test]
fn a_wrong_value_is_named_by_where_it_came_from() {
    assert!(
        refusal("[server]\nmemory_budget = \"lots\"")
            .starts_with("server.memory_budget: \"lots\" is not a size")
    );
    let error = with("", Flags::default(), &[("SLUICE_MEMORY_BUDGET", "1KiB")]).unwrap_err();
    assert_eq!(error.to_string(), "SLUICE_MEMORY_BUDGET: must be at least 16MiB");
    let flags = Flags { server: vec![("log_level", "--log-level", "loud".to_owned())], ..Flags::default() };
    assert!(with("", flags, &[]).unwrap_err().to_string().starts_with("--log-level: \"loud\" is not one of"));
}

#[test]
fn unknown_keys_are_errors_that_name_the_path() {
    assert_eq!(refusal("[server]\nlisen = \"x\""), "server.lisen: unknown setting; did you mean \"listen\"?");
    assert!(
        refusal("[store.near]\nkind = \"local\"\npath = \"d\"\ncolour = \"red\"")
            .starts_with("store.near.colour: unknown")
    );
    assert!(refusal("[bucket.reports]\nowners = \"x\"").contains("did you mean \"owner\""));
    assert!(refusal("[servers]\n").starts_with("servers: unknown"));
    assert!(refusal("[[access_key]]\nid = \"a\"\nsecert = \"x\"").starts_with("access_key[0].secert"));
}

#[test]
fn every_setting_is_in_the_page() {
    let page = include_str!("../../../../docs/configuration.md");
    for table in ALL {
        assert!(page.contains(&format!("`{}`", table.heading)), "the page lacks {}", table.heading);
        for setting in table.settings {
            let row = format!("| `{}` | {} | {} |", setting.name, setting.default, setting.meaning);
            assert!(page.contains(&row), "the page lacks the row\n{row}");
        }
    }
}

#[test]
fn the_state_directory_is_said_once() {
    let dir = || Flags { dir: Some("here".into()), ..Flags::default() };
    assert_eq!(with("", dir(), &[]).unwrap().state_dir, Some(PathBuf::from("here")));
    assert!(
        with("[server]\ndata = \"there\"", dir(), &[]).unwrap_err().to_string().starts_with("server.data")
    );
    let config = file("[server]\ndata = \"there\"").unwrap();
    assert!(config.state_dir.unwrap().ends_with("there"));
    let memory = |dir: Option<PathBuf>| Flags { dir, store: Some("memory".to_owned()), ..Flags::default() };
    assert_eq!(with("", memory(None), &[]).unwrap().state_dir, None);
    assert_eq!(with("", memory(Some("d".into())), &[]).unwrap().state_dir, Some(PathBuf::from("d")));
}

#[test]
fn stores_are_read_and_their_clashes_refused() {
    let config = file("[store.near]\nkind = \"local\"\npath = \"d\"\ninline_max = \"16KiB\"").unwrap();
    let StoreKind::Local(local) = &config.stores[0].kind else { panic!("a local store") };
    assert_eq!(local.inline_max_bytes, 16_384);
    assert!(local.path.is_absolute(), "relative to the file: {}", local.path.display());
    let two = "[store.a]\nkind = \"local\"\npath = \"d\"\n[store.b]\nkind = \"local\"\npath = \"./d\"\n";
    assert!(refusal(two).contains("is the same as that of store \"a\""));
    let several = "[store.a]\nkind = \"memory\"\n[store.b]\nkind = \"memory\"\n";
    assert!(refusal(several).starts_with("bucket.\"*\": there are several stores"));
    assert!(file(&format!("{several}[bucket.\"*\"]\nstore = \"b\"\n[bucket.one]\nstore = \"a\"")).is_ok());
    assert!(refusal("[store.a]\nkind = \"floppy\"").contains("\"floppy\" is not a kind of store"));
    assert!(refusal("[store.a]\nkind = \"local\"").contains("store.a.path: is missing"));
    assert!(refusal("[store.a]\nkind = \"memory\"\nsnapshot_every = \"5s\"").contains("needs snapshot"));
    let flags = Flags { store: Some("memory".to_owned()), ..Flags::default() };
    assert!(with("[store.a]\nkind = \"memory\"", flags, &[]).unwrap_err().to_string().starts_with("--store"));
}

#[test]
fn keys_are_checked_and_secrets_resolved_and_hidden() {
    let text = "[[access_key]]\nid = \"one\"\nsecret = \"env:S\"\nname = \"ann\"\npolicy = \"readonly\"";
    let config = with(text, Flags::default(), &[("S", "swordfish")]).unwrap();
    assert_eq!(config.access_keys[0].secret.expose(), "swordfish");
    assert!(!format!("{config:?}").contains("swordfish"));
    assert_eq!(refusal(text), "access_key[0].secret: the variable S is not set");
    let key = |id: &str, name: &str| {
        format!("[[access_key]]\nid = \"{id}\"\nsecret = \"12345678\"\nname = \"{name}\"\n")
    };
    assert!(refusal(&(key("a", "x") + &key("a", "y"))).contains("is there twice"));
    assert!(refusal(&key("a", "root")).contains("give the user another name"));
    assert!(refusal(&key("a/b", "x")).starts_with("access_key[0].id"));
    let half = with("", Flags::default(), &[("SLUICE_ACCESS_KEY", "root-id")]).unwrap_err();
    assert!(half.to_string().starts_with("SLUICE_SECRET_KEY: is not set"));
}

#[test]
fn buckets_name_stores_and_owners_that_exist() {
    assert!(refusal("[bucket.one]\nstore = \"nowhere\"").contains("there is no [store.nowhere]"));
    assert!(refusal("[bucket.one]\nowner = \"ann\"").contains("no [[access_key]] has the name \"ann\""));
    assert!(refusal("[bucket.One]\n").starts_with("bucket.One: not a bucket name"));
    let config = file("[bucket.one]\nanonymous = \"read\"\ndefault_cache_control = \"max-age=60\"").unwrap();
    assert_eq!(config.buckets[0].anonymous, iam::AnonymousAccess::Read);
}

#[test]
fn an_admin_listener_beyond_loopback_needs_tls() {
    assert!(refusal("[server]\nadmin_listen = \"0.0.0.0:9001\"").contains("needs TLS"));
    assert!(refusal("[server]\ntls_cert = \"c.pem\"").contains("needs tls_key"));
    let tls = "[server]\nadmin_listen = \"0.0.0.0:9001\"\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"";
    assert!(file(tls).unwrap().server.tls.unwrap().cert.ends_with("c.pem"));
}
