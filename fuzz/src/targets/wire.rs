use bytes::Bytes;
use s3_model::{Operation, Payload, Status};
use s3_wire::{Addressing, decode};
use types::RangeSpec;

use crate::request::{head, split};

fn addressing() -> Addressing {
    Addressing::new(["example.net".to_owned()])
}

/// A request's head, routed and decoded. What is implemented and routed has the names that its path needs.
pub fn route(data: &[u8]) {
    let Some(parts) = std::str::from_utf8(data).ok().and_then(head) else { return };
    let Ok(routed) = s3_wire::route(&parts, &addressing()) else { return };
    let row = routed.operation().row();
    assert_eq!(row.method.as_str(), parts.method.as_str(), "{}", row.name);
    if row.path == s3_model::PathClass::Object {
        assert!(routed.bucket().is_some() && routed.key().is_some(), "{}", row.name);
    }
    if row.path == s3_model::PathClass::Bucket {
        assert!(routed.bucket().is_some(), "{}", row.name);
    }
    if !matches!(row.payload, Payload::Form) {
        let _ = decode(&routed, &parts, None);
    }
    let _ = s3_wire::body_digests(&routed, &parts);
}

/// A document for the operation that the first byte chooses.
pub fn documents(data: &[u8]) {
    let Some((choice, document)) = data.split_first() else { return };
    let with_document: Vec<_> = Operation::table()
        .iter()
        .filter(|row| matches!(row.payload, Payload::Document(_)) && row.status != Status::NotImplemented)
        .collect();
    let row = with_document[usize::from(*choice) % with_document.len()];
    let query: Vec<_> = row.query.iter().map(ToString::to_string).collect();
    let path = if row.path == s3_model::PathClass::Object { "/bucket/key" } else { "/bucket" };
    let text = format!("{} {path}?{}\nhost:localhost", row.method.as_str(), query.join("&"));
    let Some(parts) = head(&text) else { return };
    if let Ok(routed) = s3_wire::route(&parts, &addressing()) {
        let _ = decode(&routed, &parts, Some(Bytes::copy_from_slice(document)));
    }
}

/// A `Range` header, fitted to objects of several sizes: what comes out lies within the object and has a byte.
pub fn range(data: &[u8]) {
    let (header, _) = split(data);
    let Some(spec) = std::str::from_utf8(header).ok().and_then(RangeSpec::parse) else { return };
    for size in [0, 1, 10, 1 << 40, u64::MAX] {
        if let Ok(range) = spec.resolve(size) {
            assert!(range.start < range.end && range.end <= size, "{spec:?} of {size}: {range:?}");
        }
    }
}
