//! The jobs by room and name.

use std::future::Future;
use std::pin::Pin;

use gateway::{JobRefused, JobRequest};

use super::desk::Ended;
use super::{Events, cache, crypt, mirror};
use crate::stores::Assembled;

/// A job on its way.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<(), Ended>> + Send>>;
/// A job that has been asked for.
pub(super) type Job = Box<dyn FnOnce(Events) -> Running + Send>;

/// The job that a request asks for.
///
/// # Errors
/// [`JobRefused`] where there is none, or what it is to work on is not there.
pub(super) fn of(stores: &Assembled, request: &JobRequest) -> Result<Job, JobRefused> {
    let stores = stores.clone();
    match (request.room.as_str(), request.name.as_str()) {
        ("cache", "stats") => Ok(job(move |events| cache::stats(stores, events))),
        ("cache", "warm") => {
            let (bucket, prefix) = cache::place(request)?;
            Ok(job(move |events| cache::warm(stores, bucket, prefix, events)))
        }
        ("cache", "purge") => {
            let scopes = cache::scopes(&stores, request)?;
            Ok(job(move |events| cache::purge(stores, scopes, events)))
        }
        ("cache", "verify") => Ok(job(move |events| cache::verify(stores, events))),
        ("mirror", "status") => {
            let mirrors = mirror::some(&stores, request)?;
            Ok(job(move |events| mirror::status(mirrors, events)))
        }
        ("mirror", "repair") => {
            let named = mirror::named(&stores, request)?;
            Ok(job(move |events| mirror::repair(named, events)))
        }
        ("mirror", "verify") => {
            let (named, audit) = (mirror::named(&stores, request)?, mirror::audit(request)?);
            Ok(job(move |events| mirror::verify(named, audit, events)))
        }
        ("crypt", "rewrap") => {
            let bucket = crypt::bucket(request)?;
            Ok(job(move |events| crypt::rewrap(stores, bucket, events)))
        }
        _ => Err(JobRefused::Unknown),
    }
}

fn job<F>(work: impl FnOnce(Events) -> F + Send + 'static) -> Job
where
    F: Future<Output = Result<(), Ended>> + Send + 'static,
{
    Box::new(move |events| Box::pin(work(events)))
}
