use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use types::{Random, RequestId};

/// Bytes behind the host id; S3's are 48 and more.
const HOST_ID_BYTES: usize = 48;

/// Gives every request an id of its own, and this process one.
pub(crate) struct RequestIds {
    next: AtomicU64,
    host_id: String,
    host_header: HeaderValue,
}

impl RequestIds {
    pub(crate) fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; HOST_ID_BYTES];
        random.fill(&mut bytes);
        let host_id = STANDARD.encode(bytes);
        let host_header = HeaderValue::from_str(&host_id).expect("base64 is visible ASCII");
        Self { next: AtomicU64::new(random.next_u64()), host_id, host_header }
    }

    /// The next id. Ids of one process do not repeat: SplitMix64 is a bijection of a counter.
    pub(crate) fn next(&self) -> RequestId {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.next.fetch_add(STEP, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        RequestId::from_u64(mixed ^ (mixed >> 31))
    }

    /// `x-amz-id-2`: names this process.
    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }

    pub(crate) fn host_header(&self) -> HeaderValue {
        self.host_header.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn ids_are_sixteen_hex_digits_and_differ() {
        let ids = RequestIds::new(&Fixed);
        let many: std::collections::HashSet<_> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(many.len(), 1000);
        assert!(ids.next().as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')));
        assert_eq!(ids.host_id().len(), 64);
    }
}
