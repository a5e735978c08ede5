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
