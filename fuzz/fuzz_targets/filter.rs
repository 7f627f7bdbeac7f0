#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exitguard_tests::fuzz::run("filter", bytes));
