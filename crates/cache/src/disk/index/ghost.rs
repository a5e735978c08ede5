/// Fingerprints that share a place; the oldest of them gives way.
const WAYS: usize = 4;
/// The least number of places.
const BUCKETS_MIN: usize = 256;

/// What was evicted as new not long ago: 32 bits of the hash of about as many blocks as there are. A wrong answer puts a block
/// into the other queue, and nothing else.
#[derive(Default)]
pub(super) struct Ghost {
    buckets: Vec<[u32; WAYS]>,
}

impl Ghost {
    pub(super) fn memory_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<[u32; WAYS]>()
    }

    /// Makes room for so many; what is known is forgotten when that takes more memory.
    pub(super) fn fit(&mut self, blocks: usize) {
        let wanted = blocks.div_ceil(WAYS).next_power_of_two().max(BUCKETS_MIN);
        if wanted > self.buckets.len() {
            self.buckets = vec![[0; WAYS]; wanted];
        }
    }

    /// Remembers a hash.
    pub(super) fn put(&mut self, hash: u64) {
        let Some(bucket) = self.bucket(hash) else { return };
        bucket.rotate_right(1);
        bucket[0] = fingerprint(hash);
    }

    /// Whether a hash is remembered; then no more.
    pub(super) fn take(&mut self, hash: u64) -> bool {
        let Some(bucket) = self.bucket(hash) else { return false };
        let found = bucket.iter_mut().find(|known| **known == fingerprint(hash));
        found.map(|known| *known = 0).is_some()
    }

    fn bucket(&mut self, hash: u64) -> Option<&mut [u32; WAYS]> {
        let mask = self.buckets.len().checked_sub(1)?;
        self.buckets.get_mut(hash as usize & mask)
    }
}

/// Never zero, which is no fingerprint.
fn fingerprint(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}
