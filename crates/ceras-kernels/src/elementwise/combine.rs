//! Several functions in one loop.
//!
//! Calls of a register program pass through the L1 cache from one to the next. Where a few functions always follow each
//! other, in optimizers mostly, one loop that does them all keeps what is between them in registers. It applies the same
//! functions in the same order, so no rounding changes.

use super::kernel::{Level, Map2, Map3, function};
use super::markers::Maximum;
use crate::dtype::DType;

use super::{Body, Function, Instruction, Register};

/// See [`APPROACH`].
pub(crate) enum Approach {}
/// See [`APPROACH_SQUARE`].
pub(crate) enum ApproachSquare {}
/// See [`ROOT_PLUS`].
pub(crate) enum RootPlus {}
/// See [`MINUS_QUOTIENT`].
pub(crate) enum MinusQuotient {}
/// See [`MULTIPLY_ADD`].
pub(crate) enum MultiplyAdd {}
/// See [`DIFFERENCE_TIMES`].
pub(crate) enum DifferenceTimes {}
/// See [`GATE`].
pub(crate) enum Gate {}
/// See [`ADD_MAXIMUM`].
pub(crate) enum AddMaximum {}

function!(
    /// `a + (b − a) · c`.
    APPROACH, "approach", 3, Approach, [F32 => f32, F64 => f64]
);
function!(
    /// `a + (b · b − a) · c`.
    APPROACH_SQUARE, "approach_square", 3, ApproachSquare, [F32 => f32, F64 => f64]
);
function!(
    /// `√a + b`.
    ROOT_PLUS, "root_plus", 2, RootPlus, [F32 => f32, F64 => f64]
);
function!(
    /// `a − b / c`.
    MINUS_QUOTIENT, "minus_quotient", 3, MinusQuotient, [F32 => f32, F64 => f64]
);
function!(
    /// `a · b + c`, rounded twice.
    MULTIPLY_ADD, "multiply_add", 3, MultiplyAdd, [F32 => f32, F64 => f64]
);
function!(
    /// `(a − b) · c`.
    DIFFERENCE_TIMES, "difference_times", 3, DifferenceTimes, [F32 => f32, F64 => f64]
);
function!(
    /// `b` where `a ≤ b`, else `c`: what a `relu` lets through on the way back.
    GATE, "gate", 3, Gate, [F32 => f32, F64 => f64]
);
function!(
    /// `maximum(a + b, c)`.
    ADD_MAXIMUM, "add_maximum", 3, AddMaximum, [F32 => f32, F64 => f64]
);

macro_rules! combined {
    ($($marker:ident($a:ident, $b:ident $(, $c:ident)?) = $value:expr;)*) => {$(
        combined!(@each $marker, f32, $a, $b $(, $c)?, $value);
        combined!(@each $marker, f64, $a, $b $(, $c)?, $value);
    )*};
    (@each $marker:ident, $t:ty, $a:ident, $b:ident, $value:expr) => {
        impl Map2<$t, $t> for $marker {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>($a: $t, $b: $t) -> $t { $value }
        }
    };
    (@each $marker:ident, $t:ty, $a:ident, $b:ident, $c:ident, $value:expr) => {
        impl Map3<$t, $t, $t> for $marker {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>($a: $t, $b: $t, $c: $t) -> $t { $value }
        }
    };
}

combined! {
    Approach(a, b, c) = a + (b - a) * c;
    ApproachSquare(a, b, c) = a + (b * b - a) * c;
    RootPlus(a, b) = a.sqrt() + b;
    MinusQuotient(a, b, c) = a - b / c;
    MultiplyAdd(a, b, c) = a * b + c;
    DifferenceTimes(a, b, c) = (a - b) * c;
    Gate(a, b, c) = if a <= b { b } else { c };
    AddMaximum(a, b, c) = Maximum::map::<L>(a + b, c);
}

/// An argument of a part of a pattern: an argument of the whole, or an earlier part.
#[derive(Clone, Copy)]
enum Argument {
    Whole(usize),
    Part(usize),
}

use Argument::{Part, Whole};

/// Functions that one function stands for; the last part gives the result.
struct Pattern {
    parts: &'static [(&'static str, &'static [Argument])],
    function: &'static Function,
}

