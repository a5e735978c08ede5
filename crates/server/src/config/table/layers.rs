use super::{Table, setting};

pub(in crate::config) const LAYER_LOG: Table = Table {
    heading: "{ kind = \"log\" }",
    settings: &[setting("kind", "required", "`log`: a line of the log for each call of the store")],
};

pub(in crate::config) const LAYER_LIMIT: Table = Table {
    heading: "{ kind = \"limit\" }",
    settings: &[
        setting("kind", "required", "`limit`: so many calls and no more; further ones wait their turn"),
        setting("requests", "unset", "calls a second"),
        setting("concurrency", "unset", "calls at once, the bodies that they read included"),
        setting("wait", "10s", "how long a call waits for its turn before it is answered 503"),
    ],
};

pub(in crate::config) const LAYER_BANDWIDTH: Table = Table {
    heading: "{ kind = \"bandwidth\" }",
    settings: &[
        setting("kind", "required", "`bandwidth`: so many bytes a second, all requests together"),
        setting("read", "unset", "bytes a second that are read"),
        setting("write", "unset", "bytes a second that are written"),
    ],
};

pub(in crate::config) const LAYER_RETRY: Table = Table {
    heading: "{ kind = \"retry\" }",
    settings: &[
        setting(
            "kind",
            "required",
            "`retry`: a call that takes too long fails, and a call that fails in passing is repeated where that is safe: never one with a body",
        ),
        setting("timeout", "30s", "the longest that one attempt may take to answer"),
        setting("attempts", "3", "attempts in all; 1 repeats nothing"),
    ],
};

pub(in crate::config) const LAYER_READ_ONLY: Table = Table {
    heading: "{ kind = \"read_only\" }",
    settings: &[setting("kind", "required", "`read_only`: every change is refused")],
};

pub(in crate::config) const LAYER_QUOTA: Table = Table {
    heading: "{ kind = \"quota\" }",
    settings: &[
        setting("kind", "required", "`quota`: a write that would pass the limit of a bucket is refused"),
        setting("bytes", "unset", "bytes of all objects, versions and parts of a bucket together"),
        setting("objects", "unset", "objects of a bucket, versions counted"),
    ],
};

pub(in crate::config) const LAYER_PREFIX: Table = Table {
    heading: "{ kind = \"prefix\" }",
    settings: &[
        setting("kind", "required", "`prefix`: the objects below a prefix are the whole"),
        setting("prefix", "required", "what all keys begin with inside, at most 512 bytes"),
    ],
};

pub(in crate::config) const LAYER_CRYPT: Table = Table {
    heading: "{ kind = \"crypt\" }",
    settings: &[
        setting("kind", "required", "`crypt`: what is inside sees noise"),
        setting(
            "keyring",
            "this or `vault`",
            "`file:PATH` or `env:NAME`: the keys, as `sluice crypt keygen` writes them",
        ),
        setting("vault", "this or `keyring`", "a service that keeps the key (below)"),
        setting("algorithm", "aes-256-gcm", "`aes-256-gcm` or `chacha20-poly1305`, for new objects"),
        setting(
            "names",
            "plain",
            "`plain`: keys are stored as they are; `encrypted`: each part of a key between slashes is encrypted",
        ),
        setting(
            "foreign",
            "refuse",
            "an object that Sluice did not encrypt: `refuse` to read it, or `pass` it on as it is, so that whoever can write to the store can forge objects",
        ),
    ],
};

pub(in crate::config) const VAULT: Table = Table {
    heading: "vault = { … }",
    settings: &[
        setting("address", "required", "the URL of the service, which speaks as Vault's Transit engine does"),
        setting("token", "required", "its token: `env:NAME`, `file:PATH` or the value"),
        setting("key", "required", "the name of the key"),
        setting("mount", "transit", "where the engine is mounted"),
        setting("namespace", "unset", "the namespace to ask in"),
    ],
};

pub(in crate::config) const LAYER_CACHE: Table = Table {
    heading: "{ kind = \"cache\" }",
    settings: &[
        setting("kind", "required", "`cache`: what was read stays near, in blocks on a local directory"),
        setting("path", "required", "the directory; layers that name the same one share it"),
        setting("size", "required", "the most bytes that the directory may take; at least 64MiB"),
        setting("memory", "0", "bytes of small objects that are kept in RAM besides"),
        setting("block", "8MiB", "the size of a block: a multiple of 64KiB, at most 64MiB"),
        setting(
            "mode",
            "strict",
            "how long what is cached is believed. `strict`: the store is asked at each request; `ttl`: for a time; `immutable`: for ever; `offline`: as `ttl`, and longer while the store does not answer",
        ),
        setting("ttl", "30s", "that time, in the modes `ttl` and `offline`"),
        setting(
            "negative_ttl",
            "0",
            "how long it is believed that an object is not there, in every mode but `strict`",
        ),
        setting("list_ttl", "0; 5s on a drive", "how long a listing is believed, in every mode but `strict`"),
        setting(
            "digest",
            "unset",
            "the user metadata that holds a digest of the content, such as `x-amz-meta-sha224`: equal content is then kept once",
        ),
    ],
};

pub(in crate::config) const LAYER_FAULT: Table = Table {
    heading: "{ kind = \"fault\" }",
    settings: &[
        setting("kind", "required", "`fault`: for tests: the store becomes slow and fails"),
        setting("latency", "0", "what each call takes longer"),
        setting("jitter", "0", "what a call takes longer by chance, at most"),
        setting("errors", "0", "the part of calls that fail before they do anything, 0 to 1"),
        setting("lost", "0", "the part of calls that take effect and fail all the same, 0 to 1"),
        setting("cuts", "0", "the part of bodies that break off, 0 to 1"),
        setting("stalls", "0", "the part of bodies that stand still and never go on, 0 to 1"),
        setting("seed", "unset", "a number that makes the same faults again"),
    ],
};
