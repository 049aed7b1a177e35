//! What a Python function computes, read off its bytecode: a stack of expressions instead of values. Nothing is run, and code
//! that does more than name things, combine and return them (a jump, a store, an import) is not understood.

use super::marshal::{Code, Layout, Object};

/// An expression of Python.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// The argument with this number.
    Input(usize),
    Number(f64),
    Text(String),
    Bool(bool),
    None,
    /// A global name, or one of the function around.
    Name(String),
    Attribute(Box<Expr>, String),
    Tuple(Vec<Expr>),
    Negative(Box<Expr>),
    /// `+`, `-`, `*`, `/`, `**` or another.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Index(Box<Expr>, Box<Expr>),
    Slice(Vec<Expr>),
    Call(Box<Expr>, Vec<Expr>, Vec<(String, Expr)>),
}

/// What an instruction does, whatever its number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Skip,
    PushNull,
    Local,
    TwoLocals,
    Constant,
    Global,
    GlobalOrNull,
    Attribute,
    AttributeOrMethod,
    Method,
    Free,
    /// Arguments on the stack above the function.
    Call,
    /// The same, the last of them named by a tuple on top.
    CallNamed,
    CallMethod,
    /// Python 3.11 and later: a null stands below or above the function.
    CallNull,
    CallNullNamed,
    NameArguments,
    Binary(&'static str),
    BinaryOf,
    Index,
    SliceOf,
    Negative,
    Tuple,
    Extend,
    Slice,
    Return,
    ReturnConstant,
}

/// The numbers of the instructions in the Pythons of one layout and the same numbers.
struct Table {
    layouts: &'static [Layout],
    acts: &'static [(u8, Act)],
    /// The instruction that stands for the words which Python fills in while it runs.
    cache: Option<u8>,
    /// Whether the lowest bit of the number of a global says that a null is pushed, and of an attribute that it is a method.
    flagged_attributes: bool,
    null_first: bool,
}

const OLD: &[(u8, Act)] = &[
    (9, Act::Skip),
    (124, Act::Local),
    (100, Act::Constant),
    (116, Act::Global),
    (101, Act::Global),
    (106, Act::Attribute),
    (160, Act::Method),
    (136, Act::Free),
    (131, Act::Call),
    (141, Act::CallNamed),
    (161, Act::CallMethod),
    (23, Act::Binary("+")),
    (24, Act::Binary("-")),
    (20, Act::Binary("*")),
    (27, Act::Binary("/")),
    (19, Act::Binary("**")),
    (25, Act::Index),
    (11, Act::Negative),
    (102, Act::Tuple),
    (103, Act::Tuple),
    (162, Act::Extend),
    (133, Act::Slice),
    (83, Act::Return),
];

const PYTHON_311: &[(u8, Act)] = &[
    (0, Act::Skip),
    (9, Act::Skip),
    (151, Act::Skip),
    (149, Act::Skip),
    (166, Act::Skip),
    (2, Act::PushNull),
    (124, Act::Local),
    (100, Act::Constant),
    (116, Act::GlobalOrNull),
    (106, Act::Attribute),
    (160, Act::Method),
    (137, Act::Free),
    (171, Act::CallNull),
    (172, Act::NameArguments),
    (122, Act::BinaryOf),
    (25, Act::Index),
    (11, Act::Negative),
    (102, Act::Tuple),
    (103, Act::Tuple),
    (162, Act::Extend),
    (133, Act::Slice),
    (83, Act::Return),
];

const PYTHON_312: &[(u8, Act)] = &[
    (0, Act::Skip),
    (9, Act::Skip),
    (151, Act::Skip),
    (149, Act::Skip),
    (2, Act::PushNull),
    (124, Act::Local),
    (100, Act::Constant),
    (116, Act::GlobalOrNull),
    (106, Act::AttributeOrMethod),
    (137, Act::Free),
    (171, Act::CallNull),
    (172, Act::NameArguments),
    (122, Act::BinaryOf),
    (25, Act::Index),
    (26, Act::SliceOf),
    (11, Act::Negative),
    (102, Act::Tuple),
    (103, Act::Tuple),
    (162, Act::Extend),
    (133, Act::Slice),
    (83, Act::Return),
    (121, Act::ReturnConstant),
];

const PYTHON_313: &[(u8, Act)] = &[
    (0, Act::Skip),
    (30, Act::Skip),
    (149, Act::Skip),
    (62, Act::Skip),
    (34, Act::PushNull),
    (85, Act::Local),
    (88, Act::TwoLocals),
    (83, Act::Constant),
    (91, Act::GlobalOrNull),
    (82, Act::AttributeOrMethod),
    (84, Act::Free),
    (53, Act::CallNull),
    (57, Act::CallNullNamed),
    (45, Act::BinaryOf),
    (5, Act::Index),
    (4, Act::SliceOf),
    (42, Act::Negative),
    (52, Act::Tuple),
    (47, Act::Tuple),
    (81, Act::Extend),
    (50, Act::Slice),
    (36, Act::Return),
    (103, Act::ReturnConstant),
];

