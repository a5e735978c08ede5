//! What the environment, the files and the metadata services of clouds say about who this process is.

mod aws;
mod aws_http;
mod azure;
mod gcs;
mod newest;
mod vault;

pub(crate) use aws::{AwsChain, region as aws_region};
pub(crate) use azure::azure_identity;
pub(crate) use gcs::gcs_identity;
pub(crate) use vault::Transit;
