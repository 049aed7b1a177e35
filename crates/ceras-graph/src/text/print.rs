//! From a graph to text.

use std::fmt::{self, Write};

use ceras_kernels::{DType, Element};

use crate::graph::{Graph, Node, Value};
use crate::op::Attribute;
use crate::tensor::Tensor;

/// Writes a graph as text, with source lines as comments.
///
/// # Errors
/// Those of the writer.
pub fn print(graph: &Graph, out: &mut dyn Write) -> fmt::Result {
    Printer { indent: 0, locations: true }.graph(graph, out)
}

/// Whether two graphs print the same, source lines aside.
pub(crate) fn same(a: &Graph, b: &Graph) -> bool {
    a.values() == b.values() && a.nodes().len() == b.nodes().len() && plain(a) == plain(b)
}

fn plain(graph: &Graph) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = Printer { indent: 0, locations: false }.graph(graph, &mut text);
    text
}

#[derive(Clone, Copy)]
struct Printer {
    indent: usize,
    locations: bool,
}

impl Printer {
    fn graph(self, graph: &Graph, out: &mut dyn Write) -> fmt::Result {
        out.write_str("graph {\n")?;
        let inner = Printer { indent: self.indent + 1, ..self };
        // In the order of the values' numbers, so that a parsed graph has the same numbers.
        let mut inputs = graph.inputs().iter().peekable();
        for node in graph.nodes() {
            let first = node.outputs.first().copied().unwrap_or(Value(u32::MAX));
            while let Some(input) = inputs.next_if(|input| **input < first) {
                inner.input(graph, *input, out)?;
            }
            inner.node(graph, node, out)?;
        }
        for input in inputs {
            inner.input(graph, *input, out)?;
        }
        for (probabilities, logits) in graph.logits_pairs() {
            inner.start(out)?;
            writeln!(out, "logits %{} of %{}", logits.index(), probabilities.index())?;
        }
        inner.start(out)?;
        out.write_str("return")?;
        write_list(out, graph.outputs(), " ", |out, value| write!(out, "%{}", value.index()))?;
        out.write_str("\n")?;
        self.start(out)?;
        out.write_str("}")
    }

    fn start(self, out: &mut dyn Write) -> fmt::Result {
        (0..self.indent).try_for_each(|_| out.write_str("  "))
    }

    fn input(self, graph: &Graph, value: Value, out: &mut dyn Write) -> fmt::Result {
        self.start(out)?;
        write_value(graph, value, out)?;
        out.write_str(" = input\n")
    }

    fn node(self, graph: &Graph, node: &Node, out: &mut dyn Write) -> fmt::Result {
        self.start(out)?;
        write_list(out, &node.outputs, "", |out, value| write_value(graph, *value, out))?;
        write!(out, " = {}(", node.op.name())?;
        write_list(out, &node.inputs, "", |out, value| write!(out, "%{}", value.index()))?;
        out.write_str(")")?;
        let attributes = node.op.attributes();
        if !attributes.0.is_empty() {
            out.write_str(" {")?;
            write_list(out, &attributes.0, "", |out, (name, attribute)| {
                write!(out, "{name} = ")?;
                self.attribute(attribute, out)
            })?;
            out.write_str("}")?;
        }
        if !node.scope.is_empty() {
            out.write_str(" in ")?;
            write_text(&node.scope, out)?;
        }
        if let Some(location) = node.location.filter(|_| self.locations) {
            write!(out, "  // {}:{}", location.file(), location.line())?;
        }
        out.write_str("\n")
    }

    fn attribute(self, attribute: &Attribute, out: &mut dyn Write) -> fmt::Result {
        match attribute {
            Attribute::Bool(value) => write!(out, "{value}"),
            Attribute::Int(value) => write!(out, "{value}"),
            Attribute::Ints(values) => {
                out.write_str("[")?;
                write_list(out, values, "", |out, value| write!(out, "{value}"))?;
                out.write_str("]")
            }
            Attribute::Float(value) => {
                out.write_str("float ")?;
                write_number(out, *value, value.is_nan(), value.to_bits())
            }
            Attribute::Text(text) => write_text(text, out),
            Attribute::DType(dtype) => write!(out, "{dtype}"),
            Attribute::Shape(shape) => write!(out, "shape {shape}"),
            Attribute::Tensor(tensor) => write_tensor(tensor, out),
            Attribute::Graph(graph) => self.graph(graph, out),
        }
    }
}

/// Items with commas between; `before` is written first, if there are any.
fn write_list<T>(
    out: &mut dyn Write,
    items: &[T],
    before: &str,
    mut write_item: impl FnMut(&mut dyn Write, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        out.write_str(if index == 0 { before } else { ", " })?;
        write_item(out, item)?;
    }
    Ok(())
}

fn write_value(graph: &Graph, value: Value, out: &mut dyn Write) -> fmt::Result {
    write!(out, "%{}: {}", value.index(), graph.ty(value))?;
    if let Some(name) = graph.name(value) {
        out.write_str(" ")?;
        write_text(name, out)?;
    }
    if let Some(origin) = graph.origin(value) {
        out.write_str(" from ")?;
        write_text(origin, out)?;
    }
    Ok(())
}

fn write_text(text: &str, out: &mut dyn Write) -> fmt::Result {
    out.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            _ if character.is_control() => write!(out, "\\u{{{:x}}}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_str("\"")
}

/// The shortest decimals that give the same bits back; NaN by its bits.
fn write_number(out: &mut dyn Write, value: impl fmt::Debug, is_nan: bool, bits: u64) -> fmt::Result {
    if is_nan { write!(out, "nan:{bits:x}") } else { write!(out, "{value:?}") }
}

fn write_tensor(tensor: &Tensor, out: &mut dyn Write) -> fmt::Result {
    write!(out, "tensor {} (", tensor.ty())?;
    match tensor.dtype() {
        DType::F32 => {
            let write =
                |out: &mut dyn Write, x: &f32| write_number(out, *x, x.is_nan(), u64::from(x.to_bits()));
            write_list(out, tensor.slice::<f32>(), "", write)?;
        }
        DType::F64 => {
            let write = |out: &mut dyn Write, x: &f64| write_number(out, *x, x.is_nan(), x.to_bits());
            write_list(out, tensor.slice::<f64>(), "", write)?;
        }
        DType::I32 => write_integers::<i32>(tensor, out)?,
        DType::I64 => write_integers::<i64>(tensor, out)?,
        DType::U32 => write_integers::<u32>(tensor, out)?,
        DType::U64 => write_integers::<u64>(tensor, out)?,
        // Truth values are 0 and 1.
        _ => write_integers::<u8>(tensor, out)?,
    }
    out.write_str(")")
}

fn write_integers<T: Element + fmt::Display>(tensor: &Tensor, out: &mut dyn Write) -> fmt::Result {
    write_list(out, tensor.slice::<T>(), "", |out, x| write!(out, "{x}"))
}
