use std::time::Duration;

use super::{file, refusal, with};
use crate::config::*;

fn bucket(layers: &str) -> String {
    format!("[bucket.one]\nlayers = [ {layers} ]")
}

fn layer(text: &str) -> LayerSettings {
    file(&bucket(text)).unwrap().buckets[0].layers.remove(0)
}

fn refused(layers: &str) -> String {
    refusal(&bucket(layers))
}

#[test]
fn the_order_of_layers_is_that_of_their_slots() {
    let right = "{ kind = \"log\" }, { kind = \"limit\", requests = 1 }, { kind = \"read_only\" }, \
                 { kind = \"prefix\", prefix = \"p/\" }, { kind = \"cache\", path = \"c\", size = \"64MiB\" }, { kind = \"fault\" }";
    let config = file(&bucket(right)).unwrap();
    let names: Vec<_> = config.buckets[0].layers.iter().map(LayerSettings::name).collect();
    assert_eq!(names, ["log", "limit", "read_only", "prefix", "cache", "fault"]);
    let wrong = "{ kind = \"cache\", path = \"c\", size = \"64MiB\" }, { kind = \"read_only\" }";
    assert_eq!(refused(wrong), "bucket.one.layers: layer \"read_only\" must come before layer \"cache\"");
    let store = "[store.near]\nkind = \"memory\"\nlayers = [ { kind = \"fault\" }, { kind = \"log\" } ]";
    assert!(refusal(store).starts_with("store.near.layers: layer \"log\" must come before"));
}

#[test]
fn a_duration_has_an_end() {
    let retry = |timeout: &str| format!("{{ kind = \"retry\", timeout = \"{timeout}\" }}");
    let LayerSettings::Retry(options) = layer(&retry("876000h")) else { panic!("a retry") };
    assert_eq!(options.timeout, Duration::from_secs(876_000 * 3600));
    for timeout in ["3153600001s", "876001h", "3000000000000000h"] {
        let refused = refused(&retry(timeout));
        assert!(refused.starts_with("bucket.one.layers[0].timeout: is longer than 876000h"), "{refused}");
    }
    assert!(refused("{ kind = \"fault\", latency = \"876001h\" }").contains("is longer than 876000h"));
}

#[test]
fn every_kind_of_layer_says_what_is_wrong_by_its_path() {
    assert!(refused("{ }").starts_with("bucket.one.layers[0].kind: is missing; one of \"log\""));
    assert!(
        refused("{ kind = \"log\" }, { kind = \"lag\" }")
            .starts_with("bucket.one.layers[1].kind: \"lag\" is not")
    );
    assert!(refused("{ kind = \"limit\", request = 1 }").ends_with("did you mean \"requests\"?"));
    for (text, said) in [
        ("{ kind = \"limit\" }", "layers[0].requests: is missing: set requests, concurrency or both"),
        ("{ kind = \"limit\", requests = 0 }", "layers[0].requests: must be at least 1"),
        ("{ kind = \"bandwidth\", read = 0 }", "layers[0].read: must be at least 1"),
        ("{ kind = \"quota\" }", "layers[0].bytes: is missing"),
        ("{ kind = \"retry\", attempts = 0 }", "layers[0].attempts: "),
        ("{ kind = \"prefix\" }", "layers[0].prefix: is missing"),
        ("{ kind = \"fault\", errors = 1.5 }", "layers[0].errors: must be a number from 0 to 1"),
        ("{ kind = \"cache\", size = \"1GiB\" }", "layers[0].path: is missing"),
        ("{ kind = \"cache\", path = \"c\" }", "layers[0].size: is missing"),
        ("{ kind = \"cache\", path = \"c\", size = \"63MiB\" }", "layers[0].size: must be at least 64MiB"),
        ("{ kind = \"crypt\" }", "layers[0].keyring: is missing"),
        (
            "{ kind = \"crypt\", keyring = \"c2VjcmV0\" }",
            "layers[0].keyring: must be \"file:PATH\" or \"env:NAME\"",
        ),
        ("{ kind = \"crypt\", keyring = \"env:NOT_SET\" }", "the variable NOT_SET is not set"),
        (
            "{ kind = \"crypt\", vault = { token = \"t\", key = \"k\" } }",
            "layers[0].vault.address: is missing",
        ),
        ("\"log\"", "layers[0]: must be a table"),
    ] {
        let refused = refused(text);
        assert!(refused.starts_with("bucket.one.") && refused.contains(said), "{text}: {refused}");
    }
}

