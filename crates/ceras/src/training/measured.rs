//! What is measured while a model is trained: the losses and the metrics of each output, by Keras' names.

use std::collections::HashMap;
use std::sync::Arc;

use ceras_graph::{DType, TensorType};

use super::compile::Metrics;
use super::outputs::{PerOutput, count_misfit};
use crate::error::Result;
use crate::metrics::{self, MetricRef};
use crate::models::{Group, Model};
use crate::registry::Named;

/// A metric of an output with its place in the store.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The key in the history, such as `accuracy`.
    pub(crate) key: String,
    /// What is measured; `None` for the running mean of a loss.
    pub(crate) metric: Option<MetricRef>,
    /// The output, or `None` for the total loss.
    pub(crate) output: Option<usize>,
    /// Whether sample weights count.
    pub(crate) weighted: bool,
    /// The numbers of its state in the store.
    pub(crate) state: Vec<usize>,
    /// What each state starts from.
    pub(crate) initial: Vec<f64>,
}

/// The metrics of each output, by Keras' rules.
pub(crate) fn metrics_of_outputs(
    what: &str,
    given: &Metrics,
    outputs: &[&str],
) -> Result<Vec<Vec<Named<MetricRef>>>> {
    match given {
        PerOutput::Same(list) if outputs.len() == 1 => Ok(vec![list.clone()]),
        PerOutput::Same(list) if list.is_empty() => Ok(vec![Vec::new(); outputs.len()]),
        PerOutput::Same(list) if list.len() == outputs.len() => {
            Ok(list.iter().map(|metric| vec![metric.clone()]).collect())
        }
        PerOutput::Same(list) => Err(count_misfit(what, outputs, list.len())
            .hint(format!("say which output each is for, with `{what}_per_output` or `{what}_by_output`"))),
        other => {
            let lists = other.of_outputs(what, outputs)?;
            Ok(lists.into_iter().map(|list| list.cloned().unwrap_or_default()).collect())
        }
    }
}

impl Model {
    /// Resolves the metrics for targets and outputs of these types and makes their state, unless that was done.
    pub(crate) fn prepare_metrics(&mut self, targets: &[TensorType], outputs: &[TensorType]) -> Result<()> {
        if self.compiled()?.metrics.is_some() {
            return Ok(());
        }
        let names: Vec<String> =
            self.architecture()?.output_names().iter().map(|name| (*name).to_owned()).collect();
        let compiled = self.compiled()?.clone();
        let several = outputs.len() > 1;
        let mut measured = vec![(("loss").to_owned(), None, None, true)];
        let with_loss: Vec<usize> =
            (0..outputs.len()).filter(|&output| compiled.losses[output].is_some()).collect();
        if with_loss.len() > 1 {
            let each = with_loss.into_iter();
            measured.extend(each.map(|output| (format!("{}_loss", names[output]), None, Some(output), true)));
        }
        let outputs_named: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut counts: HashMap<String, usize> = HashMap::new();
        for (weighted, what, given) in [
            (false, "metrics", &compiled.given_metrics),
            (true, "weighted_metrics", &compiled.given_weighted_metrics),
        ] {
            for (output, list) in metrics_of_outputs(what, given, &outputs_named)?.iter().enumerate() {
                let prefix = if several { format!("{}_", names[output]) } else { String::new() };
                for metric in list {
                    let logits = compiled.losses[output].as_ref().is_some_and(|loss| loss.from_logits());
                    let metric = metrics::resolve(metric, &targets[output], &outputs[output], logits)?;
                    let key = metric_key(&mut counts, &prefix, metric.name(), weighted);
                    measured.push((key, Some(metric), Some(output), weighted));
                }
            }
        }
        let mut list: Vec<Measured> = Vec::with_capacity(measured.len());
        for (key, metric, output, weighted) in measured {
            let scalar = || TensorType::scalar(DType::F32);
            let wanted = match (&metric, output) {
                (Some(metric), Some(output)) => metric.state(&outputs[output]),
                _ => vec![("total".to_owned(), scalar(), 0.0), ("count".to_owned(), scalar(), 0.0)],
            };
            let key = unique_key(&list, key);
            let mut state = Vec::new();
            let mut initial = Vec::new();
            for (name, ty, value) in wanted {
                state.push(self.add_state(Group::Metrics, &format!("{key}_{name}"), ty, value)?);
                initial.push(value);
            }
            list.push(Measured { key, metric, output, weighted, state, initial });
        }
        if let Some(compiled) = &mut self.compiled {
            compiled.metrics = Some(Arc::new(list));
        }
        Ok(())
    }
}

/// Keras' name of a metric's result: a metric that is measured both ways has `weighted` before its name, and what is left
/// of one name is counted.
fn metric_key(counts: &mut HashMap<String, usize>, prefix: &str, name: &str, weighted: bool) -> String {
    let mut key = format!("{prefix}{name}");
    if weighted && counts.contains_key(&key) {
        key = format!("{prefix}weighted_{name}");
    }
    let count = counts.entry(key.clone()).or_insert(0);
    *count += 1;
    if *count == 1 { key } else { format!("{key}_{}", *count - 1) }
}

/// Two metrics of one name are told apart as Keras does: `accuracy`, `accuracy_1`.
fn unique_key(list: &[Measured], key: String) -> String {
    let taken = |key: &str| list.iter().any(|measured| measured.key == key);
    if !taken(&key) {
        return key;
    }
    (1..).map(|count| format!("{key}_{count}")).find(|key| !taken(key)).unwrap_or(key)
}
