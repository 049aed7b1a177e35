//! `model.weights.h5`: where each weight stands, by Keras' path rule.
//!
//! The group of a layer is told in [`layout`](super::layout). Its weights are `vars/0`, `vars/1`, …, those that can be trained
//! first. A layer inside a layer is a group by the name of its attribute; by this library's
//! convention that is the name which the outer layer builds it under.

use std::collections::HashMap;

use ceras_graph::{Tensor, TensorType};

use super::hdf5::{Attribute, Hdf5, Tree};
use super::layout::{self, LayerGroup, Layout, group_of};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::join;
use crate::models::Architecture;

/// A weight, as far as its place in a file depends on it.
pub(crate) struct Weight<'a> {
    /// The layers around it, such as `model/dense_1`.
    pub(crate) path: &'a str,
    /// Its name, such as `kernel`.
    pub(crate) name: &'a str,
    /// Whether it can be trained, where its layer is.
    pub(crate) trainable: bool,
    /// Type and shape.
    pub(crate) ty: &'a TensorType,
}

/// Where a weight stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The group of its layer, such as `layers/dense_1`.
    pub(crate) group: String,
    /// Its number there.
    pub(crate) index: usize,
}

/// Where each weight stands.
fn places(groups: &[LayerGroup], weights: &[Weight<'_>]) -> Vec<Place> {
    let groups: HashMap<&str, &str> = groups.iter().map(|group| (&*group.path, &*group.group)).collect();
    let mut counts: HashMap<&str, [usize; 2]> = HashMap::new();
    for weight in weights {
        counts.entry(weight.path).or_default()[usize::from(!weight.trainable)] += 1;
    }
    let mut used: HashMap<&str, [usize; 2]> = HashMap::new();
    let mut places = Vec::with_capacity(weights.len());
    for weight in weights {
        let used = used.entry(weight.path).or_default();
        let index = if weight.trainable { used[0] } else { counts[weight.path][0] + used[1] };
        used[usize::from(!weight.trainable)] += 1;
        places.push(Place { group: group_of(&groups, weight.path), index });
    }
    places
}

/// Adds the weights of a model, and the groups of the layers that have none, to a file.
pub(crate) fn write(tree: &mut Tree, architecture: &Architecture, weights: &[(Weight<'_>, Tensor)]) {
    name_group(tree, "", &architecture.name);
    let (described, values): (Vec<&Weight<'_>>, Vec<&Tensor>) =
        weights.iter().map(|(w, value)| (w, value)).unzip();
    let described: Vec<Weight<'_>> = described.into_iter().map(Weight::copy).collect();
    let groups = layout::TODAY.groups(architecture, &described);
    for layer in &groups {
        name_group(tree, &layer.group, &layer.name);
    }
    for (place, value) in places(&groups, &described).into_iter().zip(values) {
        tree.group(&join(&place.group, "vars")).tensor(&place.index.to_string(), value.clone());
    }
}

/// Gives the group of a layer's weights Keras' attribute.
pub(crate) fn name_group(tree: &mut Tree, group: &str, name: &str) {
    tree.group(&join(group, "vars")).attribute("name", Attribute::Text(name.to_owned()));
}

impl Weight<'_> {
    fn copy(&self) -> Weight<'_> {
        Weight { ..*self }
    }
}

/// The values of a model's weights, each or why it cannot be read: a weight that the file does not have, or has in another
/// shape; a layer for which the file has more.
pub(crate) fn read(file: &Hdf5, architecture: &Architecture, weights: &[Weight<'_>]) -> Vec<Result<Tensor>> {
    let layout = Layout::of(file, architecture, weights);
    let places = places(&layout.groups(architecture, weights), weights);
    let mut wanted: HashMap<&str, usize> = HashMap::new();
    for place in &places {
        *wanted.entry(&place.group).or_default() += 1;
    }
    let mut found: HashMap<&str, Result<Option<String>>> = HashMap::new();
    let mut values = Vec::with_capacity(weights.len());
    for (weight, place) in weights.iter().zip(&places) {
        let group = place.group.as_str();
        let vars = found.entry(group).or_insert_with(|| {
            let Some(vars) = layout.vars_in(file, group) else { return Ok(None) };
            check_count(file, &vars, wanted[group], weight.path).map(|()| Some(vars))
        });
        values.push(match vars {
            Ok(Some(vars)) => read_weight(file, &join(vars, &place.index.to_string()), weight),
            Ok(None) => Err(missing(weight, &format!("the file has no group `{group}`"))),
            Err(error) => Err(error.clone()),
        });
    }
    values
}

fn read_weight(file: &Hdf5, path: &str, weight: &Weight<'_>) -> Result<Tensor> {
    if !file.has_dataset(path) {
        return Err(missing(weight, &format!("the file has no data set `{path}`")));
    }
    check_shape(weight, &file.dims(path)?)?;
    Ok(file.tensor(path)?.cast(weight.ty.dtype))
}

/// Whether a stored weight has the shape that the layer asks for.
pub(crate) fn check_shape(weight: &Weight<'_>, dims: &[usize]) -> Result<()> {
    if weight.ty.shape.to_known().as_deref() == Some(dims) {
        return Ok(());
    }
    let shape = ceras_graph::Shape::known(dims);
    Err(missing(weight, &format!("the layer asks for shape {}, the file has {shape}", weight.ty.shape)))
}

fn missing(weight: &Weight<'_>, what: &str) -> Error {
    let text = format!("the weight `{}` cannot be loaded", join(weight.path, weight.name));
    Error::new(ErrorKind::File, text).detail(what)
}

fn check_count(file: &Hdf5, vars: &str, wanted: usize, path: &str) -> Result<()> {
    let stored = file.datasets(vars)?.len();
    if stored <= wanted {
        return Ok(());
    }
    let text = format!("layer `{path}` has {wanted} weights; the file has {stored} for it");
    Err(Error::new(ErrorKind::File, text)
        .hint("quantised models are not supported: dequantise with Keras first"))
}

/// The optimizer's variables in the file's order, `vars/0` on.
///
/// # Errors
/// The file is damaged.
pub(crate) fn read_optimizer(file: &Hdf5) -> Result<Option<Vec<Tensor>>> {
    let Some(vars) = ["optimizer/vars", "optimizer\\vars"].into_iter().find(|path| file.has_group(path))
    else {
        return Ok(None);
    };
    let count = file.datasets(vars)?.len();
    (0..count).map(|index| file.tensor(&join(vars, &index.to_string()))).collect::<Result<Vec<_>>>().map(Some)
}
