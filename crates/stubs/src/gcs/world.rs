use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hash::{Hasher, Md5};
use serde_json::{Map, Value, json};
use types::{ChecksumAlgorithm, Clock, SystemClock};

use super::reply::rfc3339;
use super::request::Asked;

/// The most bytes of an object's metadata.
const METADATA_MAX_BYTES: usize = 8 * 1024;

/// Everything that is stored.
#[derive(Default)]
pub(super) struct World {
    pub(super) buckets: BTreeMap<String, Bucket>,
    last_micros: u64,
    pub(super) sessions: BTreeMap<String, Session>,
    /// Rewrites under way: the token and how many bytes were moved.
    pub(super) rewrites: BTreeMap<String, u64>,
    pub(super) serial: u64,
}

pub(super) struct Bucket {
    pub(super) created: u64,
    pub(super) metageneration: i64,
    pub(super) versions: bool,
    /// Generations of each name, oldest first.
    pub(super) objects: BTreeMap<String, Vec<Object>>,
    pub(super) uploads: BTreeMap<String, XmlUpload>,
}

/// One generation of an object.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) generation: i64,
    pub(super) metageneration: i64,
    pub(super) data: Bytes,
    /// The fields that a client may set.
    pub(super) fields: Map<String, Value>,
    pub(super) md5: Option<[u8; 16]>,
    pub(super) crc32c: [u8; 4],
    pub(super) updated: u64,
    pub(super) deleted: Option<u64>,
}

/// An unfinished upload in parts.
pub(super) struct XmlUpload {
    pub(super) name: String,
    pub(super) initiated: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) parts: BTreeMap<u32, Bytes>,
}

/// An upload in pieces.
pub(super) struct Session {
    pub(super) bucket: String,
    pub(super) name: String,
    pub(super) resource: Value,
    pub(super) conditions: Conditions,
    pub(super) data: Vec<u8>,
}

/// What must hold of the object that is there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Conditions {
    generation: Option<i64>,
    not_generation: Option<i64>,
    metageneration: Option<i64>,
}

/// Why a write is refused: status and message.
pub(super) type Refused = (u16, String);

impl Conditions {
    pub(super) fn of(asked: &Asked) -> Self {
        Self {
            generation: asked.number("ifGenerationMatch"),
            not_generation: asked.number("ifGenerationNotMatch"),
            metageneration: asked.number("ifMetagenerationMatch"),
        }
    }

    pub(super) fn hold(&self, found: Option<&Object>) -> Result<(), Refused> {
        let generation = found.map_or(0, |found| found.generation);
        let metageneration = found.map_or(0, |found| found.metageneration);
        let is = |wanted: Option<i64>, is: i64| wanted.is_none_or(|wanted| wanted == is);
        if !is(self.generation, generation) || !is(self.metageneration, metageneration) {
            return Err((412, "At least one of the pre-conditions you specified did not hold.".to_owned()));
        }
        if self.not_generation == Some(generation) {
            return Err((304, String::new()));
        }
        Ok(())
    }
}

pub(super) fn crc32c(data: &[u8]) -> [u8; 4] {
    Hasher::checksum(ChecksumAlgorithm::Crc32c, data).value.as_bytes().try_into().unwrap_or_default()
}

/// The fields of a resource that a client may set.
pub(super) fn settable(resource: &Value) -> Map<String, Value> {
    const NAMES: [&str; 7] = [
        "contentType",
        "contentEncoding",
        "contentDisposition",
        "contentLanguage",
        "cacheControl",
        "storageClass",
        "metadata",
    ];
    let field = |name: &&str| Some(((*name).to_owned(), resource.get(*name)?.clone()));
    NAMES.iter().filter_map(field).collect()
}

/// Refuses what Cloud Storage has no objects of.
pub(super) fn require_legal(name: &str, fields: &Map<String, Value>) -> Result<(), Refused> {
    let is_legal = !matches!(name, "" | "." | "..") && !name.contains(['\r', '\n']) && name.len() <= 1024;
    if !is_legal {
        return Err((400, "Disallowed object name.".to_owned()));
    }
    let metadata = fields.get("metadata").and_then(Value::as_object);
    let value_len = |value: &Value| value.as_str().map_or(0, str::len);
    let size: usize = metadata.into_iter().flatten().map(|(name, value)| name.len() + value_len(value)).sum();
    if size > METADATA_MAX_BYTES {
        return Err((400, "The total size of the metadata is over 8 KiB.".to_owned()));
    }
    Ok(())
}

impl Bucket {
    pub(super) fn new(created: u64) -> Self {
        Self {
            created,
            metageneration: 1,
            versions: false,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
        }
    }

    pub(super) fn live(&self, name: &str) -> Option<&Object> {
        self.objects.get(name)?.last().filter(|object| object.deleted.is_none())
    }

    /// A generation, the live one where none is named.
    pub(super) fn find(&self, name: &str, generation: Option<i64>) -> Option<&Object> {
        match generation {
            None => self.live(name),
            Some(generation) => self.objects.get(name)?.iter().find(|object| object.generation == generation),
        }
    }

