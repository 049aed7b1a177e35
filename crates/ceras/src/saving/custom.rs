//! A user's own classes, handed to the call that loads a file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::activations::ActivationRef;
use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::LayerRef;
use crate::losses::LossRef;
use crate::metrics::MetricRef;
use crate::optimizers::OptimizerRef;
use crate::optimizers::schedules::ScheduleRef;
use crate::registry::Config;
use crate::regularizers::RegularizerRef;

pub(crate) type Parse<T> = Arc<dyn Fn(&Config) -> Result<T> + Send + Sync>;

/// The methods that add classes of a kind, and where those of a kind are found.
macro_rules! adders {
    ($($(#[$doc:meta])* $add:ident: $object:ty => $field:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $add<F>(mut self, name: &str, parse: F) -> CustomObjects
            where
                F: Fn(&Config) -> Result<$object> + Send + Sync + 'static,
            {
                self.$field.insert(name.to_owned(), Arc::new(parse));
                self
            }
        )*
    };
}

/// Says where a user's own classes of a kind are kept.
macro_rules! kept {
    ($($object:ty => $field:ident),* $(,)?) => {
        $(
            impl Own for $object {
                fn parsers(custom: &CustomObjects) -> &HashMap<String, Parse<$object>> {
                    &custom.$field
                }
            }
        )*
    };
}

/// A kind of objects that a user may have classes of.
pub(crate) trait Own: Sized {
    /// How they are made of their configs.
    fn parsers(custom: &CustomObjects) -> &HashMap<String, Parse<Self>>;

    /// What stands for one of the kind without being in its list.
    fn otherwise(value: &Value) -> Option<Result<Self>> {
        let _ = value;
        None
    }
}

impl Own for ActivationRef {
    fn parsers(custom: &CustomObjects) -> &HashMap<String, Parse<ActivationRef>> {
        &custom.activations
    }

    fn otherwise(value: &Value) -> Option<Result<ActivationRef>> {
        ActivationRef::of_envelope(value)
    }
}

kept! {
    LayerRef => layers,
    LossRef => losses,
    MetricRef => metrics,
    OptimizerRef => optimizers,
    InitializerRef => initializers,
    RegularizerRef => regularizers,
    ConstraintRef => constraints,
    ScheduleRef => schedules,
}

thread_local! {
    /// The classes of the calls that are reading a file on this thread: configs inside of configs are read by serde, which
    /// hands nothing on.
    static AT_HAND: RefCell<Vec<CustomObjects>> = const { RefCell::new(Vec::new()) };
}

/// The object that a name or an envelope stands for, if it is of a class that the file's reader was given, or none of the list.
pub(crate) fn own<T: Own>(value: &Value) -> Option<Result<T>> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let class_name = text("class_name").or(value.as_str())?;
    let parse = AT_HAND.with_borrow(|at_hand| {
        let custom = at_hand.last()?;
        find(T::parsers(custom), text("registered_name"), class_name).cloned()
    });
    let Some(parse) = parse else { return T::otherwise(value) };
    let config = value.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    Some(parse(&config))
}

/// The classes that are at hand.
pub(crate) fn at_hand() -> CustomObjects {
    AT_HAND.with_borrow(|at_hand| at_hand.last().cloned()).unwrap_or_default()
}

/// A user's own layers, losses, regularizers and so on, by the names that a file has for them: the registered name
/// (`my_package>Scale`) or the class name alone.
///
/// There is no global registry: the classes are known to the call that they are given to, and to no other.
///
/// # Examples
/// ```
/// use ceras::regularizers::L1;
/// use ceras::saving::CustomObjects;
/// let own = CustomObjects::new().regularizer("mine>Size", |_| Ok(L1::new(0.5).into()));
/// # let _ = own;
/// ```
#[derive(Clone, Default)]
pub struct CustomObjects {
    layers: HashMap<String, Parse<LayerRef>>,
    losses: HashMap<String, Parse<LossRef>>,
    metrics: HashMap<String, Parse<MetricRef>>,
    optimizers: HashMap<String, Parse<OptimizerRef>>,
    activations: HashMap<String, Parse<ActivationRef>>,
    initializers: HashMap<String, Parse<InitializerRef>>,
    regularizers: HashMap<String, Parse<RegularizerRef>>,
    constraints: HashMap<String, Parse<ConstraintRef>>,
    schedules: HashMap<String, Parse<ScheduleRef>>,
    lambdas: HashMap<String, LayerRef>,
    replace_lambdas: bool,
    fresh_weights_limit: Option<u64>,
}

/// Weights up to this size are made of the words of a file alone: more than all of Keras' applications have, and few enough
/// for any machine. A kilobyte that asks for more is no model.
const FRESH_WEIGHTS_LIMIT: u64 = 2 << 30;

impl CustomObjects {
    /// None yet.
    #[must_use]
    pub fn new() -> CustomObjects {
        CustomObjects::default()
    }

    adders! {
        /// Adds a layer: its name in files, and how to make one of its config.
        layer: LayerRef => layers;
        /// Adds a loss.
        loss: LossRef => losses;
        /// Adds a metric.
        metric: MetricRef => metrics;
        /// Adds an optimizer.
        optimizer: OptimizerRef => optimizers;
        /// Adds an activation.
        activation: ActivationRef => activations;
        /// Adds an initializer.
        initializer: InitializerRef => initializers;
        /// Adds a regularizer.
        regularizer: RegularizerRef => regularizers;
        /// Adds a constraint.
        constraint: ConstraintRef => constraints;
        /// Adds a learning-rate schedule.
        schedule: ScheduleRef => schedules;
    }

    /// How many bytes of weights may be made for a file that describes a model and holds none of its weights, such as a
    /// `config.json`. 2 GiB unless said otherwise.
    #[must_use]
    pub fn fresh_weights_limit(mut self, bytes: u64) -> CustomObjects {
        self.fresh_weights_limit = Some(bytes);
        self
    }

    /// The limit that holds.
    pub(crate) fn fresh_limit(&self) -> u64 {
        self.fresh_weights_limit.unwrap_or(FRESH_WEIGHTS_LIMIT)
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

    /// Has the classes at hand for configs inside of those that `read` reads.
    pub(crate) fn at_hand<T>(&self, read: impl FnOnce() -> T) -> T {
        /// Puts them away, also when reading ends in a panic.
        struct Away;
        impl Drop for Away {
            fn drop(&mut self) {
                AT_HAND.with_borrow_mut(Vec::pop);
            }
        }
        AT_HAND.with_borrow_mut(|at_hand| at_hand.push(self.clone()));
        let _away = Away;
        read()
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
            .field("activations", &names(self.activations.keys().collect()))
            .field("initializers", &names(self.initializers.keys().collect()))
            .field("regularizers", &names(self.regularizers.keys().collect()))
            .field("constraints", &names(self.constraints.keys().collect()))
            .field("schedules", &names(self.schedules.keys().collect()))
            .field("lambdas", &names(self.lambdas.keys().collect()))
            .field("replace_lambdas", &self.replace_lambdas)
            .finish()
    }
}
