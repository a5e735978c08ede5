use hash::{Hasher, Md5};
use types::ChecksumAlgorithm;

use super::*;

const MIN: u64 = 3;

#[derive(Debug)]
struct Part(&'static [u8]);

impl UploadedPart for Part {
    fn size_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn has_etag(&self, etag: &ETag) -> bool {
        *etag == ETag::from_md5(Md5::digest(self.0))
    }

    fn checksum(&self) -> Option<Checksum> {
        Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, self.0))
    }
}

fn listed(number: u32, bytes: &[u8]) -> CompletedPart {
    CompletedPart { number, etag: ETag::from_md5(Md5::digest(bytes)), checksum: None }
}

fn problem(error: StoreError) -> PartProblem {
    match error.kind {
        StoreErrorKind::Part(problem) => problem,
        other => panic!("{other:?}"),
    }
}

fn assemble(
    parts: &[CompletedPart],
    found: [Option<Part>; 2],
    options: &CompleteOptions,
) -> Result<Assembled<Part>, StoreError> {
    Listing::new(None, parts, options)?.assemble(found, MIN)
}

#[test]
fn the_whole_has_the_tag_size_and_checksum_of_its_parts() {
    let parts = [listed(2, b"abc"), listed(7, b"d")];
    let options =
        CompleteOptions { object_size_bytes: Some(4), max_size_bytes: Some(4), ..Default::default() };
    let whole = assemble(&parts, [Some(Part(b"abc")), Some(Part(b"d"))], &options).unwrap();
    assert_eq!(whole.size_bytes, 4);
    let md5 = Md5::digest(&[Md5::digest(b"abc"), Md5::digest(b"d")].concat());
    assert_eq!(whole.etag, ETag::multipart(md5, 2));
    assert_eq!(whole.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, b"abcd")));
}

#[test]
fn each_wrong_list_is_refused_for_what_is_wrong() {
    let both = || [Some(Part(b"abc")), Some(Part(b"d"))];
    let parts = [listed(1, b"abc"), listed(2, b"d")];
    let refusal = |parts: &[CompletedPart], found, options: CompleteOptions| {
        problem(assemble(parts, found, &options).unwrap_err())
    };
    let usual = CompleteOptions::default;
    assert_eq!(refusal(&[], both(), usual()), PartProblem::Order);
    assert_eq!(refusal(&[listed(2, b"abc"), listed(2, b"d")], both(), usual()), PartProblem::Order);
    assert_eq!(refusal(&parts, [Some(Part(b"abc")), None], usual()), PartProblem::Invalid(2));
    assert_eq!(refusal(&parts, [Some(Part(b"xyz")), Some(Part(b"d"))], usual()), PartProblem::Invalid(1));
    let small = [listed(4, b"d"), listed(5, b"d")];
    let found = [Some(Part(b"d")), Some(Part(b"d"))];
    assert_eq!(refusal(&small, found, usual()), PartProblem::TooSmall { number: 4, size_bytes: 1 });
    let sized = CompleteOptions { object_size_bytes: Some(5), ..usual() };
    assert_eq!(refusal(&parts, both(), sized), PartProblem::ObjectSize);
    let bounded = CompleteOptions { max_size_bytes: Some(3), ..usual() };
    assert_eq!(refusal(&parts, both(), bounded), PartProblem::TooLarge { size_bytes: 4 });
    let composite = CompleteOptions { checksum_kind: Some(ChecksumKind::Composite), ..usual() };
    assert_eq!(refusal(&parts, both(), composite), PartProblem::ChecksumKind);
}

#[test]
fn another_checksum_than_expected_is_a_mismatch() {
    let checksum = Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, b"other"));
    let options = CompleteOptions { checksum, ..Default::default() };
    let parts = [listed(1, b"abc"), listed(2, b"d")];
    let error = assemble(&parts, [Some(Part(b"abc")), Some(Part(b"d"))], &options).unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::DigestMismatch(Some(ChecksumAlgorithm::Crc64Nvme))));
}
