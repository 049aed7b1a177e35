//! Which group of `model.weights.h5` belongs to which layer.
//!
//! The layers of a model are groups `layers/<class in snake case>[_<n>]`, n counting the earlier layers of the same class
//! in the model's order (a Sequential model leaves its `InputLayer` out). Keras 2.12 and 2.13 called the group of groups
//! `_layer_checkpoint_dependencies`, after an attribute which names every layer that has weights twice, and so counted each
//! of these layers as two: of three layers of one class, the second is `dense_2` and the third `dense_4`. On Windows, some
//! versions wrote a whole path as one name, with backslashes.

use std::collections::{HashMap, HashSet};

use super::hdf5::Hdf5;
use super::weights::Weight;
use crate::layers::context::join;
use crate::models::{Architecture, snake_case};

/// How a version of Keras names the groups of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The group of groups.
    container: &'static str,
    /// Whether a layer with weights counts as two.
    twice: bool,
    /// Whether a path is one name with backslashes.
    windows: bool,
}

/// The layout that is written.
pub(crate) const TODAY: Layout = Layout { container: "layers", twice: false, windows: false };

/// The layer groups of Keras 2.12 and 2.13.
pub(crate) const OLDER: &str = "_layer_checkpoint_dependencies";

/// All layouts, the likeliest first.
const LAYOUTS: [Layout; 6] = [
    TODAY,
    Layout { windows: true, ..TODAY },
    Layout { container: OLDER, twice: true, windows: false },
    Layout { container: OLDER, twice: true, windows: true },
    Layout { container: OLDER, twice: false, windows: false },
    Layout { container: OLDER, twice: false, windows: true },
];

impl Layout {
    /// The layout of a file: that in which most layers with weights have a group.
    pub(crate) fn of(file: &Hdf5, architecture: &Architecture, weights: &[Weight<'_>]) -> Layout {
        let paths: HashSet<&str> = weights.iter().map(|weight| weight.path).collect();
        let found = |layout: Layout| {
            let groups = layout.groups(architecture, weights);
            let groups: HashMap<&str, &str> =
                groups.iter().map(|group| (&*group.path, &*group.group)).collect();
            paths.iter().filter(|path| file.has_group(&layout.vars(&group_of(&groups, path)))).count()
        };
        let mut best = (found(TODAY), TODAY);
        for layout in &LAYOUTS[1..] {
            if best.0 == paths.len() {
                break;
            }
            let count = found(*layout);
            if count > best.0 {
                best = (count, *layout);
            }
        }
        best.1
    }

    /// The group of every layer, those in nested models included.
    pub(crate) fn groups(self, architecture: &Architecture, weights: &[Weight<'_>]) -> Vec<LayerGroup> {
        let mut weighted: HashSet<&str> = HashSet::new();
        if self.twice {
            for weight in weights {
                let ends = weight.path.match_indices('/').map(|(end, _)| end).chain([weight.path.len()]);
                weighted.extend(ends.map(|end| &weight.path[..end]));
            }
        }
        let mut groups = Vec::new();
        self.collect(architecture, &weighted, ["", ""], &mut groups);
        groups
    }

    fn collect(
        self,
        architecture: &Architecture,
        weighted: &HashSet<&str>,
        [path, group]: [&str; 2],
        groups: &mut Vec<LayerGroup>,
    ) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for named in architecture.counted_layers() {
            let class_name = snake_case(named.layer.class_name());
            let path = join(path, &named.name);
            let count = counts.entry(class_name.clone()).or_insert(0);
            let name = if *count == 0 { class_name } else { format!("{class_name}_{count}") };
            *count += if weighted.contains(path.as_str()) { 2 } else { 1 };
            let group = join(group, &format!("{}/{name}", self.container));
            let mut inner = [path.clone(), group.clone()];
            groups.push(LayerGroup { path, name: named.name.clone(), group });
            let mut layer = &named.layer;
            if let Some((attribute, wrapped)) = layer.inside() {
                inner = inner.map(|outer| join(&outer, attribute));
                layer = wrapped;
            }
            if let Some(architecture) = layer.as_architecture() {
                self.collect(architecture, weighted, [&inner[0], &inner[1]], groups);
            }
        }
    }

    /// The group with the weights of a layer's group.
    pub(crate) fn vars(self, group: &str) -> String {
        let group = if self.windows { group.replace('/', "\\") } else { group.to_owned() };
        join(&group, "vars")
    }

    /// The group with the weights of a layer's group in a file, if it has one: Keras 2.15 puts an underscore before the name of
    /// a part, such as the projections of attention.
    pub(crate) fn vars_in(self, file: &Hdf5, group: &str) -> Option<String> {
        let underscored = group.rsplit_once('/').map(|(around, part)| format!("{around}/_{part}"));
        let groups = std::iter::once(group.to_owned()).chain(underscored);
        groups.map(|group| self.vars(&group)).find(|vars| file.has_group(vars))
    }
}

/// A layer and its group.
pub(crate) struct LayerGroup {
    /// The layers around it and itself, such as `inner/dense_1`.
    pub(crate) path: String,
    /// Its own name.
    pub(crate) name: String,
    /// Its group, with slashes in every layout.
    pub(crate) group: String,
}

/// The group of a path: that of the innermost layer of a model on it, and the rest as it is.
pub(crate) fn group_of(groups: &HashMap<&str, &str>, path: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn nested() -> Model {
        let x = Input::new([4]).tensor();
        let inner = Sequential::new().add(Input::new([4])).add(Dense::new(2)).add(BatchNormalization::new());
        let inner = inner.name("inner").architecture(None).unwrap();
        let hidden = Dense::new(4).name("z").apply(&x).unwrap();
        let hidden = Dropout::new(0.1).apply(&Dropout::new(0.2).apply(&hidden).unwrap()).unwrap();
        let y = LayerRef::from(inner).apply(&Dense::new(4).apply(&hidden).unwrap()).unwrap();
        Model::new(&[x], &[y]).unwrap()
    }

    fn paths(layout: Layout) -> Vec<String> {
        let model = nested();
        let weights: Vec<Weight<'_>> = model.variables().iter().map(crate::saving::state::weight).collect();
        let groups = layout.groups(model.architecture().unwrap(), &weights);
        groups.into_iter().map(|group| group.group).collect()
    }

    #[test]
    fn keras_paths() {
        assert_eq!(
            paths(TODAY),
            [
                "layers/input_layer",
                "layers/dense",
                "layers/dropout",
                "layers/dropout_1",
                "layers/dense_1",
                "layers/sequential",
                "layers/sequential/layers/dense",
                "layers/sequential/layers/batch_normalization",
            ]
        );
    }

    #[test]
    fn keras_2_13_counts_layers_with_weights_twice() {
        let expected = [
            "input_layer",
            "dense",
            "dropout",
            "dropout_1",
            "dense_2",
            "sequential",
            "sequential/_layer_checkpoint_dependencies/dense",
            "sequential/_layer_checkpoint_dependencies/batch_normalization",
        ];
        let expected: Vec<String> = expected.iter().map(|path| join(OLDER, path)).collect();
        assert_eq!(paths(LAYOUTS[2]), expected);
        assert_eq!(LAYOUTS[3].vars("a/b"), "a\\b/vars");
    }
}
