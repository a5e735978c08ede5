//! What S3 knows of an object and Cloud Storage has no field for, as one value of the object's own metadata.
//!
//! `sluice: v1;e=ETAG;c=CRC64NVME:full:BASE64;...`: each field a letter, its value percent-encoded. User metadata that
//! any header can bear stand beside it under their own names; those that none can bear are in field `a`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use types::{
    Checksum, ChecksumAlgorithm, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet, Timestamp,
    UserMetadata,
};

use crate::class;
use crate::found::Found;
use crate::names::{escape, unescape};
use crate::runs::PartRuns;

/// The name of the value.
pub(crate) const NAME: &str = "sluice";
/// The most bytes of all names and values of an object's metadata. Source: "Quotas and limits", custom metadata.
const METADATA_MAX_BYTES: usize = 8 * 1024;
const VERSION: &str = "v1";

/// What is kept beside the fields that Cloud Storage has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The entity tag, where it is not the MD5.
    pub(crate) etag: Option<ETag>,
    /// The checksum, where it was known when the object was written.
    pub(crate) checksum: Option<Checksum>,
    /// Numbers and sizes of the parts.
    pub(crate) parts: PartRuns,
    /// What tells this write from all others.
    pub(crate) nonce: Option<String>,
    /// The upload that made the object.
    pub(crate) upload: Option<String>,
    /// When the object was written, where its metadata were changed since.
    pub(crate) modified_at: Option<Timestamp>,
    /// Whether the ledger holds more: what a client said did not fit.
    pub(crate) rest: Rest,
}

/// Where the rest of the metadata is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rest {
    /// There is none.
    #[default]
    Here,
    /// In the ledger, under the object's generation.
    Ledger,
}

/// The metadata of an object as Cloud Storage keeps them, names with values.
pub(crate) type Written = BTreeMap<String, String>;

/// Whether a name and value can stand as they are in any header, and are not our own.
fn is_plain(name: &str, value: &str) -> bool {
    let name_is_plain = !name.is_empty()
        && !name.starts_with(NAME)
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'));
    let bytes = value.as_bytes();
    name_is_plain
        && bytes.first().is_some_and(|byte| *byte != b' ')
        && bytes.last().is_some_and(|byte| *byte != b' ')
        && bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Pairs as `NAME=VALUE&NAME=VALUE`.
fn pairs<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let all: Vec<String> = all.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    all.join("&")
}

fn read_pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |item: &str| {
        let (name, value) = item.split_once('=')?;
        Some((unescape(name)?, unescape(value)?))
    };
    text.split('&').filter(|item| !item.is_empty()).map(pair).collect()
}

fn checksum_text(checksum: &Checksum) -> String {
    let kind = checksum.part_count.map_or_else(|| "full".to_owned(), |count| count.to_string());
    format!("{}:{kind}:{}", checksum.algorithm.name(), BASE64.encode(checksum.value.as_bytes()))
}

fn read_checksum(text: &str) -> Option<Checksum> {
    let (algorithm, rest) = text.split_once(':')?;
    let (kind, value) = rest.split_once(':')?;
    let algorithm = ChecksumAlgorithm::from_name(algorithm)?;
    let value = BASE64.decode(value).ok()?;
    match kind {
        "full" => Checksum::full(algorithm, &value),
        count => Checksum::composite(algorithm, &value, count.parse().ok()?),
    }
}

impl Facts {
    /// The metadata to write for an object of which a client said `said`, and the facts with it. What does not fit is left
    /// out, and the facts say so: parts first, then all that the client said.
    pub(crate) fn write(&self, said: &ObjectMetadata) -> (Written, Rest) {
        let whole = self.written(said, &self.parts, Rest::Here);
        if size(&whole) <= METADATA_MAX_BYTES {
            return (whole, Rest::Here);
        }
        let without_parts = self.written(said, &PartRuns::default(), Rest::Ledger);
        if size(&without_parts) <= METADATA_MAX_BYTES {
            return (without_parts, Rest::Ledger);
        }
        (self.written(&ObjectMetadata::default(), &PartRuns::default(), Rest::Ledger), Rest::Ledger)
    }

