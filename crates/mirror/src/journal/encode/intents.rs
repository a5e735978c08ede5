use bytes::Bytes;
use record::{Malformed, Reader, Writer};

use super::{
    bucket_name, list, option, origin, put_list, put_option, put_origin, put_target, sequence, target, v1,
    writer,
};
use crate::journal::record::{Intent, Plan, UploadNumber};

const PLAN_OBJECT: u8 = 1;
const PLAN_MARKER: u8 = 2;
const PLAN_REMOVE: u8 = 3;
const PLAN_TAGS: u8 = 4;

fn put_upload_number(writer: &mut Writer, number: UploadNumber) {
    writer.u64(number.initiated_nanos);
    writer.u64(number.random);
}

fn upload_number(reader: &mut Reader<'_>) -> Result<UploadNumber, Malformed> {
    Ok(UploadNumber { initiated_nanos: reader.u64()?, random: reader.u64()? })
}

impl Intent {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::INTENT);
        writer.text(self.bucket.as_str());
        put_list(&mut writer, &self.targets, |writer, target| put_target(writer, *target));
        match &self.plan {
            Plan::Object { sequence, random, upload, origin } => {
                writer.u8(PLAN_OBJECT);
                writer.u64(sequence.0);
                put_option(&mut writer, *random, Writer::u64);
                put_option(&mut writer, *upload, put_upload_number);
                put_origin(&mut writer, *origin);
            }
            Plan::Marker { sequence, random } => {
                writer.u8(PLAN_MARKER);
                writer.u64(sequence.0);
                put_option(&mut writer, *random, Writer::u64);
            }
            Plan::Remove { sequence } => {
                writer.u8(PLAN_REMOVE);
                put_option(&mut writer, *sequence, |writer, sequence| writer.u64(sequence.0));
            }
            Plan::Tags { sequence, tags } => {
                writer.u8(PLAN_TAGS);
                writer.u64(sequence.0);
                writer.tags(tags);
            }
        }
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::INTENT)?;
        let bucket = bucket_name(&mut reader)?;
        let targets = list(&mut reader, target)?;
        let plan = match reader.u8()? {
            PLAN_OBJECT => Plan::Object {
                sequence: sequence(&mut reader)?,
                random: option(&mut reader, Reader::u64)?,
                upload: option(&mut reader, upload_number)?,
                origin: origin(&mut reader)?,
            },
            PLAN_MARKER => {
                Plan::Marker { sequence: sequence(&mut reader)?, random: option(&mut reader, Reader::u64)? }
            }
            PLAN_REMOVE => Plan::Remove { sequence: option(&mut reader, sequence)? },
            PLAN_TAGS => Plan::Tags { sequence: sequence(&mut reader)?, tags: reader.tags()? },
            _ => return Err(Malformed),
        };
        reader.finish()?;
        Ok(Self { bucket, targets, plan })
    }
}
