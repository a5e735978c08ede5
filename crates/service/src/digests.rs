use s3_model::{BodyChecksum, BodyDigests};
use types::{ExpectedChecksum, ExpectedDigests};

/// What a store must verify of a body, from what the request says of it.
pub(crate) fn expected(digests: &BodyDigests) -> ExpectedDigests {
    let checksum = match digests.checksum {
        BodyChecksum::Unnamed => ExpectedChecksum::Default,
        BodyChecksum::Compute(algorithm) => ExpectedChecksum::Compute(algorithm),
        BodyChecksum::Value(checksum) => ExpectedChecksum::Value(checksum),
        BodyChecksum::Trailer(algorithm) => ExpectedChecksum::Trailer(algorithm),
    };
    ExpectedDigests { content_md5: digests.content_md5, checksum }
}
