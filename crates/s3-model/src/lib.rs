//! S3 as plain data: every operation in one table, inputs, outputs, error codes.
//!
//! Knows: which operations S3 has and how each is told from the others, what each takes and gives, which codes S3 answers.
//! Does not know: XML, headers as bytes, HTTP, stores, who may do what.

mod conditions;
mod digests;
mod error;
mod error_code;
mod input;
mod operation;
mod ops;
mod output;
mod setting;

pub use conditions::{EtagMatch, IfRange, ReadConditions, WriteCondition};
pub use digests::{BodyChecksum, BodyDigests, UploadChecksum};
pub use error::{ErrorHeader, S3Error};
pub use error_code::ErrorCode;
pub use input::Input;
pub use operation::{Method, Operation, OperationRow, PathClass, Payload, QueryCondition, Status, limits};
pub use ops::*;
pub use output::Output;
pub use setting::{BucketSetting, NeverMade, ObjectLockSetting, PublicAccessBlock, SettingValue};
