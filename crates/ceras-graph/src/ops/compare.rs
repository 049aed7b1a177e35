//! Comparison of two operands.

use std::sync::Arc;

use ceras_kernels::elementwise::{self, Direction, Function};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// Whether `a direction b` holds, element by element. Comparisons with NaN are false, but "not equal" is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The comparison.
    pub direction: Direction,
}

impl Compare {
    fn function(&self) -> &'static Function {
        elementwise::compare(self.direction)
    }
}

const WORDS: [(Direction, &str); 6] = [
    (Direction::Eq, "EQ"),
    (Direction::Ne, "NE"),
    (Direction::Lt, "LT"),
    (Direction::Le, "LE"),
    (Direction::Gt, "GT"),
    (Direction::Ge, "GE"),
];

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let word = given.text("comparison_direction")?;
    let known = WORDS.iter().find(|(_, known)| *known == word);
    let (direction, _) = known.ok_or_else(|| format!("`{word}` is not a comparison"))?;
    Ok(Arc::new(Compare { direction: *direction }))
}

impl Op for Compare {
    fn name(&self) -> &'static str {
        "compare"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::elementwise(self.function(), inputs)
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        // A truth value is constant but for jumps.
        Ok(Vjp::Cotangents(vec![None, None]))
    }

    fn attributes(&self) -> Attributes {
        let word =
            WORDS.iter().find(|(direction, _)| *direction == self.direction).map_or("", |(_, word)| word);
        Attributes::none().with("comparison_direction", Attribute::Text(word.into()))
    }

    ops::elementwise_methods!(Self::function);
}

/// Whether `a direction b` holds, element by element, as `bool`. Comparisons with NaN are false, but "not equal" is
/// true.
///
/// # Errors
/// The operands' types or shapes differ.
#[track_caller]
pub fn compare(g: &mut Graph, a: Value, b: Value, direction: Direction) -> Result<Value, GraphError> {
    g.emit_one(Compare { direction }, &[a, b])
}
