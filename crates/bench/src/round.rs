use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::LocalSet;

use crate::args::{Args, Auth};
use crate::bodies::Payload;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::objects::{Heads, Keys, PageOptions, Pages};
use crate::operation::{Mix, Operation};
use crate::prepare::{make_bucket, put_objects};
use crate::process;
use crate::sign::Signer;
use crate::worker::{Sample, Shared, Tickets, Worker};

/// Significant digits of a latency.
const DIGITS: u8 = 3;
/// Connections that prepare objects.
const PREPARING_CONNECTIONS: u64 = 16;

/// One endpoint under load.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// As it was given.
    pub(crate) url: String,
    /// Where it is.
    pub(crate) endpoint: Endpoint,
    /// Access key id and secret.
    pub(crate) keys: (String, String),
    /// How requests prove who they are.
    pub(crate) auth: Auth,
    /// The server's processes.
    pub(crate) pids: Vec<u32>,
}

/// What one round showed.
#[derive(Debug)]
pub(crate) struct Round {
    /// Latencies of the requests that succeeded, in nanoseconds.
    pub(crate) latencies: Histogram<u64>,
    /// Requests that failed.
    pub(crate) failures: u64,
    /// What the first failure said.
    pub(crate) first_failure: Option<String>,
    /// Bytes moved.
    pub(crate) moved_bytes: u64,
    /// From the first request to the last reply.
    pub(crate) elapsed: Duration,
    /// CPU time of the generator.
    pub(crate) own_cpu: Duration,
    /// CPU time of the server.
    pub(crate) server_cpu: Duration,
}

#[derive(Debug)]
struct Tally {
    latencies: Histogram<u64>,
    failures: u64,
    moved_bytes: u64,
}

impl Tally {
    fn new() -> Self {
        Self {
            latencies: Histogram::new(DIGITS).expect("the digits are in range"),
            failures: 0,
            moved_bytes: 0,
        }
    }

    fn record(&mut self, sample: Sample) {
        match sample.moved_bytes {
            Some(bytes) => {
                let nanos = u64::try_from(sample.latency.as_nanos()).unwrap_or(u64::MAX);
                self.latencies.record(nanos).expect("the histogram grows by itself");
                self.moved_bytes += bytes;
            }
            None => self.failures += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.latencies.add(&other.latencies).expect("both have the same digits");
        self.failures += other.failures;
        self.moved_bytes += other.moved_bytes;
    }
}

/// Makes the bucket and, where the operation reads, the objects.
pub(crate) fn prepare(args: &Args, target: &Target) -> io::Result<()> {
    if args.prepared || target.auth == Auth::None {
        return Ok(());
    }
    let keys = keys_of(args)?;
    let payload = Rc::new(Payload::new(args.size.0, args.payload));
    on_one_thread(async {
        let mut signer = signer(args, target);
        make_bucket(&mut signer, &mut Connection::new(target.endpoint.address, args.discard), &keys).await?;
        if !args.operation.reads_objects() {
            return Ok(());
        }
        let lanes = PREPARING_CONNECTIONS.min(args.objects);
        let lane = |first: u64| {
            let (mut signer, keys, payload) = (self::signer(args, target), keys.clone(), payload.clone());
            let mut connection = Connection::new(target.endpoint.address, args.discard);
            let numbers = (first..args.objects).step_by(lanes as usize);
            async move { put_objects(&mut signer, &mut connection, &keys, &payload, numbers).await }
        };
        let running: Vec<_> = (0..lanes).map(|first| tokio::task::spawn_local(lane(first))).collect();
        for lane in running {
            lane.await.map_err(io::Error::other)??;
        }
        Ok(())
    })
}

/// Runs the load once: the warm-up uncounted, then the round.
pub(crate) fn run(args: &Args, target: &Target, number: u64) -> io::Result<Round> {
    if !args.warmup.is_zero() && args.operation != Operation::Delete {
        let ends_at = Instant::now() + args.warmup;
        load(args, target, number * 2, &Tickets::new(u64::MAX, Some(ends_at)))?;
    }
    let limit = match (args.operation, args.count) {
        (Operation::Delete, count) => count.unwrap_or(u64::MAX).min(args.objects),
        (_, count) => count.unwrap_or(u64::MAX),
    };
    let (own, server) = (process::own_cpu_time(), process::cpu_time(&target.pids));
    let started = Instant::now();
    let ends_at = args.count.is_none().then(|| started + args.duration);
    let (tally, first_failure) = load(args, target, number * 2 + 1, &Tickets::new(limit, ends_at))?;
    Ok(Round {
        elapsed: started.elapsed(),
        own_cpu: process::own_cpu_time() - own,
        server_cpu: process::cpu_time(&target.pids).saturating_sub(server),
        latencies: tally.latencies,
        failures: tally.failures,
        moved_bytes: tally.moved_bytes,
        first_failure,
    })
}

fn load(
    args: &Args,
    target: &Target,
    number: u64,
    tickets: &Arc<Tickets>,
) -> io::Result<(Tally, Option<String>)> {
    let threads = args.threads.clamp(1, args.connections.max(1));
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || on_one_thread(thread_load(args, target, (number, thread), tickets)))
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("a load thread does not panic")).collect()
    });
    let mut total = Tally::new();
    let mut first_failure = None;
    for outcome in outcomes {
        let (tally, failure) = outcome?;
        total.add(&tally);
        first_failure = first_failure.or(failure);
    }
    Ok((total, first_failure))
}

