use std::sync::Arc;
use std::time::Duration;

use gateway::{JobRefused, JobRequest};
use mirror::{
    Agreement, BreakerState, Depth, Finding, Mirror, MirrorStatus, Remedy, RepairEvent, Seen, SeenAt, Start,
    TargetStatus, VerifyCounts, VerifyEvent, VerifyOptions,
};
use serde_json::{Map, Value, json};
use store::{ListBuckets, SharedStore};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use types::{BucketName, Context};

use super::cache::done;
use super::desk::Ended;
use super::{Events, JobEvent, size};
use crate::failure::with_causes;
use crate::stores::{Assembled, Engine, MirrorStore, OpenedStore};

/// Failures of one repair that are told one by one; all are counted.
const FAILURES_TOLD: usize = 10_000;
/// Buckets asked for at once.
const BUCKETS_PAGE: usize = 1000;

/// A mirror and its name.
#[derive(Clone)]
pub(super) struct Named {
    name: String,
    store: Arc<MirrorStore>,
    port: SharedStore,
}

impl Named {
    fn of(store: &OpenedStore) -> Option<Self> {
        match &store.engine {
            Engine::Mirror(mirror) => {
                let (name, port) = (store.name.clone(), store.port());
                Some(Self { name, store: mirror.clone(), port })
            }
            _ => None,
        }
    }

    fn mirror(&self) -> &Mirror {
        self.store.mirror()
    }
}

/// The mirror that a request names.
///
/// # Errors
/// Where it names none of the mirrors that there are.
pub(super) fn named(stores: &Assembled, request: &JobRequest) -> Result<Named, JobRefused> {
    let wrong = |how: String| JobRefused::Wrong(how);
    let name = request.arguments.get("store").ok_or_else(|| wrong("store: is missing".to_owned()))?;
    let found = stores.opened.iter().find(|store| store.name == *name);
    match found.map(Named::of) {
        Some(Some(named)) => Ok(named),
        Some(None) => Err(wrong(format!("store \"{name}\" is not a mirror"))),
        None => Err(wrong(format!("there is no store \"{name}\""))),
    }
}

/// The mirror that a request names, or all.
///
/// # Errors
/// As [`named`].
pub(super) fn some(stores: &Assembled, request: &JobRequest) -> Result<Vec<Named>, JobRefused> {
    match request.arguments.contains_key("store") {
        true => Ok(vec![named(stores, request)?]),
        false => Ok(stores.opened.iter().filter_map(Named::of).collect()),
    }
}

/// How mirrors are: what each target owes, and since when.
pub(super) async fn status(mirrors: Vec<Named>, events: Events) -> Result<(), Ended> {
    let mut owed = 0;
    for named in &mirrors {
        let status = named.mirror().status().await.map_err(|error| with_causes(&error))?;
        let width = status.targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
        for (index, target) in status.targets.iter().enumerate() {
            owed += target.owed_operations;
            let heading = if index == 0 { format!("mirror {}\n", named.name) } else { String::new() };
            let text = format!("{heading}{}", in_words(target, width));
            events.tell(JobEvent::Figures { text, figures: figures(&status, target) }).await?;
        }
    }
    let text = match (mirrors.len(), owed) {
        (0, _) => "no mirror is configured".to_owned(),
        (_, 0) => "nothing is owed".to_owned(),
        (_, owed) => format!("{owed} operations are owed; they are worked off in the background"),
    };
    done(&events, text, 0, json!({ "mirrors": mirrors.len(), "owed_operations": owed })).await
}

/// How a target is, for people.
fn in_words(target: &TargetStatus, width: usize) -> String {
    let health = &target.health;
    let state = match health.state {
        BreakerState::In => "in use".to_owned(),
        BreakerState::Out { .. } => "left alone: it failed repeatedly, and is tried now and then".to_owned(),
        BreakerState::Trial { .. } => "on trial: it answers again".to_owned(),
    };
    let owes = match target.owed_operations {
        0 => "owes nothing".to_owned(),
        count => format!(
            "owes {count} operations on {} keys, {}, the oldest for {}",
            target.owed_keys,
            size(target.owed_bytes),
            duration(target.lag)
        ),
    };
    let latency =
        health.latency.map_or(String::new(), |latency| format!(", lately in {} ms", latency.as_millis()));
    let calls = format!("answered {} calls{latency}; {} failed", health.answered, health.failed);
    let mut text = format!("  {:<width$}  {state}; {owes}; {calls}", target.name);
    for (bucket, progress) in &target.filling {
        text.push_str(&format!(
            "\n  {:<width$}  being filled: bucket {bucket}, {} keys so far",
            "", progress.keys
        ));
    }
    text
}

/// A time for people.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

