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
        MirrorCommand::Verify { store, deep, anew, repair, reach } => {
            let chosen = |is_other: bool, usual: &'static str, other| if is_other { other } else { usual };
            let request = JobRequest::new("mirror", "verify")
                .with("store", store)
                .with("depth", chosen(*deep, "usual", "deep"))
                .with("start", chosen(*anew, "resume", "anew"))
                .with("remedy", chosen(*repair, "report", "repair"));
            run_job(reach, &request)
        }
    }
}
