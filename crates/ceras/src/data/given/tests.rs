use super::*;
use crate::prelude::*;
use crate::saving::{Contract, Feature, Task};

fn contract(task: Task, classes: &[&str]) -> Contract {
    let feature =
        |name: &str| Feature { name: name.into(), dtype: "float32".into(), minimum: 0.0, maximum: 5.0 };
    Contract {
        task,
        target: "kind".into(),
        features: vec![feature("a"), feature("b")],
        classes: classes.iter().map(|class| (*class).to_owned()).collect(),
    }
}

fn model(width: usize) -> Model {
    Sequential::new().add(Input::new([width]).name("x")).add(Dense::new(3)).build().unwrap()
}

fn two_inputs() -> Model {
    let (a, b) = (Input::new([2]).name("a").tensor(), Input::new([3]).name("b").tensor());
    let first = Dense::new(1).name("first").apply(&a).unwrap();
    let second = Dense::new(2).name("second").apply(&b).unwrap();
    Model::new(&[a, b], &[first, second]).unwrap()
}

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn columns_are_put_in_order_and_surplus_ones_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = model(2);
    model.extras_mut().contract = Some(contract(Task::Classification, &["no", "yes", "maybe"]));
    let path = write(&folder, "x.csv", "kind,b,odd,a\nno,2,x,1\nyes,9,y,-4\n");
    let given = model.read_inputs(&path).unwrap();
    assert_eq!(given.sources[0].held().unwrap().slice::<f32>(), [1.0, 2.0, -4.0, 9.0]);
    assert!(given.notes[0].contains("column `odd` left out"), "{:?}", given.notes);
    let doubts = model.outside_training(&given);
    assert!(doubts[0].starts_with("`a` is outside") && doubts[0].contains("1 of 2 rows"), "{doubts:?}");
    assert!(doubts[1].contains("row 1, counted from 0, with 9"), "{doubts:?}");
    let y = model.read_targets(&path).unwrap();
    assert_eq!(y.sources[0].held().unwrap().slice::<i32>(), [0, 1]);
    let lacking = write(&folder, "less.csv", "B,kind\n1,no\n");
    let error = model.read_inputs(&lacking).unwrap_err().to_string();
    assert!(error.contains("lacks `a`, `b`"), "{error}");
    let bad = write(&folder, "bad.csv", "a,b\n1,2\n,inf\n");
    let error = model.read_inputs(&bad).unwrap_err().to_string();
    assert!(error.contains("column `a` has no value in row 1 (line 3)"), "{error}");
}

#[test]
fn class_names_become_what_the_loss_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = model(2);
    model.extras_mut().contract = Some(contract(Task::Classification, &["no", "yes", "maybe"]));
    let path = write(&folder, "y.csv", "kind\nmaybe\nno\n");
    model.compile(Compile::new("categorical_crossentropy")).unwrap();
    let y = model.read_targets(&path).unwrap();
    assert_eq!(y.sources[0].held().unwrap().to_f32(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let path = write(&folder, "z.csv", "kind\nmaybe\nnope\n");
    let error = model.read_targets(&path).unwrap_err().to_string();
    assert!(error.contains("nope"), "{error}");
    model.extras_mut().contract = None;
    let error = model.read_targets(&path).unwrap_err().to_string();
    assert!(error.contains("holds no numbers"), "{error}");
}

#[test]
fn archives_are_matched_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = two_inputs();
    let (a, b) = (Tensor::zeros(DType::F64, &[4, 2]).unwrap(), Tensor::zeros(DType::U8, &[4, 3]).unwrap());
    let path = folder.path().join("x.npz");
    npz::write(&path, &[("b", &b), ("more", &a), ("a", &a)]).unwrap();
    let given = model.read_inputs(&path).unwrap();
    assert_eq!((given.sources[0].dims(), given.sources[1].dims()), (&[4, 2][..], &[4, 3][..]));
    assert!(given.sources.iter().all(|tensor| tensor.dtype() == DType::F32));
    assert!(given.notes[0].contains("`more` left out"), "{:?}", given.notes);
    npz::write(&path, &[("bb", &b), ("a", &a)]).unwrap();
    let error = model.read_inputs(&path).unwrap_err().to_string();
    assert!(error.contains("has no array `b`") && error.contains("is `bb` meant?"), "{error}");
    npy::write(folder.path().join("x.npy"), &a).unwrap();
    let error = model.read_inputs(folder.path().join("x.npy")).unwrap_err().to_string();
    assert!(error.contains("one array; the model has 2 inputs"), "{error}");
    let table = write(&folder, "x.csv", "p,q\n1,2\n");
    let error = model.read_inputs(table).unwrap_err().to_string();
    assert!(error.contains("a table; the model has 2 inputs"), "{error}");
    // With one input, any single array is meant.
    npz::write(&path, &[("arr_0", &a)]).unwrap();
    assert_eq!(self::model(2).read_inputs(&path).unwrap().sources.len(), 1);
}

#[test]
fn shapes_that_do_not_fit_come_with_what_to_do() {
    let hint = |wanted: &[usize], given: &[usize]| {
        let dims: Vec<Option<usize>> =
            std::iter::once(None).chain(wanted.iter().copied().map(Some)).collect();
        let ty = TensorType::new(DType::F32, Shape::from(dims));
        shape_hint("x", &Tensor::zeros(DType::F32, given).unwrap().into(), &ty).unwrap()
    };
    assert!(hint(&[4], &[4]).contains("reshape `x` from [4] to [1, 4]"));
    assert!(hint(&[28, 28, 1], &[5, 28, 28]).contains("lacks the last axis"));
    assert!(hint(&[8, 9, 3], &[5, 3, 8, 9]).contains("channels first"));
    assert!(hint(&[784], &[5, 28, 28]).contains("reshape `x` to [5, 784]"));
    assert!(hint(&[4], &[4, 10]).contains("swapped"));
    assert!(hint(&[4], &[10, 5]).contains("takes shape [?, 4]"));
}

