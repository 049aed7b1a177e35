//! From text to a graph.

use std::collections::HashMap;
use std::sync::Arc;

use ceras_kernels::{DType, Element};

use super::lexer::{Lexer, ParseError};
use crate::graph::{Graph, Value};
use crate::op::Attribute;
use crate::ops::{self, Given};
use crate::tensor::Tensor;
use crate::types::{Dim, Shape, TensorType};

/// Graphs within graphs, at most: more than any program nests, and less than the stack holds.
const DEPTH: usize = 32;

/// Reads a graph from text.
///
/// # Errors
/// The text is not a graph, or not a legal one: the line and what is wrong there.
///
/// # Examples
/// ```
/// let text = "graph {
///   %0: float32 [2] = input
///   %1: float32 [2] = tanh(%0)
///   return %1
/// }";
/// let graph = ceras_graph::text::parse(text).unwrap();
/// assert_eq!(graph.to_string(), text);
/// ```
pub fn parse(text: &str) -> Result<Graph, ParseError> {
    let mut lexer = Lexer::new(text);
    let graph = parse_graph(&mut lexer, 0)?;
    if lexer.is_at_end() {
        Ok(graph)
    } else {
        let found = lexer.found();
        Err(lexer.error(format!("expected the end, found {found}")))
    }
}

struct Reader {
    graph: Graph,
    values: HashMap<usize, Value>,
    depth: usize,
}

/// A value as it is introduced.
struct Introduced {
    number: usize,
    ty: TensorType,
    name: Option<String>,
    origin: Option<String>,
}

fn parse_graph(lexer: &mut Lexer<'_>, depth: usize) -> Result<Graph, ParseError> {
    if depth > DEPTH {
        return Err(lexer.error(format!("graphs are nested more than {DEPTH} deep")));
    }
    lexer.expect("graph")?;
    lexer.expect("{")?;
    let mut reader = Reader { graph: Graph::new(), values: HashMap::new(), depth };
    loop {
        match lexer.peek_word() {
            "return" => break,
            "logits" => reader.logits(lexer)?,
            _ => reader.node(lexer)?,
        }
    }
    lexer.expect("return")?;
    let outputs = lexer.list("}", |lexer| reader.value(lexer))?;
    reader.graph.set_outputs(outputs);
    Ok(reader.graph)
}

impl Reader {
    fn value(&self, lexer: &mut Lexer<'_>) -> Result<Value, ParseError> {
        lexer.expect("%")?;
        let number: usize = lexer.number("the number of a value")?;
        let value = self.values.get(&number).copied();
        value.ok_or_else(|| lexer.error(format!("%{number} is used before it is made")))
    }

    fn logits(&mut self, lexer: &mut Lexer<'_>) -> Result<(), ParseError> {
        lexer.expect("logits")?;
        let logits = self.value(lexer)?;
        lexer.expect("of")?;
        let probabilities = self.value(lexer)?;
        self.graph.set_logits(probabilities, logits);
        Ok(())
    }

    fn node(&mut self, lexer: &mut Lexer<'_>) -> Result<(), ParseError> {
        let introduced = lexer.list("=", introduced)?;
        let name = lexer.word()?;
        let values = if name == "input" {
            let [one] = &introduced[..] else { return Err(lexer.error("an input is one value")) };
            vec![self.graph.input(one.ty.clone(), "")]
        } else {
            self.op(lexer, name)?
        };
        if values.len() != introduced.len() {
            let (made, stated) = (values.len(), introduced.len());
            return Err(lexer.error(format!("`{name}` makes {made} values, not {stated}")));
        }
        for (value, stated) in values.into_iter().zip(introduced) {
            if *self.graph.ty(value) != stated.ty {
                let made = self.graph.ty(value);
                return Err(lexer.error(format!("%{} is {made}, not {}", stated.number, stated.ty)));
            }
            if self.values.insert(stated.number, value).is_some() {
                return Err(lexer.error(format!("%{} is made twice", stated.number)));
            }
            if let Some(name) = stated.name {
                self.graph.set_name(value, &name);
            }
            if let Some(origin) = stated.origin {
                self.graph.set_origin(value, &origin);
            }
        }
        Ok(())
    }

    fn op(&mut self, lexer: &mut Lexer<'_>, name: &str) -> Result<Vec<Value>, ParseError> {
        lexer.expect("(")?;
        let inputs = lexer.list(")", |lexer| self.value(lexer))?;
        let mut given = Given::new();
        if lexer.eat("{") {
            let depth = self.depth;
            let attributes = lexer.list("}", |lexer| {
                let name = lexer.word()?;
                lexer.expect("=")?;
                Ok((name, attribute(lexer, depth)?))
            })?;
            for (name, attribute) in attributes {
                given = given.with(name, attribute);
            }
        }
        let scope = if lexer.eat("in ") { lexer.quoted()? } else { String::new() };
        let op = ops::parse(name, given).map_err(|why| lexer.error(why))?;
        let outputs = self.graph.emit_at(op, &inputs, Arc::from(scope), None);
        outputs.map_err(|error| lexer.error(error.to_string()))
    }
}

