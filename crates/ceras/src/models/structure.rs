//! How the inputs or outputs of a model are arranged: one tensor, a list, a dictionary, or these inside each other.

use super::functional::KerasTensor;

/// An arrangement of tensors. The tensors themselves stand beside it in Keras' flat order: lists in order, dictionaries
/// by their sorted keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Structure {
    /// One tensor.
    One,
    /// A list.
    List(Vec<Structure>),
    /// A dictionary, in the order in which it was written.
    Dict(Vec<(String, Structure)>),
}

impl Structure {
    /// A list of so many tensors.
    pub(crate) fn list(count: usize) -> Structure {
        Structure::List(vec![Structure::One; count])
    }

    /// How many tensors there are.
    pub fn count(&self) -> usize {
        match self {
            Structure::One => 1,
            Structure::List(items) => items.iter().map(Structure::count).sum(),
            Structure::Dict(items) => items.iter().map(|(_, item)| item.count()).sum(),
        }
    }

    /// The keys in flat order, when this is a dictionary of single tensors.
    pub fn keys(&self) -> Option<Vec<&str>> {
        let Structure::Dict(items) = self else { return None };
        let keys = sorted(items).map(|(key, item)| (*item == Structure::One).then_some(key.as_str()));
        keys.collect()
    }

    /// Puts one thing for each tensor, in flat order, into place.
    pub(crate) fn pack(&self, leaves: &mut impl Iterator<Item = serde_json::Value>) -> serde_json::Value {
        match self {
            Structure::One => leaves.next().unwrap_or_default(),
            Structure::List(items) => items.iter().map(|item| item.pack(leaves)).collect(),
            Structure::Dict(items) => {
                let mut packed: std::collections::HashMap<&str, serde_json::Value> =
                    sorted(items).map(|(key, item)| (key.as_str(), item.pack(leaves))).collect();
                let item = |(key, _): &(String, Structure)| {
                    (key.clone(), packed.remove(key.as_str()).unwrap_or_default())
                };
                serde_json::Value::Object(items.iter().map(item).collect())
            }
        }
    }
}

/// The items of a dictionary in flat order.
fn sorted<T>(items: &[(String, T)]) -> impl Iterator<Item = &(String, T)> {
    let mut items: Vec<&(String, T)> = items.iter().collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items.into_iter()
}

/// The inputs or outputs of a functional model: a tensor, a list of them, or a dictionary.
#[derive(Clone, Debug)]
pub struct Ends {
    pub(crate) structure: Structure,
    /// In flat order.
    pub(crate) tensors: Vec<KerasTensor>,
}

impl From<&KerasTensor> for Ends {
    fn from(tensor: &KerasTensor) -> Ends {
        Ends { structure: Structure::One, tensors: vec![tensor.clone()] }
    }
}

impl From<KerasTensor> for Ends {
    fn from(tensor: KerasTensor) -> Ends {
        Ends::from(&tensor)
    }
}

impl From<&[KerasTensor]> for Ends {
    fn from(tensors: &[KerasTensor]) -> Ends {
        Ends { structure: Structure::list(tensors.len()), tensors: tensors.to_vec() }
    }
}

impl<const N: usize> From<&[KerasTensor; N]> for Ends {
    fn from(tensors: &[KerasTensor; N]) -> Ends {
        Ends::from(tensors.as_slice())
    }
}

impl From<&Vec<KerasTensor>> for Ends {
    fn from(tensors: &Vec<KerasTensor>) -> Ends {
        Ends::from(tensors.as_slice())
    }
}

impl<const N: usize> From<[(&str, &KerasTensor); N]> for Ends {
    fn from(items: [(&str, &KerasTensor); N]) -> Ends {
        let named: Vec<(String, &KerasTensor)> =
            items.into_iter().map(|(key, tensor)| (key.to_owned(), tensor)).collect();
        let tensors = sorted(&named).map(|(_, tensor)| (*tensor).clone()).collect();
        let structure = Structure::Dict(named.into_iter().map(|(key, _)| (key, Structure::One)).collect());
        Ends { structure, tensors }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Structure;

    #[test]
    fn dictionaries_are_flat_by_their_keys_and_keep_their_order() {
        let inner = Structure::Dict(vec![("b".into(), Structure::One), ("a".into(), Structure::list(2))]);
        let structure = Structure::List(vec![Structure::One, inner]);
        assert_eq!(structure.count(), 4);
        let packed = structure.pack(&mut (0..4).map(|number| json!(number)));
        assert_eq!(packed.to_string(), r#"[0,{"b":3,"a":[1,2]}]"#);
    }
}
