use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::args::Args;
use crate::endpoint::Endpoint;
use crate::operation::Operation;
use crate::process;
use crate::round::{Round, Target, prepare, run};

/// What all rounds showed, for one or two endpoints.
pub(crate) struct Report {
    operation: Operation,
    sides: Vec<Side>,
}

struct Side {
    target: Target,
    rounds: Vec<Round>,
    peak_memory_bytes: u64,
}

/// Prepares the endpoints and runs the rounds; two endpoints take turns.
pub(crate) fn measure(args: &Args) -> io::Result<Report> {
    let targets = targets(args).map_err(io::Error::other)?;
    for target in &targets {
        prepare(args, target)?;
    }
    let mut sides: Vec<Side> =
        targets.into_iter().map(|target| Side { target, rounds: Vec::new(), peak_memory_bytes: 0 }).collect();
    for number in 0..args.rounds.max(1) as u64 {
        for side in &mut sides {
            if number > 0 && args.operation == Operation::Delete {
                prepare(args, &side.target)?;
            }
            side.rounds.push(run(args, &side.target, number)?);
        }
    }
    for side in &mut sides {
        side.peak_memory_bytes = process::peak_memory_bytes(&side.target.pids);
    }
    Ok(Report { operation: args.operation, sides })
}

fn targets(args: &Args) -> Result<Vec<Target>, String> {
    let first = Target {
        url: args.url.clone(),
        endpoint: Endpoint::parse(&args.url)?,
        keys: (args.access_key.clone(), args.secret_key.clone()),
        auth: args.auth,
        pids: args.pid.clone(),
    };
    let Some(url) = &args.against else { return Ok(vec![first]) };
    let id = args.against_access_key.as_ref().unwrap_or(&first.keys.0).clone();
    let secret = args.against_secret_key.as_ref().unwrap_or(&first.keys.1).clone();
    let second = Target {
        url: url.clone(),
        endpoint: Endpoint::parse(url)?,
        keys: (id, secret),
        auth: args.against_auth.unwrap_or(args.auth),
        pids: args.against_pid.clone(),
    };
    Ok(vec![first, second])
}

/// The figures of a round, in the order of the table.
struct Figures {
    requests_per_second: f64,
    mib_per_second: f64,
    median: f64,
    p99: f64,
    server_cpu_per_request: f64,
    server_cpu_per_gib: f64,
    own_cpu_per_request: f64,
}

const MILLISECOND: f64 = 1e-3;
const MICROSECOND: f64 = 1e-6;

impl Figures {
    fn of(round: &Round) -> Self {
        let seconds = round.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let requests = (round.latencies.len() as f64).max(1.0);
        // No bytes cost nothing per byte.
        let gib = if round.moved_bytes == 0 {
            f64::INFINITY
        } else {
            round.moved_bytes as f64 / f64::from(1 << 30)
        };
        let quantile = |q: f64| Duration::from_nanos(round.latencies.value_at_quantile(q)).as_secs_f64();
        Self {
            requests_per_second: round.latencies.len() as f64 / seconds,
            mib_per_second: round.moved_bytes as f64 / f64::from(1 << 20) / seconds,
            median: quantile(0.5),
            p99: quantile(0.99),
            server_cpu_per_request: round.server_cpu.as_secs_f64() / requests,
            server_cpu_per_gib: round.server_cpu.as_secs_f64() / gib,
            own_cpu_per_request: round.own_cpu.as_secs_f64() / requests,
        }
    }
}