    fn written(&self, said: &ObjectMetadata, parts: &PartRuns, rest: Rest) -> Written {
        let (plain, odd): (Vec<_>, Vec<_>) =
            said.user.iter().partition(|(name, value)| is_plain(name, value));
        let mut written: Written = plain.into_iter().cloned().collect();
        let mut fields = String::from(VERSION);
        let mut field = |letter: char, value: Option<String>| {
            if let Some(value) = value {
                fields.extend([';', letter, '=']);
                fields.push_str(&escape(&value));
            }
        };
        let some = |text: String| (!text.is_empty()).then_some(text);
        field('e', self.etag.as_ref().map(|etag| etag.as_str().to_owned()));
        field('c', self.checksum.as_ref().map(checksum_text));
        field('p', some(parts.to_string()));
        field('n', self.nonce.clone());
        field('u', self.upload.clone());
        field('m', self.modified_at.map(|moment| moment.as_nanos().to_string()));
        field('x', said.headers.expires.clone());
        field('w', said.headers.website_redirect_location.clone());
        let label = said.storage_class;
        let is_told = class::from_gcs(class::to_gcs(label).unwrap_or_default()) == label;
        field('s', (!is_told || label != StorageClass::Standard).then(|| label.as_str().to_owned()));
        field('t', some(pairs(said.tags.iter())));
        field('a', some(pairs(odd.iter().map(|(name, value)| (name.as_str(), value.as_str())))));
        field('o', order(&said.user));
        field('z', (rest == Rest::Ledger).then(|| "ledger".to_owned()));
        if fields.len() > VERSION.len() {
            written.insert(NAME.to_owned(), fields);
        }
        written
    }

    /// Reads the facts of an object, and what its client said. An object that another tool wrote has no facts; what it
    /// has is shown as it is.
    pub(crate) fn read(found: &Found) -> (Self, ObjectMetadata) {
        let mut facts = Self::default();
        let mut said = ObjectMetadata { headers: found.headers.clone(), ..ObjectMetadata::default() };
        let mut label = None;
        let mut order = None;
        let plain = found.metadata.iter().filter(|(name, _)| *name != NAME);
        said.user = plain.map(|(name, value)| (name.clone(), value.clone())).collect();
        let fields =
            found.metadata.get(NAME).and_then(|value| value.strip_prefix(VERSION)).unwrap_or_default();
        for (letter, value) in fields.split(';').filter_map(|field| field.split_once('=')) {
            let Some(value) = unescape(value) else { continue };
            match letter {
                "e" => facts.etag = Some(ETag::from_text(&value)),
                "c" => facts.checksum = read_checksum(&value),
                "p" => facts.parts = PartRuns::read(&value).unwrap_or_default(),
                "n" => facts.nonce = Some(value),
                "u" => facts.upload = Some(value),
                "m" => facts.modified_at = value.parse().ok().map(Timestamp::from_nanos),
                "x" => said.headers.expires = Some(value),
                "w" => said.headers.website_redirect_location = Some(value),
                "s" => label = StorageClass::from_text(&value),
                "t" => said.tags = read_tags(&value),
                "a" => said.user.extend(read_pairs(&value).unwrap_or_default()),
                "o" => order = Some(value),
                "z" => facts.rest = Rest::Ledger,
                _ => {}
            }
        }
        said.storage_class = class::shown(label, &found.class);
        if let Some(order) = order {
            said.user = reordered(said.user, &order);
        }
        (facts, said)
    }
}

fn read_tags(text: &str) -> TagSet {
    TagSet::new(read_pairs(text).unwrap_or_default(), TagSet::OBJECT_MAX).unwrap_or_default()
}

fn size(written: &Written) -> usize {
    written.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// The headers that Cloud Storage has a field for; the others are among the facts.
pub(crate) fn kept_headers(headers: &ObjectHeaders) -> [(&'static str, Option<&str>); 5] {
    [
        ("cacheControl", headers.cache_control.as_deref()),
        ("contentDisposition", headers.content_disposition.as_deref()),
        ("contentEncoding", headers.content_encoding.as_deref()),
        ("contentLanguage", headers.content_language.as_deref()),
        ("contentType", Some(headers.content_type.as_deref().unwrap_or(crate::found::NO_TYPE))),
    ]
}

/// The places at which the entries stand once they are read again, where that is not their order.
fn order(user: &UserMetadata) -> Option<String> {
    let is_odd = |place: &usize| !is_plain(&user[*place].0, &user[*place].1);
    let mut places: Vec<usize> = (0..user.len()).collect();
    places.sort_by_key(|place| (is_odd(place), if is_odd(place) { "" } else { user[*place].0.as_str() }));
    let is_sorted = places.is_sorted();
    (!is_sorted).then(|| places.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
}

/// Puts entries back to the places that [`order`] wrote. An order that does not fit is not followed: another tool has
/// changed the metadata since.
fn reordered(user: UserMetadata, order: &str) -> UserMetadata {
    let places: Option<Vec<usize>> = order.split(',').map(|place| place.parse().ok()).collect();
    let mut slots = vec![None; user.len()];
    let places = places.filter(|places| places.len() == user.len()).unwrap_or_default();
    for (place, entry) in places.iter().zip(&user) {
        if let Some(slot) = slots.get_mut(*place) {
            *slot = Some(entry.clone());
        }
    }
    slots.into_iter().collect::<Option<UserMetadata>>().unwrap_or(user)
}

#[cfg(test)]
mod tests;