fn introduced(lexer: &mut Lexer<'_>) -> Result<Introduced, ParseError> {
    lexer.expect("%")?;
    let number = lexer.number("the number of a value")?;
    lexer.expect(":")?;
    let ty = tensor_type(lexer)?;
    let name = if lexer.next_is('"') { Some(lexer.quoted()?) } else { None };
    let origin = if lexer.eat("from") { Some(lexer.quoted()?) } else { None };
    Ok(Introduced { number, ty, name, origin })
}

fn dtype(lexer: &mut Lexer<'_>) -> Result<DType, ParseError> {
    let word = lexer.word()?;
    DType::from_name(word).ok_or_else(|| lexer.error(format!("`{word}` is not an element type")))
}

fn tensor_type(lexer: &mut Lexer<'_>) -> Result<TensorType, ParseError> {
    Ok(TensorType { dtype: dtype(lexer)?, shape: shape(lexer)? })
}

fn shape(lexer: &mut Lexer<'_>) -> Result<Shape, ParseError> {
    lexer.expect("[")?;
    let dims = lexer.list("]", |lexer| -> Result<Dim, ParseError> {
        if lexer.eat("?") { Ok(None) } else { lexer.number("a dimension").map(Some) }
    })?;
    Ok(Shape::from(dims))
}

fn attribute(lexer: &mut Lexer<'_>, depth: usize) -> Result<Attribute, ParseError> {
    if lexer.eat("[") {
        return Ok(Attribute::Ints(lexer.list("]", |lexer| lexer.number("an integer"))?));
    }
    match lexer.peek_word() {
        "" => Ok(Attribute::Text(lexer.quoted()?)),
        "graph" => Ok(Attribute::Graph(Box::new(parse_graph(lexer, depth + 1)?))),
        "tensor" => {
            lexer.expect("tensor")?;
            Ok(Attribute::Tensor(tensor(lexer)?))
        }
        "shape" => {
            lexer.expect("shape")?;
            Ok(Attribute::Shape(shape(lexer)?))
        }
        "float" => {
            lexer.expect("float")?;
            let bits = |bits: u64| f64::from_bits(bits);
            Ok(Attribute::Float(float(lexer, bits)?))
        }
        "true" | "false" => Ok(Attribute::Bool(lexer.number("a truth value")?)),
        word if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            Ok(Attribute::Int(lexer.number("an integer")?))
        }
        _ => Ok(Attribute::DType(dtype(lexer)?)),
    }
}

fn float<T: std::str::FromStr>(lexer: &mut Lexer<'_>, from_bits: fn(u64) -> T) -> Result<T, ParseError> {
    if !lexer.eat("nan:") {
        return lexer.number("a number");
    }
    let word = lexer.word()?;
    let bits = u64::from_str_radix(word, 16);
    bits.map(from_bits).map_err(|_| lexer.error(format!("expected the bits of a NaN, found `{word}`")))
}

fn tensor(lexer: &mut Lexer<'_>) -> Result<Tensor, ParseError> {
    let ty = tensor_type(lexer)?;
    let Some(dims) = ty.shape.to_known() else { return Err(lexer.error("a tensor has a known shape")) };
    lexer.expect("(")?;
    match ty.dtype {
        DType::F32 => elements(lexer, &dims, |lexer| float(lexer, |bits| f32::from_bits(bits as u32))),
        DType::F64 => elements(lexer, &dims, |lexer| float(lexer, f64::from_bits)),
        DType::I32 => elements(lexer, &dims, |lexer| lexer.number::<i32>("an integer")),
        DType::I64 => elements(lexer, &dims, |lexer| lexer.number::<i64>("an integer")),
        DType::U32 => elements(lexer, &dims, |lexer| lexer.number::<u32>("an integer")),
        DType::U64 => elements(lexer, &dims, |lexer| lexer.number::<u64>("an integer")),
        DType::Bool => Ok(elements(lexer, &dims, |lexer| lexer.number::<u8>("0 or 1"))?.cast(DType::Bool)),
        _ => elements(lexer, &dims, |lexer| lexer.number::<u8>("an integer")),
    }
}

fn elements<T: Element>(
    lexer: &mut Lexer<'_>,
    dims: &[usize],
    element: impl FnMut(&mut Lexer<'_>) -> Result<T, ParseError>,
) -> Result<Tensor, ParseError> {
    let elements = lexer.list(")", element)?;
    Tensor::new(dims, elements).map_err(|error| lexer.error(error.0))
}
