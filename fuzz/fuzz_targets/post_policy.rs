#![no_main]
#![allow(missing_docs, reason = "see `sluice_fuzz::targets::post_policy`")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sluice_fuzz::targets::post_policy(data));
