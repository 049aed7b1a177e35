//! `ceras doctor`: what this program is and what it found on this machine.

use std::path::PathBuf;

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
        say(&format!("cache folder       {}", cache_folder().display()));
        Ok(())
    }
}

/// Where downloads are kept: `CERAS_CACHE`, or `ceras` in the system's cache folder.
fn cache_folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CERAS_CACHE").unwrap_or_else(|| {
        variable("XDG_CACHE_HOME")
            .or_else(|| variable("LOCALAPPDATA"))
            .or_else(|| variable("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("ceras")
    })
}
