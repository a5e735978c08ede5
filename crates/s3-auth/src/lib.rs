//! s3-auth
