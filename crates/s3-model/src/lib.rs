//! s3-model
