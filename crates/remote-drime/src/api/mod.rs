//! The drive's API, call by call, as its page describes it.

mod bearer;
mod call;
mod change;
mod download;
mod entry;
mod error;
mod folders;
mod limiter;
mod listing;
mod multipart;
mod small;

pub(crate) use call::{Api, ApiOptions, Lane};
pub(crate) use change::{Deleted, Fate};
pub(crate) use download::{Fetched, Wanted};
pub(crate) use entry::{Entry, EntryId, FolderId};
pub(crate) use error::{ApiError, ApiErrorKind, of_body};
pub(crate) use folders::Made;
pub(crate) use limiter::{CALLS_PER_MINUTE, Limiter};
pub(crate) use listing::Page;
pub(crate) use multipart::{DriveUpload, NewFile, SentPart};
pub(crate) use small::{SmallFile, is_form_safe};
