//! Files of Kerases older than the museum's, and of kinds that people publish, in two archives: `FILE` with `FILE.npz` of
//! inputs `x0`, … and outputs `y0`, ….

use ceras_testkit::oracle::read_npz;

use super::*;

/// Says what is wrong with a model, of which inputs and outputs are known.
type Check<'a> = dyn Fn(Loaded, &[Tensor], &[Vec<f64>]) -> std::result::Result<(), String> + 'a;

/// Opens each file of the archives and checks the model.
fn each(check: &Check<'_>) {
    ["museum_old.zip", "museum_files.zip"].iter().for_each(|archive| each_of(archive, check));
}

fn each_of(archive: &str, check: &Check<'_>) {
    let folder = temporary();
    let mut archive = Archive::open(std::fs::read(fixtures().join(archive)).unwrap()).unwrap();
    let mut failed = Vec::new();
    for name in archive.names().into_iter().filter(|name| !name.ends_with(".npz")) {
        let npz = format!("{name}.npz");
        for name in [&name, &npz] {
            std::fs::write(folder.path().join(name), archive.member(name).unwrap().unwrap()).unwrap();
        }
        let arrays = read_npz(&folder.path().join(npz));
        let list =
            |letter: char| (0..).map_while(|n| arrays.get(&format!("{letter}{n}"))).collect::<Vec<_>>();
        let x: Vec<Tensor> =
            list('x').iter().map(|array| Tensor::new(&array.dims, array.f32s()).unwrap()).collect();
        let y: Vec<Vec<f64>> = list('y').iter().map(|array| array.f64s()).collect();
        let custom = CustomObjects::new().replace_lambdas();
        let checked = load(folder.path().join(&name), &custom).map_err(|error| error.to_string());
        if let Err(why) = checked.and_then(|loaded| check(loaded, &x, &y)) {
            failed.push(format!("{name}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn differs(model: &mut Model, x: &[Tensor], y: &[Vec<f64>]) -> std::result::Result<(), String> {
    let outputs = model.predict_all(x.to_vec(), 32).map_err(|error| error.to_string())?;
    if outputs.len() != y.len() {
        return Err(format!("there are {} outputs", outputs.len()));
    }
    for (output, expected) in outputs.iter().zip(y) {
        let output = output.to_f64();
        let largest = expected.iter().fold(1e-3f64, |largest, value| largest.max(value.abs()));
        let worst = output.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if output.len() != expected.len() || worst > 2.0 * TOLERANCE * largest {
            return Err(format!(
                "predictions differ by {:.1} times the tolerance",
                worst / (TOLERANCE * largest)
            ));
        }
    }
    Ok(())
}

#[test]
fn files_of_old_kerases_predict_the_same() {
    each(&|mut loaded, x, y| differs(&mut loaded.model, x, y));
}

/// What stands for TensorFlow's functions, old activations and lambdas is kept by this library's own files.
#[test]
fn old_models_are_the_same_in_new_files() {
    let folder = temporary();
    each(&|loaded, x, y| {
        for (name, kind) in [("a.keras", FileKind::Keras), ("a.h5", FileKind::Hdf5)] {
            let path = folder.path().join(name);
            let again = loaded.model.save_as(&path, kind).and_then(|()| load_model(&path));
            let mut again = again.map_err(|error| format!("as {name}: {error}"))?;
            differs(&mut again, x, y).map_err(|why| format!("as {name}: {why}"))?;
        }
        Ok(())
    });
}

#[test]
fn the_old_hard_sigmoid_survives_every_kind_of_file() {
    let folder = temporary();
    let mut model = load_model(fixtures().join("museum/2.15.0/pictures_in_time.h5")).unwrap();
    assert_eq!(model.differs_in_keras().len(), 1);
    let x = Tensor::new(&[1, 4], [0.5f32, -1.0, 2.0, 0.25]).unwrap();
    let y = model.predict(&x).unwrap();
    for name in ["a.keras", "b.h5", "c.safetensors"] {
        let path = folder.path().join(name);
        model.save_as(&path, FileKind::of_name(&path).unwrap()).unwrap();
        let mut again = load_model(&path).unwrap();
        assert_eq!(again.predict(&x).unwrap(), y, "{name}");
        assert_eq!(again.differs_in_keras().len(), 1, "{name}");
    }
    // Keras knows no such word.
    assert!(!model.to_json().unwrap().contains("hard_sigmoid_keras_2"));
    let mut archive = Archive::open(std::fs::read(folder.path().join("a.keras")).unwrap()).unwrap();
    let config = String::from_utf8(archive.member("config.json").unwrap().unwrap()).unwrap();
    assert!(config.contains("\"hard_sigmoid\"") && !config.contains("hard_sigmoid_keras_2"));
}

#[test]
fn a_model_without_its_optimizers_state_is_whole() {
    let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build().unwrap();
    model.compile(Compile::new("mse")).unwrap();
    let mut tree = crate::saving::legacy::tree(&model).unwrap();
    let names = crate::saving::hdf5::Attribute::Texts(vec!["iteration".into(), "ftrl/slot".into()]);
    let group = tree.group("optimizer_weights");
    *group = Default::default();
    group.attribute("weight_names", names);
    let mut loaded = load_bytes(tree.to_bytes().unwrap(), &CustomObjects::new()).unwrap();
    assert!(
        loaded.warnings.iter().any(|text| text.contains("training starts afresh")),
        "{:?}",
        loaded.warnings
    );
    let x = Tensor::new(&[1, 2], [1.0f32, 2.0]).unwrap();
    assert_eq!(loaded.model.predict(&x).unwrap(), model.predict(&x).unwrap());
    loaded
        .model
        .train_on_batch(&x, Tensor::new(&[1, 1], [0.5f32]).unwrap(), crate::training::OnBatch::new())
        .unwrap();
}
