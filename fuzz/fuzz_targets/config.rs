//! Fuzzes `ceras_fuzz::config`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| ceras_fuzz::config(data));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    ceras_fuzz::replay::main("config", ceras_fuzz::config)
}
