#![no_main]
#![allow(missing_docs, reason = "see `sluice_fuzz::targets::sigv4`")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sluice_fuzz::targets::sigv4(data));