    pub(super) fn resource(&self, name: &str) -> Value {
        json!({
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "timeCreated": rfc3339(self.created),
            "metageneration": self.metageneration.to_string(),
            "versioning": { "enabled": self.versions },
            "storageClass": "STANDARD",
        })
    }

    /// Takes the live object away: for good, or into history.
    pub(super) fn retire(&mut self, name: &str, now: u64) {
        let Some(generations) = self.objects.get_mut(name) else { return };
        if self.versions {
            if let Some(live) = generations.last_mut().filter(|object| object.deleted.is_none()) {
                live.deleted = Some(now);
            }
        } else {
            generations.retain(|object| object.deleted.is_some());
        }
        if generations.is_empty() {
            self.objects.remove(name);
        }
    }

    pub(super) fn remove(&mut self, name: &str, generation: i64) {
        if let Some(generations) = self.objects.get_mut(name) {
            generations.retain(|object| object.generation != generation);
            if generations.is_empty() {
                self.objects.remove(name);
            }
        }
    }
}

impl Object {
    pub(super) fn resource(&self, bucket: &str, name: &str) -> Value {
        let mut resource = json!({
            "kind": "storage#object",
            "bucket": bucket,
            "name": name,
            "generation": self.generation.to_string(),
            "metageneration": self.metageneration.to_string(),
            "size": self.data.len().to_string(),
            "crc32c": BASE64.encode(self.crc32c),
            "timeCreated": rfc3339(self.generation.unsigned_abs()),
            "updated": rfc3339(self.updated),
            "storageClass": "STANDARD",
        });
        for (field, value) in &self.fields {
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            if !is_empty && !value.is_null() {
                resource[field] = value.clone();
            }
        }
        match self.md5 {
            Some(md5) => resource["md5Hash"] = BASE64.encode(md5).into(),
            None => resource["componentCount"] = 2.into(),
        }
        if let Some(deleted) = self.deleted {
            resource["timeDeleted"] = rfc3339(deleted).into();
        }
        resource
    }

    /// What the XML API shows as its tag: the MD5, and of what was made of parts another text.
    pub(super) fn etag(&self) -> String {
        match self.md5 {
            Some(md5) => format!("\"{}\"", types::ETag::from_md5(md5)),
            None => format!("\"{:016x}\"", self.generation),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}

impl World {
    /// A moment in microseconds that no other event has: generations are made of it.
    pub(super) fn moment(&mut self) -> u64 {
        let now = SystemClock.now().as_nanos() / 1000;
        self.last_micros = now.max(self.last_micros + 1);
        self.last_micros
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Makes an object. Composed ones have no MD5.
    pub(super) fn put(
        &mut self,
        (bucket, name): (&str, &str),
        fields: Map<String, Value>,
        (data, md5): (Bytes, Option<[u8; 16]>),
        conditions: Conditions,
    ) -> Result<Object, Refused> {
        require_legal(name, &fields)?;
        let now = self.moment();
        let missing = || (404, "The specified bucket does not exist.".to_owned());
        let held = self.buckets.get_mut(bucket).ok_or_else(missing)?;
        conditions.hold(held.live(name))?;
        let object = Object {
            generation: i64::try_from(now).unwrap_or(i64::MAX),
            metageneration: 1,
            crc32c: crc32c(&data),
            data,
            fields,
            md5,
            updated: now,
            deleted: None,
        };
        held.retire(name, now);
        held.objects.entry(name.to_owned()).or_default().push(object.clone());
        Ok(object)
    }

    pub(super) fn names(&self, bucket: &str) -> Vec<String> {
        let objects = self.buckets.get(bucket).map(|bucket| &bucket.objects);
        let repeat = |(name, generations): (&String, &Vec<Object>)| vec![name.clone(); generations.len()];
        objects.into_iter().flatten().flat_map(repeat).collect()
    }

    pub(super) fn unfinished(&self) -> usize {
        self.buckets.values().map(|bucket| bucket.uploads.len()).sum()
    }

    pub(super) fn put_foreign(&mut self, bucket: &str, name: &str, data: &[u8], metadata: &[(&str, &str)]) {
        let metadata: Map<String, Value> =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let fields = settable(&json!({ "contentType": "text/plain", "metadata": metadata }));
        let data = (Bytes::copy_from_slice(data), Some(Md5::digest(data)));
        let put = self.put((bucket, name), fields, data, Conditions::default());
        assert!(put.is_ok(), "the bucket is there and the name is legal");
    }

    pub(super) fn enable_versions(&mut self, bucket: &str) {
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.versions = true;
            bucket.metageneration += 1;
        }
    }

    pub(super) fn corrupt(&mut self, bucket: &str, name: &str) {
        let generations = self.buckets.get_mut(bucket).and_then(|bucket| bucket.objects.get_mut(name));
        for object in generations.into_iter().flatten() {
            let mut data = object.data.to_vec();
            if let Some(byte) = data.last_mut() {
                *byte ^= 1;
            }
            object.data = data.into();
        }
    }
}
