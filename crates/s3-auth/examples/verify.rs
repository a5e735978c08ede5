//! Verifies requests that another program signed: one JSON object on each line of standard input, one on each line of
//! standard output. `tests/clients/test_signing.py` drives it.
//!
//! A request: `{"method", "uri", "headers": [[name, value], …], "body": hexadecimal, "now": seconds}`. A form:
//! `{"fields": [[name, value], …], "bucket", "key", "now"}`. An answer: `{"scheme", "who"}` or `{"code", "message", …}`.
//! The key is `AKIDEXAMPLE` with the secret `wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY`; buckets may stand before
//! `example.net`.
#![allow(clippy::print_stdout, reason = "answers go to standard output")]

use std::io::BufRead;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use iam::Principal;
use s3_auth::{AccessKey, AuthSettings, Keyring, PostForm, Scheme, Secret, Verifier};
use s3_model::S3Error;
use s3_wire::{Addressing, route};
use serde_json::{Value, json};
use types::{Body, BucketName, Timestamp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let key = AccessKey::new("AKIDEXAMPLE", secret, Arc::new(Principal::root()))?;
    let verifier = Verifier::new(Arc::new(Keyring::new([key])?), AuthSettings::default());
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let outcome = if line.get("fields").is_some() {
            check_form(&verifier, &line)?
        } else {
            check_request(&verifier, &line)?
        };
        println!("{}", outcome.unwrap_or_else(|error| told(&error)));
    }
    Ok(())
}

type Outcome = Result<Result<Value, S3Error>, Box<dyn std::error::Error>>;

fn check_request(verifier: &Verifier, line: &Value) -> Outcome {
    let mut request = http::Request::builder().method(text(&line["method"])).uri(text(&line["uri"]));
    for (name, value) in pairs(&line["headers"]) {
        request = request.header(name, http::HeaderValue::from_bytes(value.as_bytes())?);
    }
    let (parts, ()) = request.body(())?.into_parts();
    let addressing = Addressing::new(["example.net".to_owned()]);
    let body = Body::from_bytes(unhex(text(&line["body"])).into());
    let verified =
        route(&parts, &addressing).and_then(|routed| verifier.verify(&parts, &routed, body, now(line)));
    Ok(verified.map(|authenticated| match read(authenticated.body) {
        Ok(()) => proven(authenticated.scheme, &authenticated.who),
        Err(message) => json!({ "code": "Body", "message": message }),
    }))
}

fn check_form(verifier: &Verifier, line: &Value) -> Outcome {
    let fields = pairs(&line["fields"]);
    let bucket = BucketName::new(text(&line["bucket"]))?;
    let form = PostForm { fields: &fields, bucket: &bucket, key: text(&line["key"]) };
    Ok(verifier.verify_form(&form, now(line)).map(|grant| proven(grant.scheme, &grant.who)))
}

fn proven(scheme: Scheme, who: &Principal) -> Value {
    json!({ "scheme": scheme.name(), "who": who.name() })
}

fn told(error: &S3Error) -> Value {
    let mut told = json!({ "code": error.code.name(), "message": error.message });
    for (name, value) in &error.details {
        told[*name] = json!(value);
    }
    told
}

/// Reads a body to its end.
fn read(mut body: Body) -> Result<(), String> {
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.poll_frame(&mut cx) {
        frame.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn now(line: &Value) -> Timestamp {
    Timestamp::from_secs(line["now"].as_u64().unwrap_or_default())
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned());
    value.as_array().into_iter().flatten().map(pair).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16).unwrap_or_default();
    (0..digits.len()).step_by(2).map(byte).collect()
}
