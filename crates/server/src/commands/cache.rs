use gateway::JobRequest;

use crate::cli::CacheCommand;
use crate::failure::Failure;
use crate::reach::run_job;

/// Shows, fills, empties and checks caches.
///
/// # Errors
/// Where it cannot be done, or a cache holds what is damaged.
pub(crate) fn cache(command: &CacheCommand) -> Result<(), Failure> {
    match command {
        CacheCommand::Stats { reach } => run_job(reach, &JobRequest::new("cache", "stats")),
        CacheCommand::Warm { prefix, reach } => {
            let (bucket, prefix) = split(prefix);
            run_job(reach, &JobRequest::new("cache", "warm").with("bucket", bucket).with("prefix", prefix))
        }
        CacheCommand::Purge { prefix, all, reach } => {
            let request = JobRequest::new("cache", "purge");
            let request = match prefix {
                Some(prefix) => {
                    let (bucket, prefix) = split(prefix);
                    request.with("bucket", bucket).with("prefix", prefix)
                }
                None if *all => request,
                None => return Err(Failure::configuration("name BUCKET or BUCKET/PREFIX, or say --all")),
            };
            run_job(reach, &request)
        }
        CacheCommand::Verify { reach } => run_job(reach, &JobRequest::new("cache", "verify")),
    }
}

/// A bucket, and what keys in it begin with.
fn split(prefix: &str) -> (&str, &str) {
    prefix.split_once('/').unwrap_or((prefix, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slash_ends_the_bucket() {
        assert_eq!(split("b"), ("b", ""));
        assert_eq!(split("b/"), ("b", ""));
        assert_eq!(split("b/c/d"), ("b", "c/d"));
        assert_eq!(split("b//d"), ("b", "/d"));
    }
}
