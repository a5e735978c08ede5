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
