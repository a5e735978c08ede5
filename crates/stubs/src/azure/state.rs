use std::collections::BTreeMap;

use bytes::Bytes;
use hash::{Hasher, Md5};
use types::{ChecksumAlgorithm, Timestamp};

use super::Settings;
use super::answer::Refusal;
use super::tokens::Tokens;

/// Uncommitted blocks are kept for so long after the last one was put. Source: "Put Block".
const UNCOMMITTED_KEPT_SECS: u64 = 7 * 86_400;

/// Everything that the account holds.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) tokens: Tokens,
    versions: u64,
}

pub(super) struct Container {
    pub(super) etag: String,
    pub(super) modified_at: Timestamp,
    pub(super) blobs: BTreeMap<String, Blob>,
}

/// A name with what was committed under it and what was not yet.
#[derive(Default)]
pub(super) struct Blob {
    pub(super) committed: Option<Committed>,
    pub(super) uncommitted: BTreeMap<String, Bytes>,
    pub(super) block_put_at: Timestamp,
}

#[derive(Clone, Default)]
pub(super) struct Committed {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
    pub(super) modified_at: Timestamp,
    /// `content-type` and its like, by the name that they have in answers.
    pub(super) properties: BTreeMap<&'static str, String>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) blocks: Vec<(String, Bytes)>,
    pub(super) copy: Option<CopyState>,
}

/// How an asynchronous copy stands.
#[derive(Clone)]
pub(super) struct CopyState {
    pub(super) id: String,
    pub(super) polls_left: u32,
    pub(super) result: Option<Bytes>,
    pub(super) status: &'static str,
}

impl State {
    pub(super) fn new(settings: Settings) -> Self {
        let tokens = Tokens::new(settings.token_lifetime_secs);
        Self { settings, containers: BTreeMap::new(), tokens, versions: 0 }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    pub(super) fn next_etag(&mut self) -> String {
        self.versions += 1;
        format!("\"0x8D{:013X}\"", self.versions)
    }

    pub(super) fn container(&mut self, name: &str) -> Result<&mut Container, Refusal> {
        self.containers.get_mut(name).ok_or(Refusal(404, "ContainerNotFound"))
    }

    /// A name's state, made where it is not there yet, without blocks that have expired.
    pub(super) fn slot(&mut self, container: &str, name: &str) -> Result<&mut Blob, Refusal> {
        let now = self.now();
        let slot = self.container(container)?.blobs.entry(name.to_owned()).or_default();
        if now.since(slot.block_put_at).as_secs() > UNCOMMITTED_KEPT_SECS {
            slot.uncommitted.clear();
        }
        Ok(slot)
    }

    pub(super) fn found(&mut self, container: &str, name: &str) -> Result<&mut Committed, Refusal> {
        let blob = self.container(container)?.blobs.get_mut(name);
        blob.and_then(|blob| blob.committed.as_mut()).ok_or(Refusal(404, "BlobNotFound"))
    }

    /// Makes a committed blob of a name, in place of an earlier one and of all its blocks.
    pub(super) fn commit(
        &mut self,
        container: &str,
        name: &str,
        mut committed: Committed,
    ) -> Result<Committed, Refusal> {
        committed.etag = self.next_etag();
        committed.modified_at = Timestamp::from_secs(self.now().as_secs());
        let slot = self.slot(container, name)?;
        slot.uncommitted.clear();
        slot.committed = Some(committed.clone());
        Ok(committed)
    }

    pub(super) fn blob_names(&self, container: &str) -> Vec<String> {
        let Some(container) = self.containers.get(container) else { return Vec::new() };
        let committed = container.blobs.iter().filter(|(_, blob)| blob.committed.is_some());
        committed.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn uncommitted(&self, container: &str) -> usize {
        self.containers
            .get(container)
            .map_or(0, |container| container.blobs.values().map(|blob| blob.uncommitted.len()).sum())
    }

    pub(super) fn metadata(&self, container: &str, name: &str) -> Vec<(String, String)> {
        let blob = self.containers.get(container).and_then(|container| container.blobs.get(name));
        blob.and_then(|blob| blob.committed.as_ref()).map(|blob| blob.metadata.clone()).unwrap_or_default()
    }

    pub(super) fn put_foreign(
        &mut self,
        container: &str,
        name: &str,
        bytes: &[u8],
        headers: &[(&str, &str)],
    ) {
        let mut committed = Committed { bytes: Bytes::copy_from_slice(bytes), ..Committed::default() };
        for (name, value) in headers {
            match (name.strip_prefix("x-ms-meta-"), super::blobs::property(name)) {
                (Some(name), _) => committed.metadata.push((name.to_owned(), (*value).to_owned())),
                (None, Some(property)) => {
                    committed.properties.insert(property, (*value).to_owned());
                }
                (None, None) => panic!("{name} is no header of a blob"),
            }
        }
        self.commit(container, name, committed).expect("the container is there");
    }
}

/// The MD5 as headers have it.
pub(super) fn md5_base64(bytes: &[u8]) -> String {
    super::auth::base64(&Md5::digest(bytes))
}

/// The CRC64 as headers have it: NVME's, its bytes the other way round.
pub(super) fn crc64_base64(bytes: &[u8]) -> String {
    let mut value = Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, bytes).value.as_bytes().to_vec();
    value.reverse();
    super::auth::base64(&value)
}
