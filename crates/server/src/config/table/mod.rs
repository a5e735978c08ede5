//! Every setting there is: the reader refuses what is not here, and the page of the docs is held to it by a test.

mod layers;
mod stores;

pub(super) use layers::{
    LAYER_BANDWIDTH, LAYER_CACHE, LAYER_CRYPT, LAYER_FAULT, LAYER_LIMIT, LAYER_LOG, LAYER_PREFIX,
    LAYER_QUOTA, LAYER_READ_ONLY, LAYER_RETRY, VAULT,
};
pub(super) use stores::{
    MIRROR_TARGET, STORE_AZURE, STORE_DRIME, STORE_GCS, STORE_LOCAL, STORE_MEMORY, STORE_MIRROR, STORE_S3,
};

/// One setting.
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// What stands where nothing is set, as the page shows it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is held to it"))]
    pub(super) default: &'static str,
    /// What it means; one line.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is held to it"))]
    pub(super) meaning: &'static str,
}

/// A table of the file and its settings.
pub(super) struct Table {
    /// Its heading, as the page shows it.
    pub(super) heading: &'static str,
    pub(super) settings: &'static [Setting],
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

pub(super) const SERVER: Table = Table {
    heading: "[server]",
    settings: &[
        setting("listen", "127.0.0.1:9000", "address and port of the S3 listener"),
        setting(
            "admin_listen",
            "127.0.0.1:9001",
            "address and port of the admin listener; beyond loopback it needs TLS",
        ),
        setting(
            "data",
            "./sluice-data",
            "the state directory: keys, owners, and the store where none is configured",
        ),
        setting("region", "unset", "the one region that requests may name; unset, every region is taken"),
        setting("domains", "[]", "domains whose first label is a bucket (`bucket.DOMAIN`)"),
        setting("tls_cert", "unset", "certificate chain, PEM; read again when the file changes"),
        setting("tls_key", "unset", "private key of the certificate, PEM"),
        setting(
            "durability",
            "strict",
            "`strict`: acknowledged is on stable storage; `relaxed`: a power cut may take the last seconds",
        ),
        setting("max_object_size", "50TiB", "the largest object"),
        setting(
            "memory_budget",
            "128MiB",
            "memory for bodies on their way, all requests together; at least 16MiB",
        ),
        setting("max_connections", "2048", "the most connections at once; one more is answered 503"),
        setting("header_timeout", "15s", "the longest that a request's head may take"),
        setting("idle_timeout", "60s", "the longest that a connection may idle or a peer stall"),
        setting("shutdown_timeout", "30s", "the longest that requests in flight are waited for at shutdown"),
        setting("log_level", "info", "`error`, `warn`, `info`, `debug` or `trace`"),
        setting("log_format", "text", "`text` or `json`"),
        setting("sigv2", "on", "`off` refuses Signature Version 2"),
    ],
};

pub(super) const ACCESS_KEY: Table = Table {
    heading: "[[access_key]]",
    settings: &[
        setting("id", "required", "the access key id"),
        setting("secret", "required", "its secret: `env:NAME`, `file:PATH` or the value"),
        setting("name", "required", "the user; keys of one name are one user"),
        setting(
            "policy",
            "unset",
            "`readonly`, `readwrite` or `writeonly` on all buckets, in place of owning what one makes",
        ),
    ],
};

pub(super) const BUCKET: Table = Table {
    heading: "[bucket.NAME]",
    settings: &[
        setting("store", "the one store, or that of `[bucket.\"*\"]`", "the store that the bucket lives in"),
        setting("remote", "the same name", "the bucket's name in its store"),
        setting("prefix", "unset", "a prefix of all its keys in its store"),
        setting("owner", "root", "the user that owns it"),
        setting("anonymous", "none", "`read` lets everyone get and list"),
        setting("default_cache_control", "unset", "`Cache-Control` of objects that were put without one"),
        setting(
            "layers",
            "[]",
            "layers around the store for this bucket, the outermost first; outside those of the store",
        ),
    ],
};

#[cfg(test)]
pub(super) const ALL: [&Table; 22] = [
    &SERVER,
    &ACCESS_KEY,
    &STORE_LOCAL,
    &STORE_MEMORY,
    &STORE_S3,
    &STORE_GCS,
    &STORE_AZURE,
    &STORE_DRIME,
    &STORE_MIRROR,
    &MIRROR_TARGET,
    &BUCKET,
    &LAYER_LOG,
    &LAYER_LIMIT,
    &LAYER_BANDWIDTH,
    &LAYER_RETRY,
    &LAYER_READ_ONLY,
    &LAYER_QUOTA,
    &LAYER_PREFIX,
    &LAYER_CRYPT,
    &VAULT,
    &LAYER_CACHE,
    &LAYER_FAULT,
];