const TABLES: &[Table] = &[
    Table {
        layouts: &[Layout::Python30, Layout::Python38],
        acts: OLD,
        cache: None,
        flagged_attributes: false,
        null_first: true,
    },
    Table {
        layouts: &[Layout::Python311],
        acts: PYTHON_311,
        cache: Some(0),
        flagged_attributes: false,
        null_first: true,
    },
    Table {
        layouts: &[Layout::Python311],
        acts: PYTHON_312,
        cache: Some(0),
        flagged_attributes: true,
        null_first: true,
    },
    Table {
        layouts: &[Layout::Python311],
        acts: PYTHON_313,
        cache: Some(0),
        flagged_attributes: true,
        null_first: false,
    },
];

/// The operators of `BINARY_OP`, in Python's order; those that assign come after and are not used on arguments.
const OPERATORS: &[&str] = &["+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"];

/// What the code returns. Python's version is not written in it: where the numbers of several versions can be read, all
/// must say the same.
pub(super) fn result(code: &Code) -> Option<Expr> {
    let mut results = TABLES
        .iter()
        .filter(|table| table.layouts.contains(&code.layout))
        .filter_map(|table| Machine { code, table, stack: Vec::new(), names: Vec::new() }.run());
    let first = results.next()?;
    results.all(|other| other == first).then_some(first)
}

/// A place of the stack.
#[derive(Clone, Debug)]
enum Slot {
    Null,
    Value(Expr),
}

struct Machine<'a> {
    code: &'a Code,
    table: &'a Table,
    stack: Vec<Slot>,
    /// Names of the last arguments of the next call.
    names: Vec<String>,
}

