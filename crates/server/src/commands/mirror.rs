use gateway::JobRequest;

use crate::cli::MirrorCommand;
use crate::failure::Failure;
use crate::reach::run_job;

/// Shows what mirrors owe, has it made up for, and compares their targets.
///
/// # Errors
/// Where it cannot be done, or targets differ.
pub(crate) fn mirror(command: &MirrorCommand) -> Result<(), Failure> {
    match command {
        MirrorCommand::Status { store, reach } => {
            let request = JobRequest::new("mirror", "status");
            run_job(
                reach,
                &match store {
                    Some(store) => request.with("store", store),
                    None => request,
                },
            )
        }
        MirrorCommand::Repair { store, reach } => {
            run_job(reach, &JobRequest::new("mirror", "repair").with("store", store))
        }
        MirrorCommand::Verify { store, deep, reach } => {
            let depth = if *deep { "deep" } else { "usual" };
            run_job(reach, &JobRequest::new("mirror", "verify").with("store", store).with("depth", depth))
        }
    }
}
