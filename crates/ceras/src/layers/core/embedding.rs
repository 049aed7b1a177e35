//! The layer that turns numbers of things into vectors.

use ceras_graph::{DType, TensorType, Value, compose, ops};

use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::{InitializerRef, RandomUniform};
use crate::layers::declare::{layer_methods, layer_struct, named_setters, setters, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};
use crate::registry::Config;
use crate::regularizers::RegularizerRef;

layer_struct! {
    /// Turns whole numbers into vectors that are learned: `output[…] = embeddings[input[…]]`.
    ///
    /// The gradient of a row is the sum of those of all places that named it.
    ///
    /// # Shapes
    /// `[…]` → `[…, output_dim]`. Weight: `embeddings` `[input_dim, output_dim]`.
    ///
    /// # Errors
    /// `input_dim` or `output_dim` is 0. Data that the model is given holds a number that is not from 0 to below `input_dim`:
    /// the error names it.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Embedding;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2]).dtype(DType::I32)).add(Embedding::new(3, 2)).build()?;
    /// model.set_weights(&[Tensor::new(&[3, 2], [0.0f32, 0.1, 1.0, 1.1, 2.0, 2.1])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [2i32, 0])?)?;
    /// assert_eq!(y.slice::<f32>(), [2.0, 2.1, 0.0, 0.1]);
    /// let error = model.predict(&Tensor::new(&[1, 2], [2i32, 3])?).unwrap_err();
    /// assert!(error.to_string().contains("holds the number 3"), "{error}");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Bengio, Ducharme, Vincent, Jauvin (2003), *A neural probabilistic language model*,
    /// <https://jmlr.org/papers/v3/bengio03a.html>
    ///
    /// # Keras
    /// A negative number is an error here; Keras counts it from the end. Where the numbers are computed in the model and not given
    /// to it, one beyond the ends takes the row at that end, and no gradient flows to it. `lora_rank`, `lora_alpha` and `quantization_config` are
    /// refused. There is no argument `weights`: set them on the model.
    Embedding requires ["input_dim", "output_dim"] written written {
        input_dim: usize = 0,
        output_dim: usize = 0,
        embeddings_initializer: InitializerRef = RandomUniform::new().into(),
        embeddings_regularizer: Option<RegularizerRef> = None,
        embeddings_constraint: Option<ConstraintRef> = None,
        mask_zero: bool = false,
        quantization_config: () = (),
    }
}

/// Keras writes the activity regularizer after the embeddings' when there is none.
fn written(mut config: Config) -> Config {
    if !config.contains_key("activity_regularizer")
        && let Some(place) = config.keys().position(|key| key == "embeddings_constraint")
    {
        config.shift_insert(place, "activity_regularizer".to_owned(), serde_json::Value::Null);
    }
    config
}

impl Embedding {
    /// A layer with a vector of `output_dim` numbers for each of the numbers from 0 to below `input_dim`.
    #[must_use]
    #[track_caller]
    pub fn new(input_dim: usize, output_dim: usize) -> Embedding {
        Embedding { input_dim, output_dim, ..made() }
    }

    named_setters! {
        /// How the vectors are first filled: uniform from -0.05 to 0.05 by default.
        embeddings_initializer: InitializerRef;
        /// What the vectors' size adds to the loss.
        embeddings_regularizer: RegularizerRef;
        /// What is done to the vectors after each step.
        embeddings_constraint: ConstraintRef;
    }

    setters! {
        /// Whether 0 stands for "nothing here": such places are masked.
        mask_zero: bool;
    }

    /// The numbers as integers that can name rows.
    fn rows(&self, cx: &mut CallCx<'_>, ids: Value) -> Result<Value> {
        cx.name_rows(ids, self.input_dim);
        Ok(match cx.ty(ids).dtype {
            DType::I32 | DType::I64 => ids,
            _ => ops::convert(cx.graph(), ids, DType::I32)?,
        })
    }
}

impl Layer for Embedding {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("Embedding", inputs)?;
        for (name, value) in [("input_dim", self.input_dim), ("output_dim", self.output_dim)] {
            if value == 0 {
                return Err(unusable(format!("`{name}` must be 1 or more; it is 0")));
            }
        }
        let dims = [self.input_dim, self.output_dim];
        cx.weight("embeddings", self.dtype.dtype(), &dims, &self.embeddings_initializer)
            .regularizer(&self.embeddings_regularizer)
            .constraint(&self.embeddings_constraint);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let ids = single("Embedding", inputs)?.value;
        let mask = if self.mask_zero {
            let zero = cx.scalar_like(0.0, ids)?;
            Some(compose::not_equal(cx.graph(), ids, zero)?)
        } else {
            None
        };
        let rows = self.rows(cx, ids)?;
        let embeddings = cx.weight("embeddings")?;
        Ok(vec![Traced { value: ops::gather(cx.graph(), embeddings, rows)?, mask }])
    }
}
