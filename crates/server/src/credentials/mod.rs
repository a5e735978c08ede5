//! What the environment, the files and the metadata services of clouds say about who this process is.

mod aws;
mod aws_http;

pub(crate) use aws::{AwsChain, region as aws_region};
