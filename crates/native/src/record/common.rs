//! The native store's own nouns that several records share.

use ::record::{Malformed, Reader, Writer};

use crate::ids::{DataId, Version};

const VERSION_NULL: u8 = 0;
const VERSION_ISSUED: u8 = 1;

pub(super) fn put_version(writer: &mut Writer, version: Version) {
    writer.u64(version.sequence);
    match version.random {
        None => writer.u8(VERSION_NULL),
        Some(random) => {
            writer.u8(VERSION_ISSUED);
            writer.u64(random);
        }
    }
}

pub(super) fn version(reader: &mut Reader<'_>) -> Result<Version, Malformed> {
    let sequence = reader.u64()?;
    let random = match reader.u8()? {
        VERSION_NULL => None,
        VERSION_ISSUED => Some(reader.u64()?),
        _ => return Err(Malformed),
    };
    Ok(Version { sequence, random })
}

pub(super) fn data_id(reader: &mut Reader<'_>) -> Result<DataId, Malformed> {
    reader.array().map(DataId::from_bytes)
}
