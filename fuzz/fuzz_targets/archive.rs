//! Fuzzes `ceras_fuzz::archive`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| ceras_fuzz::archive(data));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    ceras_fuzz::replay::main("archive", ceras_fuzz::archive)
}