async fn thread_load(
    args: &Args,
    target: &Target,
    (number, thread): (u64, usize),
    tickets: &Arc<Tickets>,
) -> io::Result<(Tally, Option<String>)> {
    let shared = Rc::new(shared(args, target, number)?);
    let tally = Rc::new(RefCell::new(Tally::new()));
    let workers: Vec<_> = (thread..args.connections)
        .step_by(args.threads.max(1))
        .map(|place| {
            let connection = Connection::new(target.endpoint.address, args.discard);
            let worker = Worker::new(place, shared.clone(), signer(args, target), connection);
            let (tickets, tally) = (tickets.clone(), tally.clone());
            tokio::task::spawn_local(worker.run(tickets, move |sample| tally.borrow_mut().record(sample)))
        })
        .collect();
    let mut first_failure = None;
    for worker in workers {
        first_failure = first_failure.or(worker.await.map_err(io::Error::other)?);
    }
    let tally = Rc::try_unwrap(tally).expect("every worker has ended").into_inner();
    Ok((tally, first_failure))
}

fn shared(args: &Args, target: &Target, number: u64) -> io::Result<Shared> {
    let keys = keys_of(args)?;
    let mut signer = signer(args, target);
    let mix = match args.operation {
        Operation::Mixed => Mix::parse(&args.mix).map_err(io::Error::other)?,
        only => Mix::only(only),
    };
    let page = PageOptions {
        max_keys: args.max_keys,
        prefix: args.list_prefix.clone(),
        delimiter: args.delimiter.clone(),
        start_after: args.start_after.clone(),
    };
    let part_bytes = args.part_size.0.clamp(1, args.size.0.max(1));
    let full = Rc::new(Payload::new(part_bytes, args.payload));
    let mut parts = vec![full; usize::try_from(args.size.0 / part_bytes).map_err(io::Error::other)?];
    if !args.size.0.is_multiple_of(part_bytes) {
        parts.push(Rc::new(Payload::new(args.size.0 % part_bytes, args.payload)));
    }
    let mut heads = |operation, method| {
        let count = if mix.holds(operation) { args.objects } else { 0 };
        Heads::new(&mut signer, &keys, method, count)
    };
    let (gets, lookups) = (heads(Operation::Get, "GET"), heads(Operation::Head, "HEAD"));
    let deletes = heads(Operation::Delete, "DELETE");
    Ok(Shared {
        mix,
        gets,
        heads: lookups,
        deletes,
        pages: Pages::new(&mut signer, &keys, &page),
        keys,
        objects: args.objects.max(1),
        payload: Payload::new(args.size.0, args.payload),
        parts,
        run: u64::from(std::process::id()) << 24 | number,
    })
}

fn keys_of(args: &Args) -> io::Result<Keys> {
    Keys::new(&args.bucket, &args.prefix).map_err(io::Error::other)
}

fn signer(args: &Args, target: &Target) -> Signer {
    Signer::new(&target.endpoint, target.auth, (&target.keys.0, &target.keys.1), &args.region)
}

fn on_one_thread<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, work)
}
