//! Signature Version 2. Source: "Signing and authenticating REST requests (AWS signature version 2)" in the Amazon S3 user
//! guide, with the parameters that botocore signs.

mod check;
mod string_to_sign;

pub(crate) use check::{check_header, check_query, matches};
pub(crate) use string_to_sign::{DateLine, EmptyValue, SignedParts, string_to_sign};
