//! Upload forms: `multipart/form-data` with fields first and one file. Source: RFC 7578; "POST Object" in the Amazon S3 API
//! reference.

mod fields;
mod reader;
#[cfg(test)]
mod tests;

pub use fields::FormFields;
pub use reader::{FIELDS_MAX_BYTES, FormEvent, FormReader};
