use gateway::JobRequest;

use crate::cli::CryptCommand;
use crate::failure::Failure;
use crate::reach::run_job;

/// Makes keys, and puts buckets under the newest one.
///
/// # Errors
/// Where it cannot be done.
pub(crate) fn crypt(command: &CryptCommand) -> Result<(), Failure> {
    match command {
        CryptCommand::Rewrap { bucket, all, reach } => {
            let request = JobRequest::new("crypt", "rewrap");
            let request = match bucket {
                Some(bucket) => request.with("bucket", bucket),
                None if *all => request,
                None => return Err(Failure::configuration("name a BUCKET, or say --all")),
            };
            run_job(reach, &request)
        }
        CryptCommand::Keygen { file, id } => super::keygen::keygen(file, id.as_deref()),
    }
}
