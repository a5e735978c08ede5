//! Every setting there is: the reader refuses what is not here, and the page of the docs is held to it by a test.

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

pub(super) const STORE_LOCAL: Table = Table {
    heading: "[store.NAME] kind = \"local\"",
    settings: &[
        setting("kind", "required", "`local`: files and metadata in a directory"),
        setting("path", "required", "the directory"),
        setting("inline_max", "64KiB", "objects up to this size stand beside their metadata, at most 256KiB"),
        setting("layers", "[]", "layers around the store"),
    ],
};

pub(super) const STORE_MEMORY: Table = Table {
    heading: "[store.NAME] kind = \"memory\"",
    settings: &[
        setting("kind", "required", "`memory`: everything in RAM"),
        setting("max_size", "unset", "the most bytes held; a write past it is refused"),
        setting("snapshot", "unset", "a file that holds the content between runs, written at shutdown"),
        setting("snapshot_every", "unset", "writes the snapshot this often too"),
        setting("layers", "[]", "layers around the store"),
    ],
};

pub(super) const STORE_S3: Table = Table {
    heading: "[store.NAME] kind = \"s3\"",
    settings: &[
        setting("kind", "required", "`s3`: a service that speaks S3"),
        setting("endpoint", "Amazon's of the region", "the service's URL"),
        setting(
            "region",
            "that of the environment or the profile, else `us-east-1`",
            "the region to sign for",
        ),
        setting(
            "access_key",
            "unset",
            "the access key id; unset, the standard chain of Amazon's tools is asked",
        ),
        setting("secret_key", "unset", "its secret"),
        setting("session_token", "unset", "the token of temporary keys"),
        setting("profile", "`AWS_PROFILE`, else `default`", "the profile of the chain's files"),
        setting(
            "path_style",
            "true where an endpoint is named",
            "whether the bucket stands in the path instead of the host's name",
        ),
        setting(
            "conditional",
            "probe",
            "`probe`: conditional writes are passed on once a probe has shown that the service honours them; `native`: always; `refuse`: never",
        ),
        setting("layers", "[]", "layers around the store"),
    ],
};

pub(super) const STORE_GCS: Table = Table {
    heading: "[store.NAME] kind = \"gcs\"",
    settings: &[
        setting("kind", "required", "`gcs`: Google Cloud Storage"),
        setting("endpoint", "`STORAGE_EMULATOR_HOST`, else Google's", "the service's URL"),
        setting(
            "project",
            "that of the credentials, else `GOOGLE_CLOUD_PROJECT`",
            "the project whose buckets these are",
        ),
        setting(
            "credentials",
            "what the environment provides",
            "a credentials document in JSON: `file:PATH`, `env:NAME` or the value; `none` sends no proof",
        ),
        setting("access_key", "unset", "the id of an HMAC key, in place of credentials"),
        setting("secret_key", "unset", "its secret"),
        setting("layers", "[]", "layers around the store"),
    ],
};

pub(super) const STORE_AZURE: Table = Table {
    heading: "[store.NAME] kind = \"azure\"",
    settings: &[
        setting("kind", "required", "`azure`: Azure Blob Storage"),
        setting("endpoint", "`https://ACCOUNT.blob.core.windows.net`", "the service's URL"),
        setting("account", "required without a connection string", "the storage account"),
        setting("key", "one of these four", "the account's key"),
        setting("sas", "one of these four", "a shared access signature"),
        setting("connection_string", "one of these four", "endpoint, account and key in one text"),
        setting(
            "identity",
            "one of these four",
            "`managed`: the machine's identity; `workload`: the platform's token in `AZURE_FEDERATED_TOKEN_FILE`",
        ),
        setting("client_id", "the only one, or `AZURE_CLIENT_ID`", "which identity, where there are several"),
        setting(
            "staging",
            "sluice-staging",
            "the container of parts on their way; hidden from listings and swept after seven days",
        ),
        setting("layers", "[]", "layers around the store"),
    ],
};

pub(super) const STORE_DRIME: Table = Table {
    heading: "[store.NAME] kind = \"drime\"",
    settings: &[
        setting("kind", "required", "`drime`: a Drime cloud drive"),
        setting("endpoint", "https://app.drime.cloud/api/v1", "the URL of the drive's API"),
        setting("token", "required", "the API token"),
        setting("workspace", "0", "the workspace's number; 0 is the personal one"),
        setting(
            "root",
            "buckets",
            "`buckets`: each folder at the top is a bucket; `default`: one bucket of that name holds everything",
        ),
        setting(
            "conditional",
            "refuse",
            "`refuse`: no conditional writes; `exclusive`: decided among this server's own writers, where nothing else writes to the drive",
        ),
        setting("layers", "[]", "layers around the store"),
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
        setting("layers", "[]", "layers around the store, for this bucket"),
    ],
};

#[cfg(test)]
pub(super) const ALL: [&Table; 9] = [
    &SERVER,
    &ACCESS_KEY,
    &STORE_LOCAL,
    &STORE_MEMORY,
    &STORE_S3,
    &STORE_GCS,
    &STORE_AZURE,
    &STORE_DRIME,
    &BUCKET,
];