fn figures(status: &MirrorStatus, target: &TargetStatus) -> Map<String, Value> {
    let health = &target.health;
    let filling = target.filling.iter().map(|(bucket, progress)| {
        json!({ "bucket": bucket.as_str(), "keys": progress.keys, "behind": progress.behind.as_ref().map(|key| key.as_str()) })
    });
    let filling: Vec<Value> = filling.collect();
    let mut figures = Map::from_iter([
        ("mirror".to_owned(), status.name.as_ref().into()),
        ("target".to_owned(), target.name.as_ref().into()),
        ("state".to_owned(), health.state.name().into()),
        ("owed_operations".to_owned(), target.owed_operations.into()),
        ("owed_keys".to_owned(), target.owed_keys.into()),
        ("owed_bytes".to_owned(), target.owed_bytes.into()),
        ("lag_seconds".to_owned(), target.lag.as_secs().into()),
        ("unsettled".to_owned(), status.unsettled.into()),
        ("answered".to_owned(), health.answered.into()),
        ("failed".to_owned(), health.failed.into()),
        ("taken_out".to_owned(), health.taken_out.into()),
    ]);
    if let Some(latency) = health.latency {
        figures
            .insert("latency_ms".to_owned(), u64::try_from(latency.as_millis()).unwrap_or(u64::MAX).into());
    }
    if !filling.is_empty() {
        figures.insert("filling".to_owned(), filling.into());
    }
    figures
}

/// Works off now what targets owe.
pub(super) async fn repair(named: Named, events: Events) -> Result<(), Ended> {
    let text = format!("repairing mirror {}", named.name);
    events.tell(JobEvent::Begun { text, total: None }).await?;
    let (sender, mut told) = unbounded_channel();
    let mirror = named.mirror().clone();
    let repairing = async move {
        let mut failures = 0;
        mirror.repair(&mut |event| tell_repair(event, &mut failures, &sender)).await
    };
    let telling = async {
        while let Some(event) = told.recv().await {
            match event {
                JobEvent::Progress { done, total, bytes } => events.progress(done, total, bytes)?,
                event => events.tell(event).await?,
            }
        }
        Ok::<_, Ended>(())
    };
    let (report, told) = tokio::join!(repairing, telling);
    told?;
    let report = report.map_err(|error| with_causes(&error))?;
    let wrong = report.failed + report.unsettled;
    let rest = match wrong {
        0 => "nothing is owed any more".to_owned(),
        wrong => format!("{wrong} could not be, and are tried again"),
    };
    let text = format!("{} were repaired, {} copied: {rest}", report.repaired, size(report.bytes));
    let details = json!({
        "repaired": report.repaired, "failed": report.failed, "bytes": report.bytes, "unsettled": report.unsettled,
    });
    done(&events, text, wrong, details).await
}

fn tell_repair(event: RepairEvent, failures: &mut usize, to: &UnboundedSender<JobEvent>) {
    let event = match event {
        RepairEvent::Progress { done, total, bytes, .. } => {
            JobEvent::Progress { done, total: Some(total), bytes }
        }
        RepairEvent::Failed { target, bucket, key, error } => {
            *failures += 1;
            if *failures > FAILURES_TOLD {
                return;
            }
            let text = format!("{bucket}/{key} on {target}: {error}");
            let details = json!({ "target": target.as_ref(), "bucket": bucket, "key": key, "error": error });
            JobEvent::Finding { text, details: object(details) }
        }
    };
    // Whoever listens may be gone; the repair goes on to the end of its step.
    let _ = to.send(event);
}

/// What is compared.
#[derive(Clone, Copy)]
pub(super) struct Audit {
    depth: Depth,
    start: Start,
    remedy: Remedy,
}

/// How a request wants targets compared.
///
/// # Errors
/// Where it uses words that are not known.
pub(super) fn audit(request: &JobRequest) -> Result<Audit, JobRefused> {
    let chosen = |name: &str, usual: &str, other: &str| match request.arguments.get(name).map(String::as_str)
    {
        None => Ok(false),
        Some(word) if word == usual => Ok(false),
        Some(word) if word == other => Ok(true),
        Some(word) => Err(JobRefused::Wrong(format!("{name}: \"{word}\" is not {usual} or {other}"))),
    };
    Ok(Audit {
        depth: if chosen("depth", "usual", "deep")? { Depth::Deep } else { Depth::Shallow },
        start: if chosen("start", "resume", "anew")? { Start::Anew } else { Start::Resume },
        remedy: if chosen("remedy", "report", "repair")? { Remedy::Repair } else { Remedy::Report },
    })
}

/// Compares what the targets of a mirror hold, bucket by bucket.
pub(super) async fn verify(named: Named, audit: Audit, events: Events) -> Result<(), Ended> {
    let mut sum = VerifyCounts::default();
    for bucket in buckets(&named.port).await? {
        verify_bucket(&named, &bucket, audit, &mut sum, &events).await?;
    }
    let wrong = sum.compared - sum.same;
    let verdict = match wrong {
        0 => "all targets agree".to_owned(),
        wrong => format!(
            "{wrong} do not agree ({} owed, {} only on some, {} different, {} unreadable)",
            sum.owed, sum.only_on, sum.differs, sum.unreadable
        ),
    };
    let repaired = match sum.repaired {
        0 => String::new(),
        repaired => format!("; {repaired} were brought to what the others have"),
    };
    let text = format!("{} objects compared, {} read: {verdict}{repaired}", sum.compared, size(sum.bytes));
    let details = json!({
        "mirror": named.name, "depth": audit.depth.name(), "compared": sum.compared, "same": sum.same, "owed": sum.owed,
        "only_on": sum.only_on, "differs": sum.differs, "unreadable": sum.unreadable, "repaired": sum.repaired,
        "bytes": sum.bytes,
    });
    done(&events, text, wrong.saturating_sub(sum.repaired), details).await
}