/// Larger ones first.
const PATTERNS: &[Pattern] = &[
    Pattern {
        parts: &[
            ("multiply", &[Whole(1), Whole(1)]),
            ("subtract", &[Part(0), Whole(0)]),
            ("multiply", &[Part(1), Whole(2)]),
            ("add", &[Whole(0), Part(2)]),
        ],
        function: &APPROACH_SQUARE,
    },
    Pattern {
        parts: &[
            ("subtract", &[Whole(1), Whole(0)]),
            ("multiply", &[Part(0), Whole(2)]),
            ("add", &[Whole(0), Part(1)]),
        ],
        function: &APPROACH,
    },
    Pattern {
        parts: &[("divide", &[Whole(1), Whole(2)]), ("subtract", &[Whole(0), Part(0)])],
        function: &MINUS_QUOTIENT,
    },
    Pattern { parts: &[("sqrt", &[Whole(0)]), ("add", &[Part(0), Whole(1)])], function: &ROOT_PLUS },
    Pattern {
        parts: &[("multiply", &[Whole(0), Whole(1)]), ("add", &[Part(0), Whole(2)])],
        function: &MULTIPLY_ADD,
    },
    Pattern {
        parts: &[("multiply", &[Whole(0), Whole(1)]), ("add", &[Whole(2), Part(0)])],
        function: &MULTIPLY_ADD,
    },
    Pattern {
        parts: &[("subtract", &[Whole(0), Whole(1)]), ("multiply", &[Part(0), Whole(2)])],
        function: &DIFFERENCE_TIMES,
    },
    Pattern {
        parts: &[("compare_le", &[Whole(0), Whole(1)]), ("select", &[Part(0), Whole(1), Whole(2)])],
        function: &GATE,
    },
    Pattern {
        parts: &[("add", &[Whole(0), Whole(1)]), ("maximum", &[Part(0), Whole(2)])],
        function: &ADD_MAXIMUM,
    },
];

/// The body with fewer instructions that do the same, to the bit; `types` are those of the instructions.
pub(super) fn combined(body: &Body, types: &[DType]) -> Body {
    let type_of = |register: &Register| match *register {
        Register::Input(index) => body.inputs[index].dtype,
        Register::Instruction(index) => types[index],
    };
    let mut uses = vec![0usize; body.instructions.len()];
    let arguments = body.instructions.iter().flat_map(|instruction| &instruction.arguments);
    for register in arguments.chain(&body.outputs) {
        if let Register::Instruction(index) = register {
            uses[*index] += 1;
        }
    }
    let mut taken = vec![false; body.instructions.len()];
    let mut replaced: Vec<Option<Instruction>> = vec![None; body.instructions.len()];
    for index in (0..body.instructions.len()).rev() {
        let found = PATTERNS.iter().filter(|_| !taken[index]).find_map(|pattern| {
            let mut matching =
                Matching { body, uses: &uses, pattern, arguments: [None; 3], parts: Vec::new() };
            let fits = matching.part(pattern.parts.len() - 1, index);
            let types: Vec<DType> = matching.arguments.iter().flatten().map(type_of).collect();
            (fits && pattern.function.result(&types).is_some()).then_some(matching)
        });
        let Some(Matching { pattern, arguments, parts, .. }) = found else { continue };
        // Parts run where the whole does: what they read is there by then.
        parts.iter().filter(|part| **part != index).for_each(|part| taken[*part] = true);
        let arguments = arguments.into_iter().flatten().collect();
        replaced[index] = Some(Instruction { function: pattern.function, arguments });
    }
    renumbered(body, &taken, replaced)
}

fn renumbered(body: &Body, taken: &[bool], replaced: Vec<Option<Instruction>>) -> Body {
    let mut numbers = vec![usize::MAX; taken.len()];
    let mut instructions: Vec<Instruction> = Vec::with_capacity(taken.len());
    let renumber = |register: &Register, numbers: &[usize]| match *register {
        Register::Instruction(index) => Register::Instruction(numbers[index]),
        input @ Register::Input(_) => input,
    };
    for (index, replaced) in replaced.into_iter().enumerate().filter(|(index, _)| !taken[*index]) {
        let mut instruction = replaced.unwrap_or_else(|| body.instructions[index].clone());
        instruction.arguments.iter_mut().for_each(|register| *register = renumber(register, &numbers));
        numbers[index] = instructions.len();
        instructions.push(instruction);
    }
    Body {
        shape: body.shape.clone(),
        inputs: body.inputs.clone(),
        instructions,
        outputs: body.outputs.iter().map(|register| renumber(register, &numbers)).collect(),
    }
}

/// A pattern laid over instructions.
struct Matching<'a> {
    body: &'a Body,
    uses: &'a [usize],
    pattern: &'a Pattern,
    arguments: [Option<Register>; 3],
    /// The instructions that are parts.
    parts: Vec<usize>,
}

impl Matching<'_> {
    /// Whether an instruction can be this part.
    fn part(&mut self, part: usize, index: usize) -> bool {
        let instruction = &self.body.instructions[index];
        let (name, arguments) = self.pattern.parts[part];
        if instruction.function.name != name || instruction.arguments.len() != arguments.len() {
            return false;
        }
        self.parts.push(index);
        arguments.iter().zip(&instruction.arguments).all(|(argument, register)| match (argument, register) {
            (Whole(number), register) => *self.arguments[*number].get_or_insert(*register) == *register,
            (Part(part), Register::Instruction(index)) => self.uses[*index] == 1 && self.part(*part, *index),
            (Part(_), Register::Input(_)) => false,
        })
    }
}
