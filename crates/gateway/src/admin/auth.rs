use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use iam::Principal;
use s3_auth::{Authenticated, Verifier};
use s3_model::S3Error;
use types::Clock;

use super::routes::AdminState;

/// The largest body of a request to the admin listener.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// Who checks the proofs, and what time it is.
pub(super) struct AdminKeys {
    pub(super) verifier: Verifier,
    pub(super) clock: Arc<dyn Clock>,
}

/// Lets a request pass that the root key has signed.
pub(super) async fn require_signature(
    State(state): State<Arc<AdminState>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(payload) = axum::body::to_bytes(body, BODY_MAX_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large\n").into_response();
    };
    let keys = &state.keys;
    match proven(keys, &parts, payload).await {
        Ok((who, payload)) if matches!(*who, Principal::Root { .. }) => {
            next.run(Request::from_parts(parts, Body::from(payload))).await
        }
        Ok(_) => (StatusCode::FORBIDDEN, "AccessDenied: only the root key may do this\n").into_response(),
        Err(error) => refusal(&error),
    }
}

async fn proven(keys: &AdminKeys, parts: &Parts, payload: Bytes) -> Result<(Arc<Principal>, Bytes), S3Error> {
    let Authenticated { who, body, .. } =
        keys.verifier.verify_header(parts, types::Body::from_bytes(payload), keys.clock.now())?;
    let payload = body.collect(BODY_MAX_BYTES).await.map_err(|error| service::body_error(&error.kind))?;
    Ok((who, payload))
}

fn refusal(error: &S3Error) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::FORBIDDEN);
    (status, format!("{}: {}\n", error.code.name(), error.message)).into_response()
}
