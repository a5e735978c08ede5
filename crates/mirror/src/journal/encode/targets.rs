use bytes::Bytes;
use record::{Malformed, Reader};

use super::{put_target, target, v1, writer};
use crate::target::TargetNumber;

/// A target's number.
pub(crate) fn encode_target(number: TargetNumber) -> Bytes {
    let mut writer = writer(v1::TARGET);
    put_target(&mut writer, number);
    writer.finish()
}

/// Reads [`encode_target`].
pub(crate) fn decode_target(value: &[u8]) -> Result<TargetNumber, Malformed> {
    let mut reader = Reader::open(value, v1::TARGET)?;
    let number = target(&mut reader)?;
    reader.finish()?;
    Ok(number)
}

/// Where an audit or a back-fill stands: bytes of its own.
pub(crate) fn encode_cursor(value: &[u8]) -> Bytes {
    let mut writer = writer(v1::CURSOR);
    writer.raw(value);
    writer.finish()
}

/// Reads [`encode_cursor`].
pub(crate) fn decode_cursor(value: &[u8]) -> Result<&[u8], Malformed> {
    value.strip_prefix(&[v1::CURSOR]).ok_or(Malformed)
}