#[test]
fn the_settings_of_a_cache_are_read() {
    let text = "{ kind = \"cache\", path = \"c\", size = \"1GiB\", memory = \"16MiB\", block = \"1MiB\", mode = \"offline\", \
                ttl = \"5s\", negative_ttl = \"1s\", digest = \"X-Amz-Meta-SHA224\" }";
    let LayerSettings::Cache(cache) = layer(text) else { panic!("a cache") };
    assert!(cache.path.is_absolute());
    assert_eq!((cache.size_bytes, cache.memory_bytes, cache.block_bytes), (1 << 30, 16 << 20, 1 << 20));
    assert_eq!((cache.mode, cache.ttl), (CacheMode::Offline, Duration::from_secs(5)));
    assert_eq!((cache.negative_ttl, cache.list_ttl), (Duration::from_secs(1), None));
    assert_eq!(cache.digest.as_deref(), Some("sha224"));
    let plain =
        |rest: &str| refused(&format!("{{ kind = \"cache\", path = \"c\", size = \"1GiB\", {rest} }}"));
    assert!(plain("ttl = \"5s\"").contains("layers[0].ttl: means nothing in mode \"strict\""));
    assert!(plain("mode = \"immutable\", ttl = \"5s\"").contains("means nothing in mode \"immutable\""));
    assert!(plain("block = \"100KiB\"").contains("must be a multiple of 64KiB"));
    assert!(plain("digest = \"sha224\"").contains("is no user metadata"));
}

#[test]
fn caches_of_one_directory_agree_on_what_is_the_directorys() {
    let two = |first: &str, second: &str| {
        format!(
            "[bucket.one]\nlayers = [ {{ kind = \"cache\", path = \"c\", {first} }} ]\n\
             [bucket.two]\nlayers = [ {{ kind = \"cache\", path = \"./c\", {second} }} ]"
        )
    };
    let size = "size = \"1GiB\"";
    assert!(file(&two(size, "size = \"1GiB\", mode = \"immutable\"")).is_ok());
    let other_size = refusal(&two(size, "size = \"2GiB\""));
    assert!(
        other_size.starts_with("bucket.two.layers[0].size: is another one than bucket.one.layers[0]"),
        "{other_size}"
    );
    assert!(
        refusal(&two(size, "size = \"1GiB\", memory = \"1MiB\"")).contains("layers[0].memory: is another")
    );
    let inside = "[store.near]\nkind = \"local\"\npath = \"d\"\nlayers = [ { kind = \"cache\", path = \"d\", size = \"1GiB\" } ]";
    assert!(refusal(inside).starts_with("store.near.layers[0].path: lies where store \"near\" keeps"));
}

#[test]
fn caches_beneath_one_another_need_a_directory_each() {
    let cache =
        |path: &str| format!("layers = [ {{ kind = \"cache\", path = \"{path}\", size = \"1GiB\" }} ]");
    let stores = |path: &str| {
        format!(
            "[store.near]\nkind = \"memory\"\n{}\n[store.far]\nkind = \"memory\"\n{}\n\
             [store.both]\nkind = \"mirror\"\ntargets = [\"near\", \"far\"]\n\
             [bucket.one]\nstore = \"both\"\n{}\n[bucket.\"*\"]\nstore = \"near\"",
            cache("a"),
            cache("a"),
            cache(path)
        )
    };
    assert!(file(&stores("b")).is_ok());
    let stacked = refusal(&stores("./a"));
    assert!(
        stacked.starts_with(
            "store.far.layers[0].path: is the same directory as bucket.one.layers[0].path, which lies above it"
        ),
        "{stacked}"
    );
}

