//! What can be wrong with a graph.

use std::fmt;
use std::panic::Location;

use crate::types::TensorType;

/// The rule that an op's operands break, in the op's own words.
///
/// `{0}`, `{1}`, … stand for the operands; the graph puts their names there, since only it knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule(pub String);

impl Rule {
    /// A broken rule.
    pub fn new(text: impl Into<String>) -> Rule {
        Rule(text.into())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An operand of the op that failed: what it is called, what it is, where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Its name: given by the layer (`kernel`), or the op's word for it (`lhs`), or its number.
    pub name: String,
    /// Its type.
    pub ty: TensorType,
    /// Where it comes from, such as ``output of `concatenate` ``; empty when nothing is known.
    pub origin: String,
    /// The source line that made it.
    pub location: Option<&'static Location<'static>>,
}

/// An op could not be added to a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    /// The op.
    pub op: &'static str,
    /// The rule that is broken, with the operands' names in it.
    pub rule: String,
    /// The operands.
    pub operands: Vec<Operand>,
    /// The layers around the op, outermost first, such as `model/dense_1`; empty outside of any.
    pub scope: String,
    /// The source line that asked for the op.
    pub location: Option<&'static Location<'static>>,
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.op, self.rule)?;
        write_operands(f, &self.operands, "  ")?;
        if !self.scope.is_empty() {
            write!(f, "\n  in `{}`", self.scope)?;
        }
        if let Some(location) = self.location {
            write!(f, "\n  at {}:{}", location.file(), location.line())?;
        }
        Ok(())
    }
}

/// Writes one line for each operand, in columns, each with the indent.
///
/// # Errors
/// Those of the formatter.
pub fn write_operands(f: &mut fmt::Formatter<'_>, operands: &[Operand], indent: &str) -> fmt::Result {
    let names = operands.iter().map(|operand| operand.name.chars().count()).max().unwrap_or(0);
    let types = operands.iter().map(|operand| operand.ty.to_string().chars().count()).max().unwrap_or(0);
    for operand in operands {
        let ty = operand.ty.to_string();
        let line = format!("{indent}{:names$}   {ty:types$}   {}", operand.name, operand.origin);
        write!(f, "\n{}", line.trim_end())?;
        if let Some(location) = operand.location.filter(|_| !operand.origin.is_empty()) {
            write!(f, "   ({}:{})", location.file(), location.line())?;
        }
    }
    Ok(())
}

impl std::error::Error for GraphError {}