async fn verify_bucket(
    named: &Named,
    bucket: &BucketName,
    audit: Audit,
    sum: &mut VerifyCounts,
    events: &Events,
) -> Result<(), Ended> {
    let failed =
        |error: store::StoreError| Ended::Failed(format!("bucket {bucket}: {}", with_causes(&error)));
    let Audit { depth, start, remedy } = audit;
    let options = VerifyOptions { bucket: bucket.clone(), depth, start, remedy };
    let mut verify = named.mirror().verify(options).await.map_err(failed)?;
    while let Some(event) = verify.next().await {
        match event.map_err(failed)? {
            VerifyEvent::Began { behind } => {
                let from = behind.map_or(String::new(), |key| format!(", from behind \"{key}\""));
                let text = format!("comparing bucket {bucket}{from}");
                events.tell(JobEvent::Begun { text, total: None }).await?;
            }
            VerifyEvent::Found(finding) => events.tell(told(bucket, &finding)).await?,
            VerifyEvent::Progress(counts) => events.progress(counts.compared, None, counts.bytes)?,
            VerifyEvent::Ended(counts) => add(sum, &counts),
        }
    }
    Ok(())
}

fn add(sum: &mut VerifyCounts, counts: &VerifyCounts) {
    sum.compared += counts.compared;
    sum.same += counts.same;
    sum.owed += counts.owed;
    sum.only_on += counts.only_on;
    sum.differs += counts.differs;
    sum.unreadable += counts.unreadable;
    sum.repaired += counts.repaired;
    sum.bytes += counts.bytes;
}

/// What was compared, for the report; what agrees is shown to programs alone.
fn told(bucket: &BucketName, finding: &Finding) -> JobEvent {
    let targets: Map<String, Value> =
        finding.targets.iter().map(|seen| (seen.target.to_string(), seen_json(&seen.seen))).collect();
    let repaired: Vec<&str> = finding.repaired.iter().map(AsRef::as_ref).collect();
    let details = object(json!({
        "bucket": bucket.as_str(),
        "key": finding.key.as_str(),
        "version_id": finding.version_id.as_ref().map(ToString::to_string),
        "agreement": finding.agreement.name(),
        "targets": targets,
        "repaired": repaired,
    }));
    if finding.agreement == Agreement::Same {
        return JobEvent::Compared { details };
    }
    let seen: Vec<_> = finding.targets.iter().map(seen_text).collect();
    let repaired = if repaired.is_empty() { "" } else { "; repaired" };
    let text =
        format!("{bucket}/{} {}: {}{repaired}", finding.key, finding.agreement.name(), seen.join(", "));
    JobEvent::Finding { text, details }
}

fn seen_text(at: &SeenAt) -> String {
    let seen = match &at.seen {
        Seen::Absent => "nothing".to_owned(),
        Seen::Marker => "a delete marker".to_owned(),
        Seen::Object { etag, size_bytes, .. } => format!("{size_bytes} bytes, tag {etag}"),
        Seen::Owed => "owes it".to_owned(),
        Seen::Unreadable(why) => format!("not readable: {why}"),
    };
    format!("{}: {seen}", at.target)
}

fn seen_json(seen: &Seen) -> Value {
    match seen {
        Seen::Absent => json!({ "seen": "absent" }),
        Seen::Marker => json!({ "seen": "delete-marker" }),
        Seen::Object { etag, size_bytes, sha256, expected } => {
            let sha256 =
                sha256.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            json!({ "seen": "object", "etag": etag.to_string(), "size": size_bytes, "sha256": sha256, "expected": expected })
        }
        Seen::Owed => json!({ "seen": "owed" }),
        Seen::Unreadable(why) => json!({ "seen": "unreadable", "why": why }),
    }
}

/// The names of all buckets of a store.
pub(super) async fn buckets(store: &SharedStore) -> Result<Vec<BucketName>, Ended> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let options = ListBuckets { prefix: String::new(), after, limit: BUCKETS_PAGE };
        let page = store.list_buckets(&Context::background(), options).await;
        let page = page.map_err(|error| format!("the buckets cannot be listed: {}", with_causes(&error)))?;
        after = page.buckets.last().map(|bucket| bucket.name.as_str().to_owned());
        names.extend(page.buckets.into_iter().map(|bucket| bucket.name));
        if !page.more || after.is_none() {
            return Ok(names);
        }
    }
}

/// A map of what was written as one.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
