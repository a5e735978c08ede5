//! Google Cloud Storage, as far as its documentation says.
