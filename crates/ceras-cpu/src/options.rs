//! How to compile, and what to show on the way.

use std::str::FromStr;

use ceras_graph::Isa;

/// How [`compile`](crate::compile()) goes about it.
///
/// `Options::default()` is what the environment asks for:
///
/// | variable | value | effect |
/// |---|---|---|
/// | `CERAS_ISA` | `reference`, `portable`, `avx2`, `avx512` | the instruction-set level |
/// | `CERAS_DUMP` | `graph`, `plan`, or both with a comma | prints the graph before and after the passes, and the plan, to stderr |
/// | `CERAS_CHECK_FINITE` | `1` | a run stops at the first number that is not finite and says where it is |
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// The instruction-set level that kernels are chosen for.
    pub isa: Isa,
    /// Whether the passes (folding, fusing, …) run; they never change what a graph means.
    pub optimize: bool,
    /// Whether a run looks at every result of every step and stops at the first that is not finite.
    pub check_finite: bool,
    /// What to print to stderr.
    pub dump: Dump,
}

impl Options {
    /// What the environment asks for, for a certain level.
    pub fn for_isa(isa: Isa) -> Options {
        Options { isa, ..Options::default() }
    }
}

impl Default for Options {
    fn default() -> Options {
        let dump = std::env::var("CERAS_DUMP").ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        let check_finite =
            std::env::var("CERAS_CHECK_FINITE").is_ok_and(|text| !matches!(text.trim(), "" | "0"));
        Options { isa: Isa::active(), optimize: true, check_finite, dump }
    }
}

/// What [`compile`](crate::compile()) prints to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dump {
    /// The graph before and after the passes.
    pub graph: bool,
    /// The plan: steps, their regions, the size of the arena.
    pub plan: bool,
}

/// Reads the value of `CERAS_DUMP`.
///
/// # Examples
/// ```
/// use ceras_cpu::Dump;
/// assert_eq!("graph,plan".parse(), Ok(Dump { graph: true, plan: true }));
/// assert!("grpah".parse::<Dump>().is_err());
/// ```
impl FromStr for Dump {
    type Err = String;

    fn from_str(text: &str) -> Result<Dump, String> {
        let mut dump = Dump::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "graph" => dump.graph = true,
                "plan" => dump.plan = true,
                _ => return Err(format!("`{word}` cannot be dumped: use graph, plan, or graph,plan")),
            }
        }
        Ok(dump)
    }
}
