//! Before the first step: the data in the model's order, and whether it fits the model and the losses.

use ceras_graph::{DType, Tensor, TensorType};

use super::data::{Dataset, Inputs, in_rank};
use super::measured::metrics_of_outputs;
use super::outputs::outputs_in_words;
use super::weights;
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::models::{Model, NamedLayer};

impl Model {
    /// The data in the model's order, checked.
    pub(crate) fn dataset(&self, x: Inputs, y: Inputs, weight: Option<&Inputs>) -> Result<Dataset> {
        let architecture = self.is_built().then(|| self.architecture()).transpose()?;
        let names =
            architecture.map(|architecture| (architecture.input_names(), architecture.output_names()));
        let outputs = names.as_ref().map(|(_, outputs)| &outputs[..]);
        let mut x = x.in_order("x", names.as_ref().map(|(inputs, _)| &inputs[..]))?;
        if let Some(architecture) = architecture {
            let types = architecture.input_types();
            x = x.into_iter().zip(&types).map(|(x, ty)| in_rank(x, ty)).collect::<Result<_>>()?;
        }
        let y = match outputs {
            Some(outputs) => self.with_unused(y, outputs)?.in_order("y", Some(outputs))?,
            None => y.in_order("y", None)?,
        };
        let weights = weight.map(|weight| weights::of_outputs(weight, y.len(), outputs)).transpose()?;
        Dataset::new(x, y, weights.unwrap_or_default())
    }

    /// The targets, with zeros for those outputs that have neither a loss nor a metric and are not given any.
    fn with_unused(&self, y: Inputs, outputs: &[&str]) -> Result<Inputs> {
        let Ok(compiled) = self.compiled() else { return Ok(y) };
        let mut measured = vec![false; outputs.len()];
        for (what, given) in
            [("metrics", &compiled.given_metrics), ("weighted_metrics", &compiled.given_weighted_metrics)]
        {
            for (measured, list) in measured.iter_mut().zip(metrics_of_outputs(what, given, outputs)?) {
                *measured |= !list.is_empty();
            }
        }
        let unused = (0..outputs.len()).filter(|&at| compiled.losses[at].is_none() && !measured[at]);
        let unused: Vec<usize> = match y.names() {
            Some(names) => unused.filter(|&at| names.iter().all(|name| name != outputs[at])).collect(),
            None => unused.collect(),
        };
        let rows = y.sources().first().and_then(|source| source.dims().first().copied());
        match rows {
            Some(rows) if y.sources().len() + unused.len() == outputs.len() => {
                let zeros = Source::from(Tensor::zeros(DType::F32, &[rows, 1])?);
                Ok(y.with(unused.into_iter().map(|at| (at, outputs[at].to_owned(), zeros.clone()))))
            }
            _ => Ok(y),
        }
    }

    pub(super) fn build_for(&mut self, data: &Dataset) -> Result<()> {
        let ty = TensorType::new(data.x[0].dtype(), data.x[0].shape());
        self.build(&ty)
    }

    pub(crate) fn get_ready(&mut self, data: &Dataset) -> Result<()> {
        self.build_for(data)?;
        self.check_targets(data)?;
        self.prepare_optimizer()
    }

    /// Fails at an output that is 1 whatever the model is given: a softmax over one unit.
    ///
    /// # Keras
    /// There it is a warning.
    pub(super) fn check_heads(&self) -> Result<()> {
        let architecture = self.architecture()?;
        for output in &architecture.outputs {
            let call = &architecture.calls[output.call];
            let NamedLayer { name, layer } = &architecture.layers[call.layer];
            let config = layer.config();
            let softmax = match layer.class_name() {
                "Dense" | "Activation" => config.get("activation").is_some_and(|own| own == "softmax"),
                "Softmax" => config.get("axis").is_none_or(|axis| *axis == -1),
                _ => false,
            };
            if softmax && call.outputs[output.output].shape.last() == Some(1) {
                let text = format!("the output of `{name}` is always 1: it is a softmax over one unit");
                return Err(Error::new(ErrorKind::Usage, text)
                    .hint("use `sigmoid` for yes or no, or give the layer a unit for each class"));
            }
        }
        Ok(())
    }

    /// Whether the targets fit the loss and the head, before the first step.
    pub(super) fn check_targets(&self, data: &Dataset) -> Result<()> {
        self.check_heads()?;
        let architecture = self.architecture()?;
        let (types, names) = (architecture.output_types(), architecture.output_names());
        if data.y.len() != types.len() {
            let text = format!("`y` holds {} tensors", data.y.len());
            return Err(Error::new(ErrorKind::Shape, text).detail(outputs_in_words(&names)));
        }
        for ((loss, y), (ty, name)) in
            self.compiled()?.losses.iter().zip(&data.y).zip(types.iter().zip(names))
        {
            let Some(loss) = loss else { continue };
            let at = |error: Error| error.context(format!("at the output of `{name}`"));
            match y.held() {
                Some(y) => loss.check_targets(y, ty),
                // The others are looked at as they come.
                None => loss.check_targets(&y.read(&[0]).map_err(at)?, ty),
            }
            .map_err(at)?;
        }
        Ok(())
    }

    /// Whether the targets of a batch that have just been read fit the loss.
    pub(super) fn check_read(&self, data: &Dataset, read: &[Option<Tensor>]) -> Result<()> {
        let targets = read.iter().skip(data.x.len());
        if targets.clone().all(Option::is_none) {
            return Ok(());
        }
        let architecture = self.architecture()?;
        let outputs = architecture.output_types().into_iter().zip(architecture.output_names());
        for ((y, loss), (ty, name)) in targets.zip(&self.compiled()?.losses).zip(outputs) {
            if let (Some(y), Some(loss)) = (y, loss) {
                loss.check_targets(y, &ty)
                    .map_err(|error| error.context(format!("at the output of `{name}`")))?;
            }
        }
        Ok(())
    }
}
