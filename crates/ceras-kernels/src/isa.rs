//! Instruction-set levels.
//!
//! A kernel is chosen for a level when a plan is made, and the level is recorded with a run: the same
//! program gives the same bits on the same level, on any number of threads.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// An instruction-set level, from the plain loops to AVX-512.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// The plain loops that every fast kernel is compared with; used by `run_eagerly`.
    Reference,
    /// What every processor has.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F, VL, BW and DQ.
    Avx512,
}

impl Isa {
    /// The levels that this machine can run, lowest first, without [`Isa::Reference`].
    pub fn available() -> Vec<Isa> {
        [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// Whether this machine can run kernels of this level.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Reference | Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                Isa::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => false,
        }
    }

    /// The highest level of this machine, or the one that `CERAS_ISA` names.
    ///
    /// The variable is read once. A name that is unknown, or a level that this machine lacks, is
    /// ignored here; `ceras doctor` reports it through [`Isa::from_environment`].
    pub fn active() -> Isa {
        static ACTIVE: OnceLock<Isa> = OnceLock::new();
        *ACTIVE.get_or_init(|| match Isa::from_environment() {
            Ok(Some(isa)) => isa,
            _ => Isa::available().pop().unwrap_or(Isa::Portable),
        })
    }

    /// What `CERAS_ISA` asks for: `Ok(None)` when it is not set.
    ///
    /// # Errors
    /// The value is not a level's name, or this machine lacks that level.
    pub fn from_environment() -> Result<Option<Isa>, String> {
        let Some(value) = std::env::var_os("CERAS_ISA") else { return Ok(None) };
        let value = value.to_string_lossy();
        let isa: Isa = value.parse()?;
        if isa.is_available() {
            Ok(Some(isa))
        } else {
            Err(format!("CERAS_ISA asks for `{isa}`, which this processor does not have"))
        }
    }

    /// The name that `CERAS_ISA` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Isa::Reference => "reference",
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(text: &str) -> Result<Isa, String> {
        [Isa::Reference, Isa::Portable, Isa::Avx2, Isa::Avx512]
            .into_iter()
            .find(|isa| isa.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is not an instruction-set level: use portable, avx2 or avx512"))
    }
}
