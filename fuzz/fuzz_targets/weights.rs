//! Fuzzes `ceras_fuzz::weights`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| ceras_fuzz::weights(data));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    ceras_fuzz::replay::main("weights", ceras_fuzz::weights)
}
