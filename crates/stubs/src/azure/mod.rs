//! Azure Blob Storage, as far as its documentation says.
