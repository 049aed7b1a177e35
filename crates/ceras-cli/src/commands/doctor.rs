//! `ceras doctor`: what this program is and what it found on this machine.

use ceras::{Isa, Pool, Result};
use clap::Args;

use crate::report::say;

/// Show the version, the processor features in use, the threads and the cache folder.
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) fn run(self) -> Result<()> {
        let available: Vec<String> = Isa::available().iter().map(|isa| isa.to_string()).collect();
        let isa = match Isa::from_environment() {
            Ok(None) => format!("{} (the best of this processor)", Isa::active()),
            Ok(Some(isa)) => format!("{isa} (from CERAS_ISA)"),
            Err(problem) => format!("{} ({problem})", Isa::active()),
        };
        let threads = match std::env::var("CERAS_THREADS") {
            Ok(_) => "from CERAS_THREADS",
            Err(_) => "one for each core",
        };
        say(&format!("ceras              {}", env!("CARGO_PKG_VERSION")));
        say(&format!("system             {} {}", std::env::consts::OS, std::env::consts::ARCH));
        say(&format!("processor levels   {}", available.join(", ")));
        say(&format!("level in use       {isa}"));
        say(&format!("threads            {} ({threads})", Pool::default_threads()));
        say(&format!("cache folder       {}", ceras::files::cache_folder().display()));
        Ok(())
    }
}
