use super::{file, refusal};

const MEMORY: &str =
    "[store.a]\nkind = \"memory\"\n[store.b]\nkind = \"memory\"\n[bucket.\"*\"]\nstore = \"a\"\n";

fn placed(buckets: &str) -> String {
    format!("{MEMORY}{buckets}")
}

#[test]
fn a_bucket_may_have_another_name_and_a_prefix_on_any_store() {
    let config = file(&placed("[bucket.one]\nremote = \"two\"\nprefix = \"p/\"\n")).unwrap();
    let bucket = &config.buckets[0];
    assert_eq!(bucket.remote.as_ref().unwrap().as_str(), "two");
    assert_eq!(bucket.prefix.as_deref(), Some("p/"));
    assert!(refusal(&placed("[bucket.one]\nremote = \"No\"")).starts_with("bucket.one.remote: not a bucket"));
    let long = "p".repeat(513);
    assert!(refusal(&placed(&format!("[bucket.one]\nprefix = \"{long}\""))).starts_with("bucket.one.prefix"));
    let every = "[bucket.\"*\"]\nremote = \"two\"";
    assert!(refusal(every).starts_with("bucket.\"*\".remote: is for one bucket"));
}

#[test]
fn two_buckets_with_the_same_objects_are_refused() {
    let apart =
        "[bucket.one]\nremote = \"x00\"\nprefix = \"a/\"\n[bucket.two]\nremote = \"x00\"\nprefix = \"b/\"\n";
    assert!(file(&placed(apart)).is_ok());
    let elsewhere = "[bucket.one]\nremote = \"x00\"\n[bucket.two]\nremote = \"x00\"\nstore = \"b\"\n";
    assert!(file(&placed(elsewhere)).is_ok());
    for overlapping in [
        "[bucket.one]\nremote = \"x00\"\n[bucket.two]\nremote = \"x00\"\n",
        "[bucket.one]\nremote = \"x00\"\n[bucket.two]\nremote = \"x00\"\nprefix = \"b/\"\n",
        "[bucket.one]\nremote = \"x00\"\nprefix = \"b/c\"\n[bucket.two]\nremote = \"x00\"\nprefix = \"b/\"\n",
        "[bucket.one]\n[bucket.two]\nremote = \"one\"\n",
    ] {
        let refused = refusal(&placed(overlapping));
        assert!(refused.starts_with("bucket.two: its place,"), "{refused}");
        assert!(refused.contains("overlaps that of bucket.one"), "{refused}");
    }
}

fn crypt(keys: &str, names: &str) -> String {
    format!("{{ kind = \"crypt\", {keys}, names = \"{names}\" }}")
}

fn parts(first: (&str, &str), second: (&str, &str)) -> String {
    let part = |name: &str, (prefix, layers): (&str, &str)| {
        format!("[bucket.{name}]\nremote = \"x00\"\nprefix = \"{prefix}\"\nlayers = [ {layers} ]\n")
    };
    placed(&format!("{}{}", part("one", first), part("two", second)))
}

#[test]
fn parts_of_one_bucket_agree_on_its_encryption() {
    let vault = |token: &str, key: &str| {
        format!("vault = {{ address = \"https://vault.example.org\", token = \"{token}\", key = \"{key}\" }}")
    };
    let (a, b) = (crypt("keyring = \"file:a\"", "plain"), crypt("keyring = \"file:b\"", "plain"));
    let encrypted = crypt("keyring = \"file:a\"", "encrypted");
    let (v, w) = (crypt(&vault("t", "k"), "plain"), crypt(&vault("u", "k"), "plain"));
    let other_key = crypt(&vault("t", "l"), "plain");
    let below = format!("{b}, {a}");
    for layers in [(&a, &a), (&v, &w), (&below, &a)] {
        assert!(file(&parts(("p/", layers.0), ("q/", layers.1))).is_ok(), "{layers:?}");
    }
    for layers in [(&a, &b), (&a, &encrypted), (&a, &v), (&v, &other_key), (&below, &b)] {
        let refused = refusal(&parts(("p/", layers.0), ("q/", layers.1)));
        assert!(refused.starts_with("bucket.two.layers: it is in the same bucket"), "{layers:?}: {refused}");
    }
    // Elsewhere, they are nobody's.
    assert!(
        file(&placed(&format!("[bucket.one]\nlayers = [ {a} ]\n[bucket.two]\nlayers = [ {b} ]"))).is_ok()
    );
}

#[test]
fn a_plain_part_beside_an_encrypted_one_keeps_off_its_keys() {
    let a = crypt("keyring = \"file:a\"", "plain");
    assert!(file(&parts(("p/", &a), ("q/", ""))).is_ok());
    for prefix in [".sluice/", ".sluice/crypt/x", ".", ".sluice"] {
        let refused = refusal(&parts(("p/", &a), (prefix, "")));
        assert!(refused.starts_with("bucket.two.prefix: "), "{prefix}: {refused}");
        let refused = refusal(&parts((prefix, ""), ("p/", &a)));
        assert!(refused.starts_with("bucket.one.prefix: "), "{prefix}: {refused}");
    }
}