#[test]
fn a_keyring_is_a_reference_and_a_token_is_hidden() {
    let text = bucket(
        "{ kind = \"crypt\", keyring = \"env:RING\", algorithm = \"chacha20-poly1305\", foreign = \"pass\" }",
    );
    let config = with(&text, Flags::default(), &[("RING", "swordfish")]).unwrap();
    assert!(!format!("{config:?}").contains("swordfish"));
    let LayerSettings::Crypt(crypt) = &config.buckets[0].layers[0] else { panic!("encryption") };
    assert!(
        matches!(&crypt.keys, CryptKeys::Keyring(KeyringSource::Variable { name, .. }) if name == "RING")
    );
    assert_eq!((crypt.algorithm, crypt.foreign), (CryptAlgorithm::ChaCha20Poly1305, Foreign::Pass));
    let LayerSettings::Crypt(crypt) = layer("{ kind = \"crypt\", keyring = \"file:keys.toml\" }") else {
        panic!("encryption")
    };
    assert!(matches!(crypt.keys, CryptKeys::Keyring(KeyringSource::File(path)) if path.is_absolute()));
    let vault = "{ kind = \"crypt\", vault = { address = \"https://vault.example.org\", token = \"env:T\", key = \"k\" } }";
    let config = with(&bucket(vault), Flags::default(), &[("T", "swordfish")]).unwrap();
    assert!(!format!("{config:?}").contains("swordfish"));
    let LayerSettings::Crypt(crypt) = &config.buckets[0].layers[0] else { panic!("encryption") };
    let CryptKeys::Vault(vault) = &crypt.keys else { panic!("a service") };
    assert_eq!(
        (vault.mount.as_str(), vault.key.as_str(), vault.token.expose()),
        ("transit", "k", "swordfish")
    );
    let both = "{ kind = \"crypt\", keyring = \"env:A\", vault = { } }";
    assert!(refused(both).contains("layers[0].vault: is set, but keyring is too"));
}

#[test]
fn a_cache_below_encryption_has_no_digest() {
    let crypt = "{ kind = \"crypt\", keyring = \"file:keys\" }";
    let cache = |digest: &str| format!("{{ kind = \"cache\", path = \"c\", size = \"64MiB\"{digest} }}");
    let (plain, by_digest) = (cache(""), cache(", digest = \"x-amz-meta-sha224\""));
    let list = |layers: &str| format!("layers = [ {layers} ]\n");
    let stacked = |bucket: &str, mirror: &str, target: &str| {
        format!(
            "[store.near]\nkind = \"memory\"\n{}[store.far]\nkind = \"memory\"\n\
             [store.both]\nkind = \"mirror\"\ntargets = [\"near\", \"far\"]\n{}\
             [bucket.one]\nstore = \"both\"\n{}[bucket.\"*\"]\nstore = \"both\"",
            list(target),
            list(mirror),
            list(bucket)
        )
    };
    for (text, setting) in [
        (bucket(&format!("{crypt}, {by_digest}")), "bucket.one.layers[1]"),
        (stacked(crypt, &by_digest, ""), "store.both.layers[0]"),
        (stacked(crypt, "", &by_digest), "store.near.layers[0]"),
        (stacked("", crypt, &by_digest), "store.near.layers[0]"),
    ] {
        let refused = refusal(&text);
        assert!(refused.starts_with(&format!("{setting}.digest: is for plain content")), "{refused}");
    }
    for text in [
        bucket(&format!("{crypt}, {plain}")),
        stacked(&by_digest, "", crypt),
        stacked("", &by_digest, crypt),
        stacked(crypt, &plain, ""),
    ] {
        file(&text).unwrap();
    }
}

#[test]
fn encryption_that_passes_on_what_others_wrote_is_warned_of() {
    let crypt = |rest: &str| bucket(&format!("{{ kind = \"crypt\", keyring = \"file:keys\"{rest} }}"));
    assert!(warnings(&file(&crypt("")).unwrap()).is_empty());
    let warned = warnings(&file(&crypt(", foreign = \"pass\"")).unwrap());
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with("bucket.one.layers[0].foreign: with \"pass\""), "{warned:?}");
}
