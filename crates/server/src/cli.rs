use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Flags;

/// An S3 server in one binary: a directory in, an S3 endpoint out.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    about,
    arg_required_else_help = true,
    after_help = "Begin with:  sluice serve ./data\n\nIt prints the endpoint, the access key and its secret, and a line to paste for aws and for rclone.\nEvery setting of the configuration file: docs/configuration.md"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the S3 API
    ///
    /// With a directory and nothing else this is a complete server: objects, keys and metadata are kept in the directory,
    /// and the access key is generated at the first start. SLUICE_ACCESS_KEY and SLUICE_SECRET_KEY set another root key.
    Serve(ServeArgs),
    /// Check a configuration and say what it means, without starting anything
    CheckConfig(CheckConfigArgs),
    /// Verify every byte and record of a data directory
    ///
    /// Where a server runs on the directory, that server does the work and this command shows it. An interrupted run goes on
    /// where it stopped.
    Scrub(ScrubArgs),
    /// See what caches hold, fill them, empty them, check them
    #[command(subcommand, arg_required_else_help = true)]
    Cache(CacheCommand),
    /// See what mirrors still owe, have it made up for, compare their targets
    #[command(subcommand, arg_required_else_help = true)]
    Mirror(MirrorCommand),
    /// Make keys, and put buckets under a new one
    #[command(subcommand, arg_required_else_help = true)]
    Crypt(CryptCommand),
}

/// How a command finds the server that it is about.
#[derive(Debug, Args)]
pub(crate) struct ReachArgs {
    /// The server's admin listener, such as http://127.0.0.1:9001 [default: what the configuration says]
    #[arg(long, value_name = "URL")]
    pub(crate) admin: Option<String>,
    /// The server's configuration file, TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The server's data directory, which holds its root key [default: the configuration's, else ./sluice-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print one JSON object a line, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// The commands about caches.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show size, content, hits and misses of each cache
    ///
    /// A running server is asked. Where none runs, the directories are opened here; their counts then begin at zero.
    Stats {
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Fetch what is not cached yet, so that the first reader finds it there
    ///
    /// Reads every object below the prefix through the bucket's caches. What is there already is not fetched again, so a warming
    /// that was interrupted goes on where it stopped.
    Warm {
        /// The bucket, or the bucket and what keys begin with: BUCKET/PREFIX
        #[arg(value_name = "PREFIX")]
        prefix: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Forget what is cached; the objects themselves stay where they are
    Purge {
        /// The bucket, or the bucket and what keys begin with: BUCKET/PREFIX
        #[arg(value_name = "PREFIX", conflicts_with = "all")]
        prefix: Option<String>,
        /// Everything in every cache
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Read every cached block and compare its checksum; a damaged one is dropped
    Verify {
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// The commands about mirrors.
#[derive(Debug, Subcommand)]
pub(crate) enum MirrorCommand {
    /// Show each target: whether it is used, how much it owes, and since when
    Status {
        /// The mirror's name in the configuration; all mirrors where none is named
        #[arg(value_name = "STORE")]
        store: Option<String>,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Work off now what targets owe, instead of in the background
    ///
    /// Ends with 0 when nothing is owed any more, with 1 when a target could not be given what it lacks.
    Repair {
        /// The mirror's name in the configuration
        #[arg(value_name = "STORE")]
        store: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Compare what the targets hold, object by object
    ///
    /// Goes on where an interrupted run stopped. Ends with 0 when all targets agree, with 1 when they do not; with --json the
    /// output is a report to be kept.
    Verify {
        /// The mirror's name in the configuration
        #[arg(value_name = "STORE")]
        store: String,
        /// Read every object on every target and compare digests of the content
        ///
        /// Without it, names, sizes and what the targets say of each object are compared.
        #[arg(long)]
        deep: bool,
        /// Begin with the first object, wherever an earlier run stopped
        #[arg(long)]
        anew: bool,
        /// Bring a target that differs to what the others have, where that is plain
        #[arg(long)]
        repair: bool,
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// The commands about encryption.
#[derive(Debug, Subcommand)]
pub(crate) enum CryptCommand {
    /// Put buckets under the keyring's primary key
    ///
    /// Run it after `sluice crypt keygen` has added a key: once it has done all buckets (--all), the old key can be destroyed. No
    /// object is touched, so it takes as long for a million objects as for one. An interrupted run can be repeated. A running
    /// server reads its keyring again first.
    Rewrap {
        /// The bucket
        #[arg(value_name = "BUCKET", conflicts_with = "all")]
        bucket: Option<String>,
        /// Every bucket that is encrypted
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Make a keyring, or add a new primary key to one
    ///
    /// The file is readable by its owner alone. Keep a copy of it somewhere else: without its keys nobody can read what was
    /// encrypted, you included. Needs no server.
    Keygen {
        /// The keyring, made where it is not there
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The new key's id [default: random letters]
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
}

/// Where the one store keeps its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreChoice {
    /// In the directory
    Local,
    /// In RAM: gone when the server stops
    Memory,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The data directory, made where it is not there [default: ./sluice-data]
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Address of the S3 listener [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Address of health, metrics and administration [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin_listen: Option<String>,
    /// Configuration file, TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where objects are kept [default: local]
    #[arg(long, value_name = "KIND")]
    pub(crate) store: Option<StoreChoice>,
    /// error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "L")]
    pub(crate) log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// The longest that requests in flight are waited for at shutdown [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) shutdown_timeout: Option<String>,
}

impl ServeArgs {
    /// What these arguments say about settings.
    pub(crate) fn flags(&self) -> Flags {
        let server = [
            ("listen", "--listen", &self.listen),
            ("admin_listen", "--admin-listen", &self.admin_listen),
            ("log_level", "--log-level", &self.log_level),
            ("log_format", "--log-format", &self.log_format),
            ("shutdown_timeout", "--shutdown-timeout", &self.shutdown_timeout),
        ];
        let given =
            |(name, flag, value): (_, _, &Option<String>)| value.clone().map(|value| (name, flag, value));
        Flags {
            dir: self.dir.clone(),
            config: self.config.clone(),
            store: self.store.map(|store| match store {
                StoreChoice::Local => "local".to_owned(),
                StoreChoice::Memory => "memory".to_owned(),
            }),
            server: server.into_iter().filter_map(given).collect(),
        }
    }
}

/// Arguments of `check-config`.
#[derive(Debug, Args)]
pub(crate) struct CheckConfigArgs {
    /// Configuration file, TOML; without it the defaults and the environment are checked
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Try each store elsewhere too: list, put, read and delete under a prefix of its own
    ///
    /// Says what may be done there and what may not. Nothing is left behind. A store that needs more than it may fails the check.
    #[arg(long)]
    pub(crate) connect: bool,
}

/// Arguments of `scrub`.
#[derive(Debug, Args)]
pub(crate) struct ScrubArgs {
    /// The data directory
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Configuration file of the server, TOML, where it has one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of the server's admin listener, where one runs [default: what the server wrote into the directory]
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin: Option<String>,
}
