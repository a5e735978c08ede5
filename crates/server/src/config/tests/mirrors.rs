use super::{file, refusal};
use crate::config::*;

const STORES: &str =
    "[store.a]\nkind = \"memory\"\n[store.b]\nkind = \"memory\"\n[store.c]\nkind = \"memory\"\n";

fn mirror(rest: &str) -> String {
    format!("{STORES}[store.both]\nkind = \"mirror\"\n{rest}\n")
}

fn refused(rest: &str) -> String {
    refusal(&mirror(rest))
}

#[test]
fn a_mirror_is_opened_behind_its_targets_and_is_the_home_of_all() {
    let text = "[store.a]\nkind = \"mirror\"\ntargets = [\"b\", \"c\"]\n[store.b]\nkind = \"memory\"\n\
                [store.c]\nkind = \"mirror\"\ntargets = [\"d\", \"e\"]\n[store.d]\nkind = \"memory\"\n[store.e]\nkind = \"memory\"";
    let config = file(text).unwrap();
    let names: Vec<_> = config.stores.iter().map(|store| store.name.as_str()).collect();
    assert_eq!(names, ["b", "d", "e", "c", "a"]);
    assert_eq!(config.other_buckets.store, "a", "the only store that is no target");
    let StoreKind::Mirror(mirror) = &config.stores[4].kind else { panic!("a mirror") };
    assert_eq!((mirror.write, mirror.read, mirror.hedge), (MirrorWrite::All, MirrorRead::Order, None));
}

#[test]
fn targets_are_stores_that_are_there_and_no_circle() {
    assert_eq!(refused("targets = [\"a\", \"x\"]"), "store.both.targets[1]: there is no [store.x]");
    assert!(
        refused("targets = [\"a\"]")
            .starts_with("store.both.targets: a mirror has 2 to 8 targets, this one has 1")
    );
    assert!(refused("targets = [\"a\", \"a\"]").starts_with("store.both.targets[1]: \"a\" is there twice"));
    assert!(refused("targets = [\"a\", \"both\"]").contains("a mirror cannot hold itself: both > both"));
    let circle = "[store.x]\nkind = \"mirror\"\ntargets = [\"a\", \"y\"]\n[store.y]\nkind = \"mirror\"\ntargets = [\"b\", \"x\"]";
    let refused = refusal(&format!("{STORES}{circle}"));
    assert!(refused.contains("x > y > x"), "{refused}");
    let unknown = "targets = [\"a\", { store = \"b\", remotes = \"x\" }]";
    assert!(self::refused(unknown).starts_with("store.both.targets[1].remotes: unknown setting"));
}

#[test]
fn nobody_else_writes_to_what_a_mirror_holds() {
    let two = "targets = [\"a\", \"b\"]\n[store.more]\nkind = \"mirror\"\ntargets = [\"b\", \"c\"]\n[bucket.\"*\"]\nstore = \"both\"\n\
               [bucket.one]\nstore = \"more\"";
    let refused_two = refused(two);
    assert!(
        refused_two.contains("its place in store \"b\" overlaps that of store.both.targets[1]"),
        "{refused_two}"
    );
    let direct = "targets = [\"a\", \"b\"]\n[bucket.\"*\"]\nstore = \"both\"\n[bucket.one]\nstore = \"a\"";
    assert!(refused(direct).starts_with(
        "bucket.one: its place, bucket \"one\" of store \"a\", is that of store.both.targets[0]"
    ));
    let beside = "targets = [\"a\", \"b\"]\n[bucket.\"*\"]\nstore = \"a\"\n[bucket.one]\nstore = \"both\"";
    let config = file(&mirror(beside)).unwrap();
    assert_eq!(config.mirrored_buckets("a").iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["one"]);
    let apart = "targets = [{ store = \"a\", prefix = \"m/\" }, \"b\"]\n[bucket.\"*\"]\nstore = \"both\"\n\
                 [bucket.one]\nstore = \"a\"\nprefix = \"o/\"";
    assert!(file(&mirror(apart)).is_ok());
}

#[test]
fn a_target_with_a_bucket_name_is_for_one_bucket() {
    let targets = "targets = [{ store = \"a\", remote = \"copies\" }, \"b\"]\n";
    let one =
        format!("{targets}[bucket.\"*\"]\nstore = \"c\"\n[bucket.one]\nstore = \"both\"\nremote = \"two\"");
    let config = file(&mirror(&one)).unwrap();
    let both = config.stores.iter().find(|store| store.name == "both").unwrap();
    assert_eq!(config.only_bucket(both).unwrap().as_str(), "two");
    assert_eq!(config.mirrored_buckets("a")[0].as_str(), "copies");
    let all = format!("{targets}[bucket.\"*\"]\nstore = \"both\"");
    assert!(refused(&all).starts_with("store.both.targets[0].remote: is for a mirror that holds one"));
    let two = format!("{one}\n[bucket.three]\nstore = \"both\"");
    assert!(refused(&two).starts_with("store.both.targets[0].remote: is for a mirror that holds one"));
}

#[test]
fn what_is_probably_not_meant_is_warned_of() {
    let warned = |text: &str| warnings(&file(&mirror(text)).unwrap());
    assert!(warned("targets = [\"a\", \"b\"]\nwrite = \"any\"\n[bucket.\"*\"]\nstore = \"both\"").is_empty());
    let quorum = warned("targets = [\"a\", \"b\"]\nwrite = \"quorum\"\n[bucket.\"*\"]\nstore = \"both\"");
    assert!(quorum[0].starts_with("store.both.write: a quorum of 2 targets is all 2"), "{quorum:?}");
    assert!(warned("targets = [\"a\", \"b\", \"c\"]\nwrite = \"quorum\"").is_empty());
}

#[test]
fn a_plain_cache_above_an_encrypted_target_is_warned_of() {
    let crypt = "{ kind = \"crypt\", keyring = \"file:k\" }";
    let cache = "{ kind = \"cache\", path = \"c\", size = \"1GiB\" }";
    let text = |layers: &str| {
        format!(
            "[store.a]\nkind = \"memory\"\n[store.b]\nkind = \"memory\"\nlayers = [ {crypt} ]\n\
             [store.both]\nkind = \"mirror\"\ntargets = [\"a\", \"b\"]\n[bucket.one]\nlayers = [ {layers} ]"
        )
    };
    let warned = warnings(&file(&text(cache)).unwrap());
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].starts_with("bucket.one.layers[0]: the cache in") && warned[0].contains("keeps plain text")
    );
    assert!(warnings(&file(&text(&format!("{crypt}, {cache}"))).unwrap()).is_empty());
    assert!(warnings(&file(&text("{ kind = \"log\" }")).unwrap()).is_empty());
}
