//! Looks into answers for the tests of encoders.

use http::Request;
use s3_model::Output;
use types::Owner;

use crate::{Addressing, Reply, ReplyBody, Routed, Scheme, encode, route};

/// The document of an answer; empty where there is none.
pub(super) fn text(reply: &Reply) -> String {
    match &reply.body {
        ReplyBody::Document(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        ReplyBody::Empty => String::new(),
        ReplyBody::Stream(body) => panic!("{body:?}"),
    }
}

/// What is inside the outermost element of the document; checks that it is of S3's namespace.
pub(super) fn inner(reply: &Reply, root: &str) -> String {
    let text = text(reply);
    let opening = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    );
    let inner = text.strip_prefix(&opening).and_then(|rest| rest.strip_suffix(&format!("</{root}>")));
    inner.unwrap_or_else(|| panic!("{text}")).to_owned()
}

pub(super) fn header(reply: &Reply, name: &str) -> Option<String> {
    reply.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

pub(super) fn routed(host: &str) -> Routed {
    let (parts, ()) = Request::get("/bucket/key").header("host", host).body(()).unwrap().into_parts();
    route(&parts, &Addressing::new(["s3.example.org".to_owned()])).unwrap()
}

pub(super) fn reply(output: Output) -> Reply {
    encode(output, &routed("localhost:9000"), Scheme::Http)
}

pub(super) fn owner() -> Owner {
    Owner { id: types::CanonicalId::from_text("id"), display_name: "na<me".into() }
}

/// How an owner is written.
pub(super) const OWNER: &str = "<ID>id</ID><DisplayName>na&lt;me</DisplayName>";
