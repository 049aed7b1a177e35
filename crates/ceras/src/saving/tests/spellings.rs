//! The words of other versions: each is read as today's.

use super::damage::{load_bytes, with_config};
use super::*;

/// Changes every envelope of a layer, those in nested models included.
fn each_layer(config: &mut Value, edit: &dyn Fn(&mut Value)) {
    let Some(layers) = config.pointer_mut("/config/layers").and_then(Value::as_array_mut) else { return };
    for layer in layers {
        each_layer(layer, edit);
        edit(layer);
    }
}

/// Changes every config of a layer of a class (`*` is any).
fn in_configs(config: &mut Value, class: &str, edit: &dyn Fn(&mut Value)) {
    each_layer(config, &|layer| {
        if (class == "*" || layer["class_name"] == json!(class)) && layer["config"].get("layers").is_none() {
            edit(&mut layer["config"]);
        }
    });
}

/// Adds a key to every config of a class.
fn with_key(class: &'static str, key: &'static str, value: Value) -> Edit {
    Box::new(move |config| in_configs(config, class, &|inner| inner[key] = value.clone()))
}

type Edit = Box<dyn Fn(&mut Value)>;

fn remove(value: &mut Value, key: &str) {
    if let Some(map) = value.as_object_mut() {
        map.shift_remove(key);
    }
}

/// Puts another spelling of each initializer.
fn initializers(config: &mut Value, spelling: &dyn Fn(&str, &Value) -> Value) {
    in_configs(config, "*", &|inner| {
        for (key, value) in inner.as_object_mut().unwrap() {
            if key.ends_with("_initializer") && value.is_object() {
                let class = value["class_name"].as_str().unwrap().to_owned();
                *value = spelling(&class, &value["config"]);
            }
        }
    });
}

