//! A user's own classes, handed to the call that loads a file.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::layers::LayerRef;
use crate::losses::LossRef;
use crate::metrics::MetricRef;
use crate::optimizers::OptimizerRef;
use crate::registry::Config;

type Parse<T> = Arc<dyn Fn(&Config) -> Result<T> + Send + Sync>;

/// A user's own layers, losses, metrics and optimizers, by the names that a file has for them: the registered name
/// (`my_package>Scale`) or the class name alone.
///
/// There is no global registry: the classes are known to the call that they are given to, and to no other.
#[derive(Clone, Default)]
pub struct CustomObjects {
    layers: HashMap<String, Parse<LayerRef>>,
    losses: HashMap<String, Parse<LossRef>>,
    metrics: HashMap<String, Parse<MetricRef>>,
    optimizers: HashMap<String, Parse<OptimizerRef>>,
    lambdas: HashMap<String, LayerRef>,
    replace_lambdas: bool,
}

impl CustomObjects {
    /// None yet.
    #[must_use]
    pub fn new() -> CustomObjects {
        CustomObjects::default()
    }

    /// Adds a layer: its name in files, and how to make one of its config.
    #[must_use]
    pub fn layer<F>(mut self, name: &str, parse: F) -> CustomObjects
    where
        F: Fn(&Config) -> Result<LayerRef> + Send + Sync + 'static,
    {
        self.layers.insert(name.to_owned(), Arc::new(parse));
        self
    }

    /// Adds a loss.
    #[must_use]
    pub fn loss<F>(mut self, name: &str, parse: F) -> CustomObjects
    where
        F: Fn(&Config) -> Result<LossRef> + Send + Sync + 'static,
    {
        self.losses.insert(name.to_owned(), Arc::new(parse));
        self
    }

    /// Adds a metric.
    #[must_use]
    pub fn metric<F>(mut self, name: &str, parse: F) -> CustomObjects
    where
        F: Fn(&Config) -> Result<MetricRef> + Send + Sync + 'static,
    {
        self.metrics.insert(name.to_owned(), Arc::new(parse));
        self
    }

    /// Adds an optimizer.
    #[must_use]
    pub fn optimizer<F>(mut self, name: &str, parse: F) -> CustomObjects
    where
        F: Fn(&Config) -> Result<OptimizerRef> + Send + Sync + 'static,
    {
        self.optimizers.insert(name.to_owned(), Arc::new(parse));
        self
    }

    /// Puts a layer in the place of the `Lambda` of this name. A `Lambda` is Python code, which is never run.
    #[must_use]
    pub fn lambda(mut self, name: &str, layer: impl Into<LayerRef>) -> CustomObjects {
        self.lambdas.insert(name.to_owned(), layer.into());
        self
    }

    /// Lets a built-in layer take the place of each `Lambda` whose function is recognised: `Rescaling` for `x / 255`,
    /// `Resizing` for `tf.image.resize(x, (96, 96))`, and so on; a warning says of each what became of it. Without this, the
    /// error names the layer that would be taken.
    ///
    /// The code in the file is read as data and never run. A rare one that computes the same up to details (padding before
    /// resizing instead of after it) is called *close to* in the warning.
    #[must_use]
    pub fn replace_lambdas(mut self) -> CustomObjects {
        self.replace_lambdas = true;
        self
    }

    pub(crate) fn find_lambda(&self, name: &str) -> Option<&LayerRef> {
        self.lambdas.get(name)
    }

    pub(crate) fn replaces_lambdas(&self) -> bool {
        self.replace_lambdas
    }

    pub(crate) fn find_layer(&self, registered: Option<&str>, class_name: &str) -> Option<&Parse<LayerRef>> {
        find(&self.layers, registered, class_name)
    }

    pub(crate) fn find_loss(&self, registered: Option<&str>, class_name: &str) -> Option<&Parse<LossRef>> {
        find(&self.losses, registered, class_name)
    }

    pub(crate) fn find_metric(
        &self,
        registered: Option<&str>,
        class_name: &str,
    ) -> Option<&Parse<MetricRef>> {
        find(&self.metrics, registered, class_name)
    }

    pub(crate) fn find_optimizer(
        &self,
        registered: Option<&str>,
        class_name: &str,
    ) -> Option<&Parse<OptimizerRef>> {
        find(&self.optimizers, registered, class_name)
    }
}

fn find<'a, T>(
    known: &'a HashMap<String, Parse<T>>,
    registered: Option<&str>,
    class_name: &str,
) -> Option<&'a Parse<T>> {
    registered.and_then(|name| known.get(name)).or_else(|| known.get(class_name))
}

impl fmt::Debug for CustomObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |mut names: Vec<&String>| {
            names.sort();
            format!("{names:?}")
        };
        f.debug_struct("CustomObjects")
            .field("layers", &names(self.layers.keys().collect()))
            .field("losses", &names(self.losses.keys().collect()))
            .field("metrics", &names(self.metrics.keys().collect()))
            .field("optimizers", &names(self.optimizers.keys().collect()))
            .field("lambdas", &names(self.lambdas.keys().collect()))
            .field("replace_lambdas", &self.replace_lambdas)
            .finish()
    }
}
