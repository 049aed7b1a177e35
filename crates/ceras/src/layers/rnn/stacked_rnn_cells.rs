//! Several cells, each fed by the one before it.

use std::collections::HashMap;

use ceras_graph::TensorType;

use super::cells::{Cell, Maker, cell_methods};
use super::wrapped::Wrapped;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::join;
use crate::layers::declare::{layer_methods, layer_struct, unusable};
use crate::layers::{BuildCx, CallCx, Layer, LayerRef, Traced};
use crate::models::snake_case;

layer_struct! {
    /// Several cells as one, for [`RNN`](crate::layers::RNN): in each step, the output of each is the input of the next.
    ///
    /// # Errors
    /// It has no cells, or something that is no cell.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{GRUCell, LSTMCell, RNN, StackedRNNCells};
    /// use ceras::prelude::*;
    /// let cells = StackedRNNCells::new([LSTMCell::new(4).into(), GRUCell::new(3).into()]);
    /// let model = Sequential::new().add(Input::new([10, 8])).add(RNN::new(cells)).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 3]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A cell cannot be called by itself here.
    StackedRNNCells requires ["cells"] {
        cells: Vec<Wrapped> = Vec::new(),
    }
}

impl StackedRNNCells {
    /// These cells, the one that sees the input first.
    #[must_use]
    #[track_caller]
    pub fn new(cells: impl IntoIterator<Item = LayerRef>) -> StackedRNNCells {
        StackedRNNCells { cells: cells.into_iter().map(Wrapped).collect(), ..made() }
    }
}

/// The cell that a layer is.
///
/// # Errors
/// It is none.
pub(super) fn cell_of(layer: &Wrapped) -> Result<&dyn Cell> {
    layer.0.as_cell().ok_or_else(|| {
        let text = format!("RNN needs a cell; it is given {}", layer.0.class_name());
        Error::new(ErrorKind::Unsupported, text)
            .hint("there are LSTMCell, GRUCell, SimpleRNNCell and StackedRNNCells")
    })
}

impl Layer for StackedRNNCells {
    layer_methods!();
    cell_methods!("StackedRNNCells");
}

impl Cell for StackedRNNCells {
    fn makers(&self, part: &str) -> Result<Vec<Maker<'_>>> {
        self.problem.clone().map_or(Ok(()), Err)?;
        if self.cells.is_empty() {
            return Err(unusable("StackedRNNCells needs at least one cell"));
        }
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut makers = Vec::new();
        for cell in &self.cells {
            let name = snake_case(cell.0.class_name());
            let count = counts.entry(name.clone()).or_insert(0);
            let name = if *count == 0 { name } else { format!("{name}_{count}") };
            *count += 1;
            makers.extend(cell_of(cell)?.makers(&join(part, &format!("cells/{name}")))?);
        }
        makers.iter_mut().for_each(|maker| maker.trainable &= self.trainable);
        Ok(makers)
    }
}
