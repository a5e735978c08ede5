//! The Drime cloud drive, as far as its documentation says.
