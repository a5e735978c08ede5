//! How S3's words are written in Azure's: names, dates, metadata, tags.

mod date;
mod dress;
mod facts;
mod metadata;
mod names;
mod percent;
mod tags;

pub(crate) use date::{http_date, iso_date, read_http_date};
pub(crate) use dress::dress;
pub(crate) use facts::{Facts, PartTable, TablePart};
pub(crate) use metadata::{Described, METADATA_TOO_LARGE, describe, read_metadata};
pub(crate) use names::{container_refusal, is_storable, key_refusal};
pub(crate) use percent::{encode_path, percent_decode, percent_encode};
pub(crate) use tags::{decode_tag, encode_tag};
