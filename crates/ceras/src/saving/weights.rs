//! `model.weights.h5`: where each weight stands, by Keras' path rule.
//!
//! The layers of a model are groups `layers/<class in snake case>[_<n>]`, n counting the earlier layers of the same class
//! in the model's order (a Sequential model leaves its `InputLayer` out). The weights of a layer are `vars/0`, `vars/1`,
//! …, those that can be trained first. A layer inside a layer is a group by the name of its attribute; by this library's
//! convention that is the name which the outer layer builds it under.

use std::collections::HashMap;

use ceras_graph::{Tensor, TensorType};

use super::hdf5::{Attribute, Hdf5, Tree};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::join;
use crate::models::{Architecture, snake_case};

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

/// The group of every layer, those in nested models included: path in the model, name, group in the file.
pub(crate) fn groups(architecture: &Architecture) -> Vec<(String, String, String)> {
    let mut groups = Vec::new();
    collect(architecture, "", "", &mut groups);
    groups
}

fn collect(architecture: &Architecture, path: &str, group: &str, groups: &mut Vec<(String, String, String)>) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for named in architecture.counted_layers() {
        let class_name = snake_case(named.layer.class_name());
        let count = counts.entry(class_name.clone()).or_insert(0);
        let name = if *count == 0 { class_name } else { format!("{class_name}_{count}") };
        *count += 1;
        let (path, group) = (join(path, &named.name), join(group, &format!("layers/{name}")));
        groups.push((path.clone(), named.name.clone(), group.clone()));
        if let Some(inner) = named.layer.as_architecture() {
            collect(inner, &path, &group, groups);
        }
    }
}

/// Where each weight stands.
pub(crate) fn places(architecture: &Architecture, weights: &[Weight<'_>]) -> Vec<Place> {
    let groups: HashMap<String, String> =
        groups(architecture).into_iter().map(|(path, _, group)| (path, group)).collect();
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

/// The group of a path: that of the innermost layer of a model on it, and the rest as it is.
fn group_of(groups: &HashMap<String, String>, path: &str) -> String {
    let mut end = path.len();
    loop {
        if let Some(group) = groups.get(&path[..end]) {
            return format!("{group}{}", &path[end..]);
        }
        match path[..end].rfind('/') {
            Some(slash) => end = slash,
            None => return path.to_owned(),
        }
    }
}

/// Adds the weights of a model, and the groups of the layers that have none, to a file.
pub(crate) fn write(tree: &mut Tree, architecture: &Architecture, weights: &[(Weight<'_>, Tensor)]) {
    name_group(tree, "", &architecture.name);
    for (_, name, group) in groups(architecture) {
        name_group(tree, &group, &name);
    }
    let (described, values): (Vec<&Weight<'_>>, Vec<&Tensor>) =
        weights.iter().map(|(w, value)| (w, value)).unzip();
    let described: Vec<Weight<'_>> = described.into_iter().map(Weight::copy).collect();
    for (place, value) in places(architecture, &described).into_iter().zip(values) {
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
    let places = places(architecture, weights);
    let mut wanted: HashMap<&str, usize> = HashMap::new();
    for place in &places {
        *wanted.entry(&place.group).or_default() += 1;
    }
    let mut found: HashMap<&str, Result<Option<String>>> = HashMap::new();
    let mut values = Vec::with_capacity(weights.len());
    for (weight, place) in weights.iter().zip(&places) {
        let group = place.group.as_str();
        let vars = found.entry(group).or_insert_with(|| {
            let Some(vars) = find_vars(file, group) else { return Ok(None) };
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

/// The group `vars` of a layer, under today's name or an older one.
fn find_vars(file: &Hdf5, group: &str) -> Option<String> {
    let today = join(group, "vars");
    // Keras 2.12 and 2.13 called `layers` after an attribute; on Windows, some versions wrote whole paths as one name.
    let older = today.replace("layers/", "_layer_checkpoint_dependencies/");
    let flat =
        |path: &str| path.strip_suffix("/vars").map(|start| format!("{}/vars", start.replace('/', "\\")));
    let candidates = [Some(today.clone()), Some(older.clone()), flat(&today), flat(&older)];
    candidates.into_iter().flatten().find(|path| file.has_group(path))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn keras_paths() {
        let x = Input::new([4]).tensor();
        let inner = Sequential::new().add(Input::new([4])).add(Dense::new(2)).add(BatchNormalization::new());
        let inner = inner.name("inner").architecture(None).unwrap();
        let hidden = Dense::new(4).name("z").apply(&x).unwrap();
        let y = LayerRef::from(inner).apply(&Dense::new(4).apply(&hidden).unwrap()).unwrap();
        let model = Model::new(&[x], &[y]).unwrap();
        let paths: Vec<String> =
            groups(model.architecture().unwrap()).into_iter().map(|(_, _, group)| group).collect();
        assert_eq!(
            paths,
            [
                "layers/input_layer",
                "layers/dense",
                "layers/dense_1",
                "layers/sequential",
                "layers/sequential/layers/dense",
                "layers/sequential/layers/batch_normalization",
            ]
        );
    }
}
