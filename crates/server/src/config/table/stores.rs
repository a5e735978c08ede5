use super::{Setting, Table, setting};

const LAYERS: Setting = setting("layers", "[]", "layers around the store, the outermost first");

pub(in crate::config) const STORE_LOCAL: Table = Table {
    heading: "[store.NAME] kind = \"local\"",
    settings: &[
        setting("kind", "required", "`local`: files and metadata in a directory"),
        setting("path", "required", "the directory"),
        setting("inline_max", "64KiB", "objects up to this size stand beside their metadata, at most 256KiB"),
        LAYERS,
    ],
};

pub(in crate::config) const STORE_MEMORY: Table = Table {
    heading: "[store.NAME] kind = \"memory\"",
    settings: &[
        setting("kind", "required", "`memory`: everything in RAM"),
        setting("max_size", "unset", "the most bytes held; a write past it is refused"),
        setting("snapshot", "unset", "a file that holds the content between runs, written at shutdown"),
        setting("snapshot_every", "unset", "writes the snapshot this often too"),
        LAYERS,
    ],
};

pub(in crate::config) const STORE_S3: Table = Table {
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
        LAYERS,
    ],
};

pub(in crate::config) const STORE_GCS: Table = Table {
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
        LAYERS,
    ],
};

pub(in crate::config) const STORE_AZURE: Table = Table {
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
        LAYERS,
    ],
};

pub(in crate::config) const STORE_DRIME: Table = Table {
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
        LAYERS,
    ],
};

pub(in crate::config) const STORE_MIRROR: Table = Table {
    heading: "[store.NAME] kind = \"mirror\"",
    settings: &[
        setting("kind", "required", "`mirror`: the same objects in several stores"),
        setting(
            "targets",
            "required",
            "the stores, by name or as tables (below); two to eight. Nothing else may write to what they hold of it",
        ),
        setting(
            "write",
            "all",
            "how many targets must have a write before it is acknowledged: `all`, `quorum` (N/2+1), `any` (one)",
        ),
        setting(
            "read",
            "order",
            "which target is read first: `order` (the first that can), `latency` (the one that has been quickest)",
        ),
        setting(
            "hedge",
            "unset",
            "how long the first target may take to begin its answer before a second one is asked too",
        ),
        setting(
            "journal",
            "`stores/NAME/journal.sqlite` in the state directory",
            "the file of what each target still owes; on a device that survives this machine's crash",
        ),
        LAYERS,
    ],
};

pub(in crate::config) const MIRROR_TARGET: Table = Table {
    heading: "targets = [ { … } ]",
    settings: &[
        setting("store", "required", "the store's name"),
        setting(
            "remote",
            "the same name",
            "the bucket's name in that store, where the mirror holds one bucket",
        ),
        setting("prefix", "unset", "a prefix of all keys in that store"),
    ],
};