impl Machine<'_> {
    fn run(mut self) -> Option<Expr> {
        for pair in self.code.bytecode.chunks_exact(2) {
            let (number, argument) = (pair[0], usize::from(pair[1]));
            if Some(number) == self.table.cache {
                continue;
            }
            let act = self.table.acts.iter().find(|(known, _)| *known == number)?.1;
            match act {
                Act::Return => return self.value().filter(|_| self.stack.is_empty()),
                Act::ReturnConstant => return self.constant(argument).filter(|_| self.stack.is_empty()),
                act => self.step(act, argument)?,
            }
            if self.stack.len() > 64 || self.stack.iter().map(weight).sum::<usize>() > 512 {
                return None;
            }
        }
        None
    }

    fn push(&mut self, value: Expr) {
        self.stack.push(Slot::Value(value));
    }

    fn value(&mut self) -> Option<Expr> {
        match self.stack.pop()? {
            Slot::Value(value) => Some(value),
            Slot::Null => None,
        }
    }

    fn values(&mut self, count: usize) -> Option<Vec<Expr>> {
        let mut values = (0..count).map(|_| self.value()).collect::<Option<Vec<_>>>()?;
        values.reverse();
        Some(values)
    }

    fn boxed(&mut self) -> Option<Box<Expr>> {
        self.value().map(Box::new)
    }

    fn constant(&self, index: usize) -> Option<Expr> {
        literal(self.code.constants.get(index)?)
    }

    fn name(&self, index: usize) -> Option<Expr> {
        self.code.names.get(index).cloned().map(Expr::Name)
    }

    fn local(&self, index: usize) -> Option<Expr> {
        (index < self.code.arguments).then_some(Expr::Input(index))
    }

    /// `LOAD_DEREF` counts free variables alone in old Pythons, after the locals in later ones.
    fn free(&self, index: usize) -> Option<Expr> {
        let before = if self.code.layout == Layout::Python311 { self.code.locals.len() } else { 0 };
        self.code.free.get(index.checked_sub(before)?).cloned().map(Expr::Name)
    }

    fn step(&mut self, act: Act, argument: usize) -> Option<()> {
        match act {
            Act::Skip => {}
            Act::PushNull => self.stack.push(Slot::Null),
            Act::Local => {
                let local = self.local(argument)?;
                self.push(local);
            }
            Act::TwoLocals => {
                let (first, second) = (self.local(argument >> 4)?, self.local(argument & 15)?);
                self.push(first);
                self.push(second);
            }
            Act::Constant => {
                let constant = self.constant(argument)?;
                self.push(constant);
            }
            Act::Free => {
                let free = self.free(argument)?;
                self.push(free);
            }
            Act::Global | Act::GlobalOrNull => self.global(act, argument)?,
            Act::Attribute | Act::AttributeOrMethod | Act::Method => self.attribute(act, argument)?,
            Act::NameArguments => self.names = texts(self.constant(argument)?)?,
            Act::Call | Act::CallNamed | Act::CallMethod | Act::CallNull | Act::CallNullNamed => {
                self.call(act, argument)?;
            }
            Act::Binary(operator) => self.binary(operator)?,
            Act::BinaryOf => self.binary(OPERATORS.get(argument)?)?,
            Act::Negative => {
                let inner = self.value()?;
                self.push(match inner {
                    Expr::Number(number) => Expr::Number(-number),
                    inner => Expr::Negative(Box::new(inner)),
                });
            }
            Act::Index => {
                let (index, of) = (self.boxed()?, self.boxed()?);
                self.push(Expr::Index(of, index));
            }
            Act::SliceOf => {
                let slice = self.values(2)?;
                let of = self.boxed()?;
                self.push(Expr::Index(of, Box::new(Expr::Slice(slice))));
            }
            Act::Slice => {
                let slice = self.values(argument)?;
                self.push(Expr::Slice(slice));
            }
            Act::Tuple => {
                let items = self.values(argument)?;
                self.push(Expr::Tuple(items));
            }
            Act::Extend => {
                let (Expr::Tuple(more), Expr::Tuple(mut items)) = (self.value()?, self.value()?) else {
                    return None;
                };
                items.extend(more);
                self.push(Expr::Tuple(items));
            }
            Act::Return | Act::ReturnConstant => return None,
        }
        Some(())
    }

    fn global(&mut self, act: Act, argument: usize) -> Option<()> {
        if act == Act::Global {
            let name = self.name(argument)?;
            self.push(name);
            return Some(());
        }
        let name = self.name(argument >> 1)?;
        let null = argument & 1 == 1;
        if null && self.table.null_first {
            self.stack.push(Slot::Null);
        }
        self.push(name);
        if null && !self.table.null_first {
            self.stack.push(Slot::Null);
        }
        Some(())
    }

    /// An attribute. A method is the attribute with the place of its object left empty: calling it passes no other argument.
    fn attribute(&mut self, act: Act, argument: usize) -> Option<()> {
        let flagged = self.table.flagged_attributes && act == Act::AttributeOrMethod;
        let name = self.code.names.get(if flagged { argument >> 1 } else { argument })?.clone();
        let method = act == Act::Method || (flagged && argument & 1 == 1);
        let of = self.boxed()?;
        let attribute = Expr::Attribute(of, name);
        if method && self.table.null_first {
            self.stack.push(Slot::Null);
        }
        self.push(attribute);
        if method && !self.table.null_first {
            self.stack.push(Slot::Null);
        }
        Some(())
    }

    fn call(&mut self, act: Act, count: usize) -> Option<()> {
        if matches!(act, Act::CallNamed | Act::CallNullNamed) {
            let names = self.value()?;
            self.names = texts(names)?;
        }
        let mut arguments = self.values(count)?;
        let names = std::mem::take(&mut self.names);
        let named = arguments.split_off(arguments.len().checked_sub(names.len())?);
        let named = names.into_iter().zip(named).collect();
        let null = matches!(act, Act::CallMethod | Act::CallNull | Act::CallNullNamed);
        if null && !self.table.null_first {
            self.null()?;
        }
        let function = self.boxed()?;
        if null && self.table.null_first {
            self.null()?;
        }
        self.push(Expr::Call(function, arguments, named));
        Some(())
    }

    fn null(&mut self) -> Option<()> {
        matches!(self.stack.pop()?, Slot::Null).then_some(())
    }

    fn binary(&mut self, operator: &'static str) -> Option<()> {
        let (right, left) = (self.boxed()?, self.boxed()?);
        self.push(Expr::Binary(operator, left, right));
        Some(())
    }
}

/// The size of an expression, so that none becomes large.
fn weight(slot: &Slot) -> usize {
    fn of(expr: &Expr) -> usize {
        1 + match expr {
            Expr::Attribute(inner, _) | Expr::Negative(inner) => of(inner),
            Expr::Tuple(items) | Expr::Slice(items) => items.iter().map(of).sum(),
            Expr::Binary(_, left, right) | Expr::Index(left, right) => of(left) + of(right),
            Expr::Call(function, arguments, named) => {
                of(function)
                    + arguments.iter().map(of).sum::<usize>()
                    + named.iter().map(|(_, value)| of(value)).sum::<usize>()
            }
            _ => 0,
        }
    }
    match slot {
        Slot::Null => 1,
        Slot::Value(value) => of(value),
    }
}

fn texts(expr: Expr) -> Option<Vec<String>> {
    let Expr::Tuple(items) = expr else { return None };
    items.into_iter().map(|item| if let Expr::Text(text) = item { Some(text) } else { None }).collect()
}

fn literal(object: &Object) -> Option<Expr> {
    Some(match object {
        Object::None => Expr::None,
        Object::Bool(value) => Expr::Bool(*value),
        Object::Int(value) => Expr::Number(*value as f64),
        Object::Float(value) => Expr::Number(*value),
        Object::Text(text) => Expr::Text(text.clone()),
        Object::Tuple(items) => Expr::Tuple(items.iter().map(literal).collect::<Option<_>>()?),
        _ => return None,
    })
}