/// What Keras 2.0 to 3.15 wrote in envelopes and configs for one and the same layers.
fn spellings() -> Vec<(&'static str, Edit)> {
    let initializer = |spelling: fn(&str, &Value) -> Value| -> Edit {
        Box::new(move |config| initializers(config, &spelling))
    };
    vec![
        (
            "no build_config",
            Box::new(|config| {
                remove(config, "build_config");
                each_layer(config, &|layer| remove(layer, "build_config"));
            }),
        ),
        (
            "no registered_name and no module",
            Box::new(|config| {
                each_layer(config, &|layer| {
                    remove(layer, "registered_name");
                    remove(layer, "module");
                });
            }),
        ),
        (
            "registered_name is the class",
            Box::new(|config| {
                each_layer(config, &|layer| layer["registered_name"] = layer["class_name"].clone());
            }),
        ),
        (
            "registered_name with Keras' package",
            Box::new(|config| {
                each_layer(config, &|layer| {
                    layer["registered_name"] =
                        json!(format!("keras>{}", layer["class_name"].as_str().unwrap()));
                });
            }),
        ),
        (
            "keras.engine",
            Box::new(|config| {
                each_layer(config, &|layer| layer["module"] = json!("keras.engine.sequential"));
            }),
        ),
        (
            "tensorflow.python.keras",
            Box::new(|config| {
                each_layer(config, &|layer| layer["module"] = json!("tensorflow.python.keras.layers.core"));
            }),
        ),
        (
            "keras.src",
            Box::new(|config| {
                each_layer(config, &|layer| layer["module"] = json!("keras.src.layers.core.dense"));
            }),
        ),
        (
            "shared_object_id",
            Box::new(|config| {
                each_layer(config, &|layer| layer["shared_object_id"] = json!(7));
            }),
        ),
        ("dtype as a word", with_key("*", "dtype", json!("float32"))),
        (
            "dtype as Keras 2's policy",
            with_key("Dense", "dtype", json!({"class_name": "Policy", "config": {"name": "float32"}})),
        ),
        (
            "dtype as an old module's policy",
            with_key(
                "Dense",
                "dtype",
                json!({"module": "keras.src.dtype_policies", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": "DTypePolicy", "shared_object_id": 3}),
            ),
        ),
        (
            "dtype as FloatDTypePolicy",
            with_key(
                "Dense",
                "dtype",
                json!({"module": "keras.dtype_policies", "class_name": "FloatDTypePolicy", "config": {"name": "float32"}, "registered_name": null}),
            ),
        ),
        ("no dtype", Box::new(|config| in_configs(config, "Dense", &|inner| remove(inner, "dtype")))),
        ("no trainable", Box::new(|config| in_configs(config, "Dense", &|inner| remove(inner, "trainable")))),
        (
            "batch_input_shape",
            Box::new(|config| {
                in_configs(config, "InputLayer", &|inner| {
                    inner["batch_input_shape"] = inner["batch_shape"].clone();
                    remove(inner, "batch_shape");
                });
            }),
        ),
        (
            "an input layer of Keras 2",
            Box::new(|config| {
                in_configs(config, "InputLayer", &|inner| {
                    remove(inner, "optional");
                    inner["ragged"] = json!(false);
                });
            }),
        ),
        (
            "an input layer of Keras 2.0",
            Box::new(|config| {
                in_configs(config, "InputLayer", &|inner| {
                    remove(inner, "optional");
                    remove(inner, "ragged");
                    inner["sparse"] = json!(false);
                });
            }),
        ),
        (
            "batch_shape as a tuple",
            Box::new(|config| {
                in_configs(config, "InputLayer", &|inner| {
                    inner["batch_shape"] = json!({"class_name": "__tuple__", "items": inner["batch_shape"]});
                });
            }),
        ),
        ("batch_input_shape in a layer", with_key("Dense", "batch_input_shape", json!([null, 4]))),
        (
            "no quantization_config",
            Box::new(|config| in_configs(config, "Dense", &|inner| remove(inner, "quantization_config"))),
        ),
        ("lora_rank", with_key("Dense", "lora_rank", Value::Null)),
        ("autocast", with_key("*", "autocast", Value::Bool(true))),
        ("dynamic", with_key("*", "dynamic", Value::Bool(false))),
        ("activity_regularizer", with_key("Dense", "activity_regularizer", Value::Null)),
        (
            "activation as a function",
            Box::new(|config| {
                in_configs(config, "Dense", &|inner| {
                    if let Some(name) = inner["activation"].as_str().map(str::to_owned) {
                        inner["activation"] = json!({"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"});
                    }
                })
            }),
        ),
        (
            "activation as a function of Keras",
            Box::new(|config| {
                in_configs(config, "Dense", &|inner| {
                    if let Some(name) = inner["activation"].as_str().map(str::to_owned) {
                        inner["activation"] = json!({"module": "keras.activations", "class_name": "function", "config": name, "registered_name": name});
                    }
                })
            }),
        ),
        (
            "initializers with module of Keras 2",
            initializer(|class, config| {
                let mut config = config.clone();
                remove(&mut config, "input_axes");
                remove(&mut config, "output_axes");
                json!({"module": "keras.initializers", "class_name": class, "config": config, "registered_name": null})
            }),
        ),
        (
            "initializers without module and with dtype",
            initializer(|class, config| {
                let mut config = config.clone();
                remove(&mut config, "input_axes");
                remove(&mut config, "output_axes");
                config["dtype"] = json!("float32");
                json!({"class_name": class, "config": config})
            }),
        ),
        (
            "initializers of old modules",
            initializer(
                |class, config| json!({"module": "keras.src.initializers.random_initializers", "class_name": class, "config": config, "registered_name": class}),
            ),
        ),
        (
            "initializers by their short names",
            initializer(|class, _| json!(crate::models::snake_case(class))),
        ),
        ("initializers by their class names", initializer(|class, _| json!(class))),
        (
            "initializers as VarianceScaling of Keras 2.0",
            initializer(|class, config| match class {
                "GlorotUniform" => json!({"class_name": "VarianceScaling",
                "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": null}}),
                class => json!({"class_name": class, "config": config}),
            }),
        ),
        (
            "initializers as VarianceScaling, normal",
            initializer(|class, config| match class {
                "GlorotUniform" => json!({"class_name": "VarianceScaling",
                "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "normal", "seed": null}}),
                class => json!({"class_name": class, "config": config}),
            }),
        ),
        (
            "BatchNormalization's axis as a list",
            Box::new(|config| {
                in_configs(config, "BatchNormalization", &|inner| {
                    inner["axis"] = json!([1]);
                })
            }),
        ),
        (
            "BatchNormalization of Keras 2",
            Box::new(|config| {
                in_configs(config, "BatchNormalization", &|inner| {
                    for key in ["renorm", "synchronized"] {
                        remove(inner, key);
                    }
                    inner["fused"] = json!(true);
                    inner["virtual_batch_size"] = Value::Null;
                    inner["renorm"] = json!(false);
                })
            }),
        ),
        (
            "BatchNormalization of TensorFlow 1",
            Box::new(|config| {
                each_layer(config, &|layer| {
                    if layer["class_name"] == json!("BatchNormalization") {
                        layer["class_name"] = json!("BatchNormalizationV1");
                        layer["config"]["renorm_clipping"] = Value::Null;
                        layer["config"]["renorm_momentum"] = json!(0.99);
                    }
                })
            }),
        ),
        (
            "Dropout of Keras 1",
            Box::new(|config| {
                in_configs(config, "Dropout", &|inner| {
                    inner["p"] = inner["rate"].clone();
                    remove(inner, "rate");
                    remove(inner, "seed");
                    remove(inner, "noise_shape");
                })
            }),
        ),
        (
            "unknown keys of the envelope",
            Box::new(|config| {
                config["something"] = json!(1);
                each_layer(config, &|layer| layer["something"] = json!({"a": 1}));
            }),
        ),
    ]
}

#[test]
fn every_spelling_is_the_same_model() {
    let mut failed = Vec::new();
    for case in models().cases() {
        let expected = load_model(path_of(&case)).unwrap().predict(tensor(case.array("x"))).unwrap();
        for (name, edit) in spellings() {
            // There it is not another spelling but another model.
            if (case.name, name) == ("sequential_frozen", "no trainable") {
                continue;
            }
            let loaded = load_bytes(&with_config(case.name, edit));
            let predicted = loaded.and_then(|mut loaded| {
                failed.extend(
                    loaded.warnings.iter().map(|warning| format!("{}: {name}: {warning}", case.name)),
                );
                loaded.model.predict(tensor(case.array("x")))
            });
            match predicted {
                Ok(predicted) if predicted == expected => {}
                Ok(_) => failed.push(format!("{}: {name}: other numbers", case.name)),
                Err(error) => failed.push(format!("{}: {name}: {error}", case.name)),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Sequential configs as bare lists, as Keras 1 and early Keras 2 wrote them.
#[test]
fn a_list_of_layers_is_a_sequential_model() {
    for case in models().cases().filter(|case| case.name.starts_with("sequential")) {
        let expected = load_model(path_of(&case)).unwrap().predict(tensor(case.array("x"))).unwrap();
        let bytes = with_config(case.name, |config| config["config"] = config["config"]["layers"].clone());
        let mut loaded = load_bytes(&bytes).unwrap();
        assert_eq!(loaded.model.predict(tensor(case.array("x"))).unwrap(), expected, "{}", case.name);
    }
}

/// A functional model under its other class names.
#[test]
fn functional_models_have_several_names() {
    for case in models().cases().filter(|case| case.name.starts_with("functional")) {
        let expected = load_model(path_of(&case)).unwrap().predict(tensor(case.array("x"))).unwrap();
        for (module, class, registered) in [
            ("keras", "Model", Value::Null),
            ("keras.engine.functional", "Functional", json!("Functional")),
            ("keras.src.engine.functional", "Functional", json!("keras>Functional")),
            ("tensorflow.python.keras.engine.training", "Model", Value::Null),
            ("keras.models", "Functional", json!("Functional")),
        ] {
            let bytes = with_config(case.name, |config| {
                config["module"] = json!(module);
                config["class_name"] = json!(class);
                config["registered_name"] = registered.clone();
            });
            let mut loaded = load_bytes(&bytes).unwrap_or_else(|error| panic!("{module} {class}: {error}"));
            assert_eq!(loaded.model.predict(tensor(case.array("x"))).unwrap(), expected, "{}", case.name);
        }
    }
}

/// What `compile` was called with, in old words.
#[test]
fn compile_states_of_other_versions() {
    type Change = (&'static str, &'static str, Value);
    let changes: Vec<Change> = vec![
        (
            "lr",
            "/compile_config/optimizer",
            json!({"class_name": "Adam", "config": {"name": "Adam", "lr": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "decay": 0.0, "amsgrad": false}}),
        ),
        (
            "Keras 2.15's Adam",
            "/compile_config/optimizer",
            json!({"module": "keras.optimizers", "class_name": "Adam", "registered_name": null, "config": {"name": "Adam", "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "jit_compile": false, "is_legacy_optimizer": false, "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": false}}),
        ),
        (
            "Custom>Adam",
            "/compile_config/optimizer",
            json!({"class_name": "Custom>Adam", "config": {"name": "Adam", "learning_rate": 0.001}}),
        ),
        (
            "a legacy optimizer",
            "/compile_config/optimizer",
            json!({"module": "keras.optimizers.legacy", "class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.001, "decay": 0.01}, "registered_name": null}),
        ),
        ("an optimizer by its name", "/compile_config/optimizer", json!("adam")),
        ("a loss by its class", "/compile_config/loss", json!("MeanSquaredError")),
        ("a loss by its alias", "/compile_config/loss", json!("MSE")),
        (
            "a loss as a function",
            "/compile_config/loss",
            json!({"module": "builtins", "class_name": "function", "config": "mean_squared_error", "registered_name": "function"}),
        ),
        (
            "a loss of Keras 2",
            "/compile_config/loss",
            json!({"module": "keras.losses", "class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mean_squared_error"}, "registered_name": null}),
        ),
        (
            "a wrapped loss",
            "/compile_config/loss",
            json!({"class_name": "LossFunctionWrapper", "config": {"reduction": "auto", "name": "mse", "fn": "mean_squared_error"}}),
        ),
        (
            "a loss of Keras 2 with fn",
            "/compile_config/loss",
            json!({"module": "keras.losses", "class_name": "MeanSquaredError", "config": {"reduction": "sum_over_batch_size", "name": "mse", "fn": "mean_squared_error"}, "registered_name": null}),
        ),
        (
            "metrics by aliases",
            "/compile_config/metrics",
            json!(["acc", "mae", "MAE", "mean_absolute_error"]),
        ),
        ("metrics in a list of lists", "/compile_config/metrics", json!([["mae"]])),
        (
            "wrapped metrics",
            "/compile_config/metrics",
            json!([[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"}}]]),
        ),
        (
            "metrics of Keras 2",
            "/compile_config/metrics",
            json!([[{"module": "keras.metrics", "class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "dtype": "float32", "fn": {"module": "builtins", "class_name": "function", "config": "mean_absolute_error", "registered_name": "function"}}, "registered_name": "MeanMetricWrapper"}]]),
        ),
        (
            "metrics as objects",
            "/compile_config/metrics",
            json!([{"module": "keras.metrics", "class_name": "MeanAbsoluteError", "config": {"name": "mae", "dtype": "float32"}, "registered_name": null}]),
        ),
        (
            "metrics of Keras 3",
            "/compile_config/metrics",
            json!([{"module": "keras.metrics", "class_name": "MeanAbsoluteError", "config": {"name": "mae", "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null}}, "registered_name": null}]),
        ),
        ("no metrics", "/compile_config/metrics", Value::Null),
        ("weighted metrics", "/compile_config/weighted_metrics", json!([])),
        ("sample_weight_mode", "/compile_config/sample_weight_mode", Value::Null),
    ];
    let mut failed = Vec::new();
    for (name, pointer, words) in changes {
        let bytes = with_config("sequential_dense", |config| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            config.pointer_mut(parent).unwrap()[key] = words.clone();
            if !pointer.ends_with("loss") {
                config["compile_config"]["loss"] = json!("mse");
            }
        });
        let mut loaded = load_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (x, _) = data();
        let y = Tensor::zeros(ceras_graph::DType::F32, &[40, 3]).unwrap();
        if let Err(error) = loaded.model.fit(&x, &y, epochs(0, 1)) {
            failed.push(format!("{name}: {error}"));
        }
        let unusable = loaded.warnings.iter().filter(|warning| warning.contains("cannot be used"));
        failed.extend(unusable.map(|warning| format!("{name}: {warning}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Windows' backslashes and Keras 2.12's name of the layers, in the paths of weights.
#[test]
fn old_paths_of_weights_are_found() {
    let windows = |path: &str| match path.strip_suffix("/vars") {
        Some(start) => format!("{}/vars", start.replace('/', "\\")),
        None => path.replace('/', "\\"),
    };
    let older = |path: &str| path.replace("layers/", "_layer_checkpoint_dependencies/");
    let both = |path: &str| windows(&older(path));
    let model = noisy();
    for rename in [&windows as &dyn Fn(&str) -> String, &older, &both] {
        let file = Hdf5::open(model.weight_tree().unwrap().renamed(rename).to_bytes().unwrap()).unwrap();
        let described: Vec<_> = model.variables().iter().map(crate::saving::state::weight).collect();
        let values: Result<Vec<Tensor>> =
            crate::saving::weights::read(&file, model.architecture().unwrap(), &described)
                .into_iter()
                .collect();
        assert_eq!(values.unwrap(), model.get_weights());
        assert!(crate::saving::weights::read_optimizer(&file).unwrap().is_some());
    }
}
