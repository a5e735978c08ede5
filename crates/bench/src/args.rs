use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::operation::Operation;
use crate::size::Size;

/// Puts load on an S3 endpoint and prints what it did: median, p99, throughput, CPU and peak memory.
#[derive(Debug, Parser)]
#[command(name = "bench", disable_version_flag = true)]
pub(crate) struct Args {
    /// What to do.
    pub(crate) operation: Operation,
    /// The endpoint, as http://HOST:PORT with an optional path before the bucket.
    #[arg(long)]
    pub(crate) url: String,
    /// Access key id.
    #[arg(long, default_value = "")]
    pub(crate) access_key: String,
    /// Secret access key.
    #[arg(long, default_value = "")]
    pub(crate) secret_key: String,
    /// How requests prove who they are.
    #[arg(long, default_value = "header")]
    pub(crate) auth: Auth,
    /// How a PUT declares its payload.
    #[arg(long, default_value = "unsigned")]
    pub(crate) payload: Payload,
    /// Region of the signatures.
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// The bucket; made if it is not there.
    #[arg(long, default_value = "bench")]
    pub(crate) bucket: String,
    /// Where the generator's keys begin; letters, digits and -._~/ only.
    #[arg(long, default_value = "load/")]
    pub(crate) prefix: String,
    /// Bytes of one object.
    #[arg(long, default_value = "4KiB")]
    pub(crate) size: Size,
    /// Bytes of one part (multipart).
    #[arg(long, default_value = "8MiB")]
    pub(crate) part_size: Size,
    /// Objects that reads choose from and that deletes use up.
    #[arg(long, default_value_t = 64)]
    pub(crate) objects: u64,
    /// Take the objects as they are instead of putting them first.
    #[arg(long)]
    pub(crate) prepared: bool,
    /// Connections, one request at a time on each.
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,
    /// Threads that share the connections.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Seconds of one round.
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub(crate) duration: Duration,
    /// Seconds of load that are not counted, before each round.
    #[arg(long, default_value = "0.5", value_parser = seconds)]
    pub(crate) warmup: Duration,
    /// Requests of one round, instead of a duration.
    #[arg(long)]
    pub(crate) count: Option<u64>,
    /// Rounds; the median of them is shown.
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Keys of a page (list).
    #[arg(long, default_value_t = 1000)]
    pub(crate) max_keys: u32,
    /// What the listed keys begin with (list); the generator's prefix where it is not given.
    #[arg(long)]
    pub(crate) list_prefix: Option<String>,
    /// Keys to start listing behind, one chosen at random for each request (list).
    #[arg(long, value_delimiter = ',')]
    pub(crate) start_after: Vec<String>,
    /// The delimiter (list).
    #[arg(long)]
    pub(crate) delimiter: Option<String>,
    /// Shares of the operations in `mixed`.
    #[arg(long, default_value = "get=60,put=25,head=10,list=5")]
    pub(crate) mix: String,
    /// What becomes of the bytes of objects that are read.
    #[arg(long, default_value = "read")]
    pub(crate) discard: Discard,
    /// The server's process ids, to read CPU and peak memory from.
    #[arg(long, value_delimiter = ',')]
    pub(crate) pid: Vec<u32>,
    /// A second endpoint; rounds alternate and ratios of first to second are printed.
    #[arg(long)]
    pub(crate) against: Option<String>,
    /// Access key id of the second endpoint; the first's where it is not given.
    #[arg(long)]
    pub(crate) against_access_key: Option<String>,
    /// Secret access key of the second endpoint.
    #[arg(long)]
    pub(crate) against_secret_key: Option<String>,
    /// How requests to the second endpoint prove who they are.
    #[arg(long)]
    pub(crate) against_auth: Option<Auth>,
    /// The second server's process ids.
    #[arg(long, value_delimiter = ',')]
    pub(crate) against_pid: Vec<u32>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How requests prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// Signature Version 4 in the Authorization header.
    Header,
    /// Signature Version 4 in the query.
    Presigned,
    /// Not at all, as for files behind a plain web server.
    None,
}

/// What becomes of the bytes of objects that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Discard {
    /// They are copied into a buffer, as a client does that wants them.
    Read,
    /// The kernel counts and drops them, as if the client were on another machine: all cores are left to the server.
    Kernel,
}

/// How a PUT declares its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payload {
    /// `UNSIGNED-PAYLOAD`.
    Unsigned,
    /// The SHA-256 of the body, computed once before the load.
    Signed,
    /// `aws-chunked`, the whole body as one unsigned chunk with a CRC64NVME trailer.
    Trailer,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text}: not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
