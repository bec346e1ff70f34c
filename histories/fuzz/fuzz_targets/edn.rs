#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| perjury_histories_fuzz::edn(bytes));