fn median_of(rounds: &[Round], figure: impl Fn(&Figures) -> f64) -> f64 {
    median(rounds.iter().map(|round| figure(&Figures::of(round))).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

impl Report {
    /// Requests that failed in all rounds.
    pub(crate) fn failed_requests(&self) -> u64 {
        self.sides.iter().flat_map(|side| &side.rounds).map(|round| round.failures).sum()
    }

    /// Prints one line an endpoint and the ratios, or one JSON object.
    #[allow(clippy::print_stdout, reason = "the report is what the program is for")]
    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.json());
        } else {
            print!("{}", self.table());
        }
    }

    fn json(&self) -> Value {
        let sides: Vec<Value> = self.sides.iter().map(Side::json).collect();
        json!({ "operation": self.operation.name(), "sides": sides, "ratios": self.ratios() })
    }

    /// The first endpoint's figures over the second's, round by round; the median of the rounds.
    fn ratios(&self) -> Value {
        let [first, second] = &self.sides[..] else { return Value::Null };
        let ratio = |figure: &dyn Fn(&Figures) -> f64| {
            let pairs = first.rounds.iter().zip(&second.rounds);
            let each = pairs.map(|(a, b)| figure(&Figures::of(a)) / figure(&Figures::of(b)));
            median(each.filter(|ratio| ratio.is_finite()).collect())
        };
        json!({
            "throughput": ratio(&|figures| figures.requests_per_second),
            "median": ratio(&|figures| figures.median),
            "p99": ratio(&|figures| figures.p99),
            "server_cpu": ratio(&|figures| figures.server_cpu_per_request),
        })
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{:<28} {:>10} {:>10} {:>11} {:>11} {:>12} {:>12} {:>10} {:>10} {:>7}\n",
            self.operation.name(),
            "req/s",
            "MiB/s",
            "median ms",
            "p99 ms",
            "srv us/req",
            "srv ms/GiB",
            "own us/req",
            "peak MiB",
            "failed"
        );
        for side in &self.sides {
            text.push_str(&side.line());
        }
        let ratios = self.ratios();
        if let Some(ratios) = ratios.as_object() {
            text.push_str("first over second:");
            for (name, ratio) in ratios {
                text.push_str(&format!("  {name} {:.2}", ratio.as_f64().unwrap_or_default()));
            }
            text.push('\n');
        }
        for failure in
            self.sides.iter().flat_map(|side| &side.rounds).filter_map(|round| round.first_failure.as_ref())
        {
            text.push_str(&format!("a request failed: {failure}\n"));
        }
        text
    }
}

impl Side {
    fn failures(&self) -> u64 {
        self.rounds.iter().map(|round| round.failures).sum()
    }

    fn json(&self) -> Value {
        json!({
            "url": self.target.url,
            "requests": self.rounds.iter().map(|round| round.latencies.len()).sum::<u64>(),
            "failures": self.failures(),
            "first_failure": self.rounds.iter().find_map(|round| round.first_failure.as_ref()),
            "requests_per_second": median_of(&self.rounds, |figures| figures.requests_per_second),
            "mib_per_second": median_of(&self.rounds, |figures| figures.mib_per_second),
            "median_ms": median_of(&self.rounds, |figures| figures.median / MILLISECOND),
            "p99_ms": median_of(&self.rounds, |figures| figures.p99 / MILLISECOND),
            "server_cpu_us_per_request": median_of(&self.rounds, |figures| figures.server_cpu_per_request / MICROSECOND),
            "server_cpu_ms_per_gib": median_of(&self.rounds, |figures| figures.server_cpu_per_gib / MILLISECOND),
            "own_cpu_us_per_request": median_of(&self.rounds, |figures| figures.own_cpu_per_request / MICROSECOND),
            "peak_memory_bytes": self.peak_memory_bytes,
        })
    }

    fn line(&self) -> String {
        let figure = |figure: fn(&Figures) -> f64| median_of(&self.rounds, figure);
        format!(
            "{:<28} {:>10.0} {:>10.1} {:>11.3} {:>11.3} {:>12.1} {:>12.1} {:>10.1} {:>10.1} {:>7}\n",
            self.target.url,
            figure(|figures| figures.requests_per_second),
            figure(|figures| figures.mib_per_second),
            figure(|figures| figures.median / MILLISECOND),
            figure(|figures| figures.p99 / MILLISECOND),
            figure(|figures| figures.server_cpu_per_request / MICROSECOND),
            figure(|figures| figures.server_cpu_per_gib / MILLISECOND),
            figure(|figures| figures.own_cpu_per_request / MICROSECOND),
            self.peak_memory_bytes as f64 / f64::from(1 << 20),
            self.failures()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between_the_two_in_the_middle() {
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
