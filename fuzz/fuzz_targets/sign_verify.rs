#![no_main]
#![allow(missing_docs, reason = "see `sluice_fuzz::targets::sign_verify`")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sluice_fuzz::targets::sign_verify(data));
