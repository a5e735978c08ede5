use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gateway::{Tls, TlsFiles};

use crate::cli::CheckConfigArgs;
use crate::config::{
    BucketSettings, Config, CryptKeys, CryptSettings, Flags, KeyringSource, LayerSettings, load, warnings,
};
use crate::connect::connect;
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::state::probe_dir;
use crate::stores::read_keyring;

/// Checks the configuration and prints what would run; tries its stores where that is asked for.
///
/// # Errors
/// The first setting that cannot be used; what a store may not do.
pub(crate) fn check_config(args: &CheckConfigArgs) -> Result<(), Failure> {
    let flags = Flags { config: args.config.clone(), ..Flags::default() };
    let config = load(&flags, &ProcessEnvironment)?;
    if let Some(tls) = &config.server.tls {
        let files = TlsFiles { cert: tls.cert.clone(), key: tls.key.clone() };
        Tls::load(files, &[])
            .map_err(|error| Failure::configuration(format!("server.tls_cert, server.tls_key: {error}")))?;
    }
    crate::print(&describe(&config));
    let mut warned = warnings(&config);
    warned.extend(check_layers(&config)?);
    for warning in &warned {
        crate::print(&format!("\nwarning: {warning}\n"));
    }
    if args.connect { try_stores(&config) } else { Ok(()) }
}

fn try_stores(config: &Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let report = runtime.block_on(connect(config))?;
    crate::print(&report.to_string());
    match report.failures() {
        0 => Ok(()),
        1 => Err(Failure::new("one thing that is needed may not be done; it says NO above")),
        count => {
            Err(Failure::new(format!("{count} things that are needed may not be done; they say NO above")))
        }
    }
}

fn describe(config: &Config) -> String {
    let mut text = String::from("The configuration is right. It means:\n\n");
    let server = &config.server;
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let mut line = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line("S3", format!("{scheme}://{}", server.listen));
    line("admin", format!("{scheme}://{}", server.admin_listen));
    if !server.domains.is_empty() {
        line("domains", server.domains.join(", "));
    }
    line("region", server.region.clone().unwrap_or_else(|| "any".to_owned()));
    match &config.state_dir {
        Some(dir) => line("state", dir.display().to_string()),
        None => line("state", "in memory".to_owned()),
    }
    for store in &config.stores {
        line("store", format!("{}: {}{}", store.name, store.kind, behind(&store.layers)));
    }
    for bucket in config.buckets.iter().chain([&config.other_buckets]) {
        line("bucket", bucket_line(bucket));
    }
    let root = if config.root_key.is_some() { "from SLUICE_ACCESS_KEY" } else { "kept with the state" };
    line("root key", root.to_owned());
    for key in &config.access_keys {
        let policy = key.policy.map_or(String::new(), |policy| format!(", {policy}"));
        line("access key", format!("{} of {}{policy}", key.id, key.user));
    }
    text
}

fn bucket_line(bucket: &BucketSettings) -> String {
    let name = bucket.name.as_ref().map_or("every other", |name| name.as_str());
    let owner = bucket.owner.as_deref().map_or(String::new(), |owner| format!(", owned by {owner}"));
    let open = match bucket.anonymous {
        iam::AnonymousAccess::None => "",
        iam::AnonymousAccess::Read => ", readable by everybody",
    };
    let place = match (&bucket.remote, &bucket.prefix) {
        (None, None) => String::new(),
        (Some(remote), None) => format!(" as {remote}"),
        (None, Some(prefix)) => format!(" below \"{prefix}\""),
        (Some(remote), Some(prefix)) => format!(" as {remote} below \"{prefix}\""),
    };
    format!("{name} in {}{place}{owner}{open}{}", bucket.store, behind(&bucket.layers))
}

/// What a store or a bucket stands behind.
fn behind(layers: &[LayerSettings]) -> String {
    let names: Vec<_> = layers.iter().map(LayerSettings::name).collect();
    if names.is_empty() { String::new() } else { format!(", behind {}", names.join(", ")) }
}

/// Reads the keyrings and tries whether caches can be written; what is only doubtful is returned.
///
/// # Errors
/// The first that cannot be used.
fn check_layers(config: &Config) -> Result<Vec<String>, Failure> {
    let mut warned = Vec::new();
    for (path, layers) in config.layer_lists() {
        for (index, layer) in layers.iter().enumerate() {
            let setting = format!("{path}.layers[{index}]");
            match layer {
                LayerSettings::Cache(cache) => probe(&setting, &cache.path)?,
                LayerSettings::Crypt(CryptSettings { keys: CryptKeys::Keyring(source), .. }) => {
                    read_keyring(&format!("{setting}.keyring"), source)?;
                    warned.extend(open_to_others(&setting, source));
                }
                _ => {}
            }
        }
    }
    Ok(warned)
}

fn open_to_others(setting: &str, source: &KeyringSource) -> Option<String> {
    let KeyringSource::File(path) = source else { return None };
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        format!("{setting}.keyring: other users may read {}; chmod 600 keeps it to its owner", path.display())
    })
}

/// Writes into a cache's directory, or, where it is yet to be made, into the one that it will be made in.
fn probe(setting: &str, path: &Path) -> Result<(), Failure> {
    let there = path.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
    probe_dir(there).map_err(|error| {
        Failure::configuration(format!("{setting}.path: cannot write in {}: {error}", there.display()))
    })
}
