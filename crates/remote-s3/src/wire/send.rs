use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use parking_lot::RwLock;
use remote::{Client, Payload, Request, Response};
use types::{Clock, Context};

use crate::credentials::Keyring;
use crate::endpoint::{DEFAULT_REGION, Endpoint, is_region};
use crate::wire::call::{Call, Signed};
use crate::wire::fault::{Failure, Fault};
use crate::wire::proof::{Proof, Signers};
use crate::wire::skew::Skew;
use crate::{date, xml};

/// The most bytes of an error's document.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// The most bytes of any other document: 1,000 entries whose keys are escaped throughout.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
/// How often a request is made anew after the service has said what was wrong with it: region, clock, credentials.
const MAX_CORRECTIONS: usize = 3;
/// How many buckets' regions are remembered.
const MAX_REGIONS: usize = 4096;

/// The way to one service.
pub(crate) struct Wire {
    pub(crate) endpoint: Endpoint,
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    keyring: Keyring,
    region: String,
    regions: RwLock<HashMap<String, String>>,
    skew: Skew,
    signers: Signers,
}

impl Wire {
    pub(crate) fn new(
        endpoint: Endpoint,
        region: Option<String>,
        client: Client,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let region = region.or_else(|| endpoint.region().map(str::to_owned));
        Self {
            endpoint,
            client,
            clock,
            keyring,
            region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            regions: RwLock::default(),
            skew: Skew::default(),
            signers: Signers::default(),
        }
    }

    /// The region that new buckets are made in.
    pub(crate) fn home_region(&self) -> &str {
        &self.region
    }

    fn region_of(&self, bucket: Option<&str>) -> String {
        let known = bucket.and_then(|bucket| self.regions.read().get(bucket).cloned());
        known.unwrap_or_else(|| self.region.clone())
    }

    /// Remembers a bucket's region. Says whether it is another one than a request was `signed_for`: what is known may have
    /// been learnt by another request meanwhile.
    fn learn_region(&self, bucket: Option<&str>, region: &str, signed_for: &str) -> bool {
        let Some(bucket) = bucket.filter(|_| is_region(region) && region != signed_for) else { return false };
        let mut regions = self.regions.write();
        if regions.len() == MAX_REGIONS && !regions.contains_key(bucket) {
            regions.clear();
        }
        regions.insert(bucket.to_owned(), region.to_owned());
        true
    }

    /// Makes a request and waits for the head of a good answer.
    ///
    /// # Errors
    /// [`Failure`]: no answer, or a refusal.
    pub(crate) async fn send(&self, cx: &Context, call: Call<'_>) -> Result<Response, Failure> {
        let Call { method, bucket, key, query, headers, payload, signed, replay } = call;
        let hash = self.payload_text(&payload, &signed);
        let mut payload = Some(payload);
        let mut moves = Moves::Allowed;
        for corrections in 0.. {
            let again = payload.as_ref().and_then(copy_of);
            let Some(body) = payload.take() else { break };
            let region = self.region_of(bucket);
            let proof = Proof {
                keyring: &self.keyring,
                signers: &self.signers,
                skew: &self.skew,
                region: &region,
                payload: &hash,
            };
            let uri = self.endpoint.uri(&region, bucket, key, &query);
            let request = Request { method: method.clone(), uri, headers: headers.clone(), body, replay };
            let response = self.client.send(cx, request, &proof).await?;
            if response.status.is_success() {
                return Ok(response);
            }
            let fault = fault(&method, response).await?;
            let corrected = self.correct((bucket, &region), &fault, &mut moves);
            payload = again.filter(|_| corrected && corrections < MAX_CORRECTIONS);
            if payload.is_none() {
                return Err(Failure::Fault(Box::new(fault)));
            }
        }
        unreachable!("the loop ends where there is no body to send again")
    }

    /// Makes a request whose good answer is a document.
    pub(crate) async fn document(&self, cx: &Context, call: Call<'_>) -> Result<Document, Failure> {
        let response = self.send(cx, call).await?;
        let headers = response.headers.clone();
        let status = response.status;
        let bytes = response.collect(MAX_DOCUMENT_BYTES).await?;
        let root = xml::parse(&bytes)?;
        if root.name() == "Error" {
            // S3 answers long operations with 200 and tells their failure in the document.
            return Err(Failure::Fault(Box::new(Fault::new(status, headers, root))));
        }
        Ok(Document { headers, root })
    }

    /// Makes a request whose good answer has no body of interest.
    pub(crate) async fn plain(&self, cx: &Context, call: Call<'_>) -> Result<http::HeaderMap, Failure> {
        let response = self.send(cx, call).await?;
        let headers = response.headers.clone();
        // Read to its end, so that the connection can be used again.
        response.collect(MAX_ERROR_BYTES).await?;
        Ok(headers)
    }

    fn payload_text(&self, payload: &Payload, signed: &Signed) -> String {
        match (signed, payload) {
            (Signed::As(text), _) => (*text).to_owned(),
            (Signed::Bytes, Payload::Empty) => sigv4::hex::text(&sigv4::sha256(b"")),
            (Signed::Bytes, Payload::Bytes(bytes)) if self.endpoint.is_plain() => {
                sigv4::hex::text(&sigv4::sha256(bytes))
            }
            (Signed::Bytes, _) => sigv4::UNSIGNED_PAYLOAD.to_owned(),
        }
    }

    /// Takes what a refusal tells of region, clock or credentials. Says whether asking again may help.
    ///
    /// A request goes to another region once: services that send it to and fro would be asked for ever.
    fn correct(&self, asked: (Option<&str>, &str), fault: &Fault, moves: &mut Moves) -> bool {
        let (bucket, signed_for) = asked;
        let told = fault.region(&self.endpoint).filter(|_| *moves == Moves::Allowed);
        if told.is_some_and(|region| self.learn_region(bucket, region, signed_for)) {
            *moves = Moves::Made;
            return true;
        }
        match fault.code() {
            // A refused HEAD has no document: its date alone tells.
            "RequestTimeTooSkewed" | "" if fault.status == http::StatusCode::FORBIDDEN => {
                let theirs =
                    fault.headers.get("date").and_then(|value| date::of_header(value.to_str().ok()?));
                theirs.is_some_and(|theirs| self.skew.learn(self.clock.now(), theirs))
            }
            "ExpiredToken" | "TokenRefreshRequired" => self.keyring.refused(),
            _ => false,
        }
    }
}

/// Whether a request may still go to another region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    Allowed,
    Made,
}

/// A good answer's document, with its headers.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) headers: http::HeaderMap,
    pub(crate) root: xml::Element,
}

fn copy_of(payload: &Payload) -> Option<Payload> {
    match payload {
        Payload::Empty => Some(Payload::Empty),
        Payload::Bytes(bytes) => Some(Payload::Bytes(Bytes::clone(bytes))),
        Payload::Stream { .. } => None,
    }
}

async fn fault(method: &Method, response: Response) -> Result<Fault, Failure> {
    let (status, headers) = (response.status, response.headers.clone());
    let document =
        if *method == Method::HEAD { Bytes::new() } else { response.collect(MAX_ERROR_BYTES).await? };
    // A refusal of something on the way may be no document at all: then the status is all that is known.
    let root = xml::parse(&document).unwrap_or_default();
    Ok(Fault::new(status, headers, root))
}
