//! The jobs by room and name.

use std::future::Future;
use std::pin::Pin;

use gateway::{JobRefused, JobRequest};

use super::Events;
use super::desk::Ended;
use crate::stores::Assembled;

/// A job that has been asked for.
pub(super) type Job =
    Box<dyn FnOnce(Events) -> Pin<Box<dyn Future<Output = Result<(), Ended>> + Send>> + Send>;

/// The job that a request asks for.
///
/// # Errors
/// [`JobRefused`] where there is none, or what it is to work on is not there.
pub(super) fn of(_stores: &Assembled, request: &JobRequest) -> Result<Job, JobRefused> {
    match (request.room.as_str(), request.name.as_str()) {
        _ => Err(JobRefused::Unknown),
    }
}
