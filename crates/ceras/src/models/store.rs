//! The store: all that a model keeps from step to step, in one block.

use std::sync::Arc;

use ceras_cpu::Memory;
use ceras_graph::{Tensor, TensorType};
use ceras_kernels::memory::ALIGNMENT;
use ceras_kernels::{Block, Pool};

use crate::constraints::ConstraintRef;
use crate::error::{Error, ErrorKind, Result};
use crate::regularizers::RegularizerRef;

/// Keras' four groups of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Weights that the optimizer changes, as long as their layer is trainable.
    Trainable,
    /// Moving statistics and the like.
    NonTrainable,
    /// The optimizer's iteration, learning rate and slots.
    Optimizer,
    /// What metrics have summed up.
    Metrics,
}

/// A piece of state.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The layers around it, such as `model/dense_1`.
    pub path: String,
    /// Its name, such as `kernel`.
    pub name: String,
    /// Type and shape.
    pub ty: TensorType,
    /// What kind of state it is.
    pub group: Group,
    /// What its size adds to the loss.
    pub regularizer: Option<RegularizerRef>,
    /// What is done to it after each step.
    pub constraint: Option<ConstraintRef>,
    /// Where its value comes from in words, for errors.
    pub origin: Option<String>,
    /// Where it lies in the block, in bytes.
    pub(crate) offset: usize,
}

impl Variable {
    /// Path and name, such as `dense/kernel`.
    pub fn full_name(&self) -> String {
        crate::layers::context::join(&self.path, &self.name)
    }

    fn bytes(&self) -> usize {
        self.ty.bytes().expect("a variable's shape is known and its size was checked when it was added")
    }
}

/// All state of a model: the weights first, in the order of the layers, then what training adds.
#[derive(Debug)]
pub struct Store {
    variables: Vec<Variable>,
    /// The block of all variables, with the arena and the threads that plans run on.
    pub(crate) memory: Memory,
    used: usize,
}

impl Store {
    /// Nothing yet.
    pub(crate) fn new(pool: Arc<Pool>) -> Store {
        let memory = Memory { arena: Block::zeroed(0), state: Block::zeroed(0), pool };
        Store { variables: Vec::new(), memory, used: 0 }
    }

    /// Adds a variable with a value and gives its number.
    ///
    /// # Errors
    /// Its size does not fit into memory's address space.
    pub(crate) fn add(&mut self, mut variable: Variable, value: &Tensor) -> Result<usize> {
        assert_eq!(variable.ty, value.ty(), "a variable is added with a value of its type");
        let end = self.used.checked_add(value.bytes().len()).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{}` is too large", variable.full_name()))
        })?;
        variable.offset = self.used;
        self.used = end.next_multiple_of(ALIGNMENT);
        self.memory.state.grow(self.used);
        self.variables.push(variable);
        let number = self.variables.len() - 1;
        self.set(number, value)?;
        Ok(number)
    }

    /// Makes room for variables of these types at once, so that the block is not copied for each of them.
    pub(crate) fn reserve<'a>(&mut self, types: impl IntoIterator<Item = &'a TensorType>) {
        let end = types.into_iter().try_fold(self.used, |end, ty| {
            end.checked_add(ty.bytes()?).and_then(|end| end.checked_next_multiple_of(ALIGNMENT))
        });
        // What does not fit is named by `add`.
        if let Some(end) = end {
            self.memory.state.grow(end);
        }
    }

    /// Forgets the variables from this number on.
    pub(crate) fn truncate(&mut self, count: usize) {
        if let Some(first) = self.variables.get(count) {
            self.used = first.offset;
            self.variables.truncate(count);
        }
    }

    /// The variables.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The value of a variable.
    ///
    /// # Panics
    /// If there is no such variable.
    pub fn get(&self, number: usize) -> Tensor {
        let variable = &self.variables[number];
        let dims = variable.ty.shape.to_known().expect("a variable's shape is known");
        let bytes = self.memory.state.slice::<u8>(variable.offset, variable.bytes());
        Tensor::from_bytes(variable.ty.dtype, &dims, bytes).expect("as many bytes as the type asks for")
    }

    /// Gives a variable another value; numbers of another type are converted.
    ///
    /// # Errors
    /// The shapes differ.
    ///
    /// # Panics
    /// If there is no such variable.
    pub fn set(&mut self, number: usize, value: &Tensor) -> Result<()> {
        let variable = &self.variables[number];
        if value.shape() != variable.ty.shape {
            let text = format!(
                "`{}` has shape {}; the value has shape {}",
                variable.full_name(),
                variable.ty.shape,
                value.shape()
            );
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let value = value.cast(variable.ty.dtype);
        let bytes = variable.bytes();
        self.memory.state.slice_mut::<u8>(variable.offset, bytes).copy_from_slice(value.bytes());
        Ok(())
    }

    /// Fills a variable with zero bytes.
    pub(crate) fn zero(&mut self, number: usize) {
        let variable = &self.variables[number];
        let bytes = variable.bytes();
        self.memory.state.slice_mut::<u8>(variable.offset, bytes).fill(0);
    }

    /// Says where a variable's value comes from, for errors.
    pub(crate) fn set_origin(&mut self, number: usize, origin: &str) {
        self.variables[number].origin = Some(origin.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use ceras_graph::DType;

    use super::*;

    #[test]
    fn what_was_reserved_is_not_moved() {
        let ty = TensorType::new(DType::F32, [5]);
        let variable = || Variable {
            path: "dense".to_owned(),
            name: "bias".to_owned(),
            ty: ty.clone(),
            group: Group::Trainable,
            regularizer: None,
            constraint: None,
            origin: None,
            offset: 0,
        };
        let mut store = Store::new(Arc::new(Pool::new(1)));
        store.reserve([&ty, &ty, &ty]);
        let room = store.memory.state.bytes();
        let place = store.memory.state.slice::<u8>(0, 1).as_ptr();
        for number in 0..3 {
            let value = Tensor::new(&[5], [number as f32; 5]).unwrap();
            store.add(variable(), &value).unwrap();
        }
        assert_eq!(store.memory.state.bytes(), room);
        assert_eq!(store.memory.state.slice::<u8>(0, 1).as_ptr(), place);
        assert_eq!(store.get(2).slice::<f32>(), [2.0; 5]);
    }
}
