//! What older files ask for and is given in another way.

use serde_json::{Value, json};

/// The name here of the function that Keras 1 and 2 call `hard_sigmoid`.
const OLD_HARD_SIGMOID: &str = "hard_sigmoid_keras_2";

/// Keras 3 has no such function. Its own stands in for it in what Keras is to read; whether that was so.
pub(crate) fn give_up_hard_sigmoid(config: &mut Value) -> bool {
    let mut met = false;
    each_entry(config, &mut |_, value| {
        if value.as_str() == Some(OLD_HARD_SIGMOID) {
            *value = json!("hard_sigmoid");
            met = true;
        }
    });
    met
}

/// Keras 3 changed the function that `hard_sigmoid` names. Files of Keras 1 and 2 keep theirs, and so do files of this library
/// that say so.
pub(crate) fn keep_hard_sigmoid(config: &mut Value, keras_version: Option<&str>, said: bool) {
    if said || keras_version.is_none_or(|version| version.starts_with(['1', '2'])) {
        let new = json!(OLD_HARD_SIGMOID);
        each_entry(config, &mut |key, value| {
            let named = |value: &Value| value.as_str() == Some("hard_sigmoid");
            if key.ends_with("activation") && (named(value) || value.get("config").is_some_and(named)) {
                *value = new.clone();
            }
        });
    }
}

/// Puts what is honoured in the place of what is not, where the numbers of `predict` are the same or more exact; gives what to
/// say of it.
pub(crate) fn concede(config: &mut Value) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut mixed = false;
    let mut say = |text: String| {
        if !said.contains(&text) {
            said.push(text);
        }
    };
    each_entry(config, &mut |key, value| match key {
        // The weights of a mixed policy are `float32`, and `float32` holds what half precision does.
        "dtype" => {
            let name = value.as_str().or_else(|| value.pointer("/config/name")?.as_str()).unwrap_or_default();
            if matches!(name, "mixed_float16" | "mixed_bfloat16") {
                say(format!(
                    "the layers of the policy `{name}` are computed in float32, as their weights are"
                ));
                *value = json!("float32");
                mixed = true;
            } else if matches!(name, "float16" | "bfloat16") {
                // Tensors between layers of a mixed policy are of this type too.
                if !mixed {
                    say(format!("the layers of the policy `{name}` are computed and kept in float32"));
                }
                *value = json!("float32");
            }
        }
        "stateful" if value == &json!(true) => {
            say("stateful layers start each batch with a state of zeros here".to_owned());
            *value = json!(false);
        }
        _ => {}
    });
    said
}

/// Visits every entry of every object, the outer ones first.
fn each_entry(value: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                visit(key, value);
                each_entry(value, visit);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_entry(item, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_conceded_is_said_once() {
        let mixed = json!({"class_name": "Policy", "config": {"name": "mixed_float16"}});
        let mut config = json!({"layers": [{"dtype": mixed, "stateful": true}, {"dtype": "mixed_float16"}, {"dtype": "float32"}]});
        let said = concede(&mut config);
        let layers =
            json!([{"dtype": "float32", "stateful": false}, {"dtype": "float32"}, {"dtype": "float32"}]);
        assert_eq!(config["layers"], layers);
        assert_eq!(said.len(), 2, "{said:?}");
        let mut half =
            json!({"layers": [{"dtype": {"class_name": "DTypePolicy", "config": {"name": "bfloat16"}}}]});
        assert_eq!(concede(&mut half).len(), 1);
        assert_eq!(half["layers"][0]["dtype"], "float32");
    }

    #[test]
    fn hard_sigmoid_is_that_of_the_files_keras() {
        for (version, kept) in [(Some("2.2.4"), true), (None, true), (Some("3.15.1"), false)] {
            let mut config = json!({"a": {"recurrent_activation": "hard_sigmoid"}, "name": "hard_sigmoid"});
            keep_hard_sigmoid(&mut config, version, false);
            let word = if kept { "hard_sigmoid_keras_2" } else { "hard_sigmoid" };
            assert_eq!(config, json!({"a": {"recurrent_activation": word}, "name": "hard_sigmoid"}));
            assert_eq!(give_up_hard_sigmoid(&mut config), kept);
            assert_eq!(config["a"]["recurrent_activation"], "hard_sigmoid");
        }
    }
}
