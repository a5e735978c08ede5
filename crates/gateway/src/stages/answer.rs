use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use s3_model::S3Error;
use types::{Body, Context};

use super::answered::Answered;
use super::authenticated::Authenticated;
use super::{head, respond};
use crate::conn::Peer;
use crate::exchange::{Account, AnswerBody, Intake, expectation, incoming_body};
use crate::gateway::Core;

/// Answers one request: whatever goes wrong on the way becomes an S3 error.
pub(crate) async fn answer(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Response<AnswerBody> {
    let request_id = core.shared.ids.next();
    let mut account = Account::open(core.shared.clone(), peer, request_id, request.method().clone());
    let (parts, incoming) = request.into_parts();
    let body = receive(&core, &account, &parts, incoming);
    match stages(&core, &mut account, &parts, body).await {
        Ok(answered) => respond::answer(&core, &parts, account, answered),
        Err(error) => respond::refusal(&core, &parts, account, error),
    }
}

fn receive(core: &Core, account: &Account, parts: &Parts, incoming: Incoming) -> Body {
    let intake = Intake {
        budget: core.intake.clone(),
        stall: core.limits.idle_timeout,
        received: account.received_bytes.clone(),
        activity: account.peer().activity.clone(),
        expectation: expectation(parts),
    };
    incoming_body(incoming, intake)
}

async fn stages(core: &Core, account: &mut Account, parts: &Parts, body: Body) -> Result<Answered, S3Error> {
    head::check(parts)?;
    let routed = s3_wire::route(parts, &core.addressing)?;
    account.operation = Some(routed.operation());
    account.bucket = routed.bucket().cloned();
    account.key = routed.key().cloned();
    let cx = Context { request_id: account.request_id, deadline: None, notes: account.notes.clone() };
    let authenticated = Authenticated::verify(core, parts, routed, body)?;
    account.who = Some(authenticated.who().clone());
    match authenticated.into_form() {
        Ok(form) => form.carry_out(core, &cx, account, parts).await,
        Err(authenticated) => authenticated.admit(core, &cx).await?.carry_out(core, &cx, parts).await,
    }
}