#[test]
fn a_table_without_a_contract_must_have_the_models_width() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "x.csv", "a,b,c\n1,2,3\n");
    let error = model(2).read_inputs(&path).unwrap_err().to_string();
    assert!(error.contains("takes 2 numbers a row") && error.contains("has 3 columns"), "{error}");
    let error = model(3).read_inputs(write(&folder, "empty.csv", "a,b,c\n")).unwrap_err().to_string();
    assert!(error.contains("no rows"), "{error}");
}

#[test]
fn answers_of_several_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = two_inputs();
    let x = [Tensor::zeros(DType::F32, &[2, 2]).unwrap(), Tensor::zeros(DType::F32, &[2, 3]).unwrap()];
    let outputs = model.predict_all(&x[..], 32).unwrap();
    let error = Answers::check_name("y.npy", &model).unwrap_err().to_string();
    assert!(error.contains("2 outputs") && error.contains("y.npz"), "{error}");
    assert!(Answers::check_name("y.txt", &model).is_err());
    let answers = Answers::new(&model, outputs.clone());
    let text = answers.to_table().unwrap().to_csv();
    assert_eq!(text, "first,second_0,second_1\n0.0,0.0,0.0\n0.0,0.0,0.0\n");
    let path = folder.path().join("y.npz");
    answers.write(&path).unwrap();
    let [first, second] = &npz::read(&path).unwrap()[..] else { panic!("two arrays") };
    assert_eq!(
        (first, second),
        (&("first".to_owned(), outputs[0].clone()), &("second".to_owned(), outputs[1].clone()))
    );
}

#[test]
fn classes_are_named_in_a_table_of_answers() {
    let mut model = model(2);
    model.extras_mut().contract = Some(contract(Task::Classification, &["no", "a, b", "kind"]));
    let y = Tensor::new(&[2, 3], [0.1f32, 0.6, 0.3, 0.5, 0.0, 0.5]).unwrap();
    let text = Answers::new(&model, vec![y]).to_table().unwrap().to_csv();
    let expected = "kind,no,\"a, b\",probability of kind\n\"a, b\",0.1,0.6,0.3\nno,0.5,0.0,0.5\n";
    assert_eq!(text, expected);
}

#[test]
fn large_arrays_stay_in_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    npy::write(&path, &Tensor::new(&[3, 2], vec![1u8, 2, 3, 4, 5, 6]).unwrap()).unwrap();
    let mut model = model(2);
    let (held, streamed) =
        (model.read_inputs_within(&path, 24).unwrap(), model.read_inputs_within(&path, 23).unwrap());
    assert!(!held.sources[0].is_streamed() && streamed.sources[0].is_streamed());
    assert_eq!(streamed.sources[0].dtype(), DType::F32);
    assert!(model.outside_training(&streamed).is_empty());
    let predicted = model.predict(held.sources).unwrap();
    assert_eq!(model.predict(streamed.sources).unwrap(), predicted);
}

#[test]
fn rows_that_miss_a_value_are_left_out_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = model(2);
    model.extras_mut().contract = Some(contract(Task::Classification, &["no", "yes", "maybe"]));
    // What is no input may be missing.
    let path = write(&folder, "all.csv", "note,kind,b,a\n,no,2,1\n,yes,,4\n,,3,2\n,maybe,5,0\n");
    let (x, y) = model.read_examples(&path, &path).unwrap();
    assert_eq!(x.sources[0].held().unwrap().slice::<f32>(), [1.0, 2.0, 0.0, 5.0]);
    assert_eq!(y.sources[0].held().unwrap().slice::<i32>(), [0, 2]);
    let said = "2 of 4 rows dropped for missing values: row 1 (line 3: `b`), row 2 (line 4: `kind`)";
    assert_eq!(x.notes[0], format!("`{}`: {said}", path.display()));
    let path = write(&folder, "far.csv", "kind,b,a\n,1,1\nno,1,2\n,3,4\nno,6,1\n");
    let (x, y) = model.read_examples(&path, &path).unwrap();
    assert_eq!((&x.rows_left_out[..], &y.rows_left_out[..]), (&[0, 2][..], &[0, 2][..]));
    let doubts = model.outside_training(&x);
    assert!(doubts[0].contains("1 of 2 rows; the first is row 3, counted from 0, with 6"), "{doubts:?}");
    let path = folder.path().join("all.csv");
    let targets = write(&folder, "y.csv", "answer\nno\n\"\"\nyes\nyes\n");
    let (x, y) = model.read_examples(&path, &targets).unwrap();
    assert_eq!((x.sources[0].dims()[0], y.sources[0].dims()[0]), (3, 3));
    assert!(x.notes[0].contains("all.csv` and `") && x.notes[0].contains("1 of 4 rows"), "{:?}", x.notes);
    let empty = write(&folder, "empty.csv", "a,b,kind\n1,,no\n,2,yes\n");
    let error = model.read_examples(&empty, &empty).unwrap_err().to_string();
    assert!(error.contains("every row misses a value\n  2 of 2 rows dropped"), "{error}");
    // Files that do not belong together stay as they are, and what is wrong with them is said.
    let error = model.read_examples(&path, &empty).unwrap_err().to_string();
    assert!(error.contains("column `b` has no value in row 1 (line 3)"), "{error}");
}
