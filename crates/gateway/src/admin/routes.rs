use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::JobRequest;
use super::auth::{AdminKeys, require_signature};
use crate::metrics::MetricsPage;
use crate::shared::Shared;

/// The longest that a readiness check may take.
const READY_MAX_TIME: Duration = Duration::from_secs(5);

/// The lines of a running job, each a JSON object with its line feed; the last one tells the outcome.
pub type JobLines = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Why a job does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRefused {
    /// The same job is running.
    Running,
    /// There is nothing that the job could work on; why.
    Unsupported(&'static str),
    /// There is no such job.
    Unknown,
    /// What it is to work on is named wrongly; how.
    Wrong(String),
}

impl fmt::Display for JobRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("it is already running"),
            Self::Unsupported(why) => f.write_str(why),
            Self::Unknown => f.write_str("there is no such job"),
            Self::Wrong(how) => f.write_str(how),
        }
    }
}

/// What the operator can ask for.
pub trait AdminJobs: Send + Sync + 'static {
    /// Checks all stored data. Ends early, to be resumed by the next call, when the lines are dropped.
    ///
    /// # Errors
    /// [`JobRefused`].
    fn scrub(&self) -> Result<JobLines, JobRefused>;

    /// What each store can do, as a JSON document.
    fn capabilities(&self) -> String;

    /// Any other job. It ends early when the lines are dropped.
    ///
    /// # Errors
    /// [`JobRefused`].
    fn start(&self, request: JobRequest) -> Result<JobLines, JobRefused>;
}

/// Whether the stores answer; asked by `/readyz`.
pub type Readiness = Box<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

pub(super) struct AdminState {
    pub(super) shared: Arc<Shared>,
    pub(super) page: MetricsPage,
    pub(super) ready: Readiness,
    pub(super) jobs: Arc<dyn AdminJobs>,
    pub(super) keys: AdminKeys,
}

pub(super) fn router(state: Arc<AdminState>) -> Router {
    let signed = Router::new()
        .route("/v1/scrub", post(scrub))
        .route("/v1/capabilities", get(capabilities))
        .route("/v1/{room}/{name}", post(job))
        .layer(middleware::from_fn_with_state(state.clone(), require_signature));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(signed)
        .with_state(state)
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(state): State<Arc<AdminState>>) -> Response {
    let not_ready = |why| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if state.shared.stopping.load(Ordering::Relaxed) {
        return not_ready("stopping\n");
    }
    match tokio::time::timeout(READY_MAX_TIME, (state.ready)()).await {
        Ok(true) => "ready\n".into_response(),
        _ => not_ready("the stores do not answer\n"),
    }
}

async fn metrics(State(state): State<Arc<AdminState>>) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, OPEN_METRICS)], state.page.text()).into_response()
}

async fn capabilities(State(state): State<Arc<AdminState>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], state.jobs.capabilities()).into_response()
}

async fn scrub(State(state): State<Arc<AdminState>>) -> Response {
    answer(state.jobs.scrub())
}

async fn job(
    State(state): State<Arc<AdminState>>,
    Path((room, name)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    match JobRequest::parse(room, name, &uri) {
        Some(request) => answer(state.jobs.start(request)),
        None => answer(Err(JobRefused::Wrong("the query is none".to_owned()))),
    }
}

fn answer(begun: Result<JobLines, JobRefused>) -> Response {
    match begun {
        Ok(lines) => {
            let body = Body::from_stream(lines.map(Ok::<_, std::convert::Infallible>));
            ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
        }
        Err(refused) => {
            let status = match refused {
                JobRefused::Running | JobRefused::Unsupported(_) => StatusCode::CONFLICT,
                JobRefused::Unknown => StatusCode::NOT_FOUND,
                JobRefused::Wrong(_) => StatusCode::BAD_REQUEST,
            };
            (status, format!("{refused}\n")).into_response()
        }
    }
}
