//! Against Keras' numbers: ten steps of each optimizer.

use ceras_graph::{DType, Function, Tensor, TensorType, eval};
use ceras_testkit::oracle::{Case, Group};

use super::schedules::ScheduleRef;
use super::{Adam, Inputs, OPTIMIZERS, OptimizerRef, Sgd, Slot, apply, check};
use crate::activations::oracle::{Report, of, same};

/// What the graph of a step takes after the variables, gradients and slots.
fn step_function(optimizer: &OptimizerRef, types: &[TensorType], slots: &[Slot]) -> Function {
    let count = types.len();
    let mut inputs: Vec<(&str, TensorType)> = types.iter().chain(types).map(|ty| ("", ty.clone())).collect();
    inputs.extend(slots.iter().map(|slot| ("", slot.ty.clone())));
    inputs.push(("learning_rate", TensorType::scalar(DType::F32)));
    inputs.push(("iterations", TensorType::scalar(DType::I64)));
    let traced = Function::trace(&inputs, |g, x| {
        let end = 2 * count + slots.len();
        let inputs = Inputs {
            values: x[..count].to_vec(),
            gradients: x[count..2 * count].to_vec(),
            slots: x[2 * count..end].to_vec(),
            learning_rate: x[end],
            iterations: x[end + 1],
        };
        let applied = apply(g, &**optimizer, inputs)?;
        Ok(applied.values.into_iter().chain(applied.slots).collect())
    });
    traced.unwrap()
}

fn ten_steps(case: &Case<'_>, optimizer: &OptimizerRef, report: &mut Report) {
    let mut values = vec![of(case, "var0"), of(case, "var1")];
    let types: Vec<TensorType> = values.iter().map(Tensor::ty).collect();
    let slots = optimizer.slots(&types);
    let fill = |slot: &Slot| {
        let dims = slot.ty.shape.to_known().unwrap();
        Tensor::new(&dims, vec![slot.initial; dims.iter().product()]).unwrap().cast(slot.ty.dtype)
    };
    let mut state: Vec<Tensor> = slots.iter().map(fill).collect();
    let function = step_function(optimizer, &types, &slots);
    for step in 0..10 {
        let mut inputs = values.clone();
        inputs.extend((0..2).map(|variable| of(case, &format!("grad{step}_{variable}"))));
        inputs.extend(state);
        inputs.push(Tensor::scalar(optimizer.common().learning_rate.at(step)));
        inputs.push(Tensor::scalar(step as i64));
        let mut outputs = eval::interpret(function.graph(), &inputs).unwrap();
        state = outputs.split_off(2);
        values = outputs;
        for (variable, value) in values.iter().enumerate() {
            let keras = of(case, &format!("after{step}_{variable}"));
            report.compare(case.name, &format!("step {step}, variable {variable}"), value, &keras);
        }
    }
    let before = if optimizer.common().is_scheduled() { 1 } else { 2 };
    let variables = case.meta["variables"].as_array().unwrap();
    assert_eq!(variables.len(), before + slots.len(), "{}", case.name);
    for (index, (slot, value)) in slots.iter().zip(&state).enumerate() {
        report.compare(case.name, &slot.name, value, &of(case, &format!("slot{}", before + index)));
        let path = variables[before + index]["path"].as_str().unwrap();
        let named = slot.name.len() < 2
            || slot.name == "u_product"
            || path.ends_with(&slot.name)
            || !path.contains('/');
        assert!(named, "{}: {path} is not {}", case.name, slot.name);
    }
}

#[test]
fn ten_steps_are_keras() {
    let group = Group::load("optimizers");
    let mut report = Report::default();
    let mut left = Vec::new();
    for case in group.cases() {
        let class_name = case.meta["class_name"].as_str().unwrap();
        let excluded = !case.meta["excluded"].as_array().unwrap().is_empty();
        if !OPTIMIZERS.knows(class_name) || excluded {
            left.push(case.name);
            continue;
        }
        let optimizer = OptimizerRef::from_json(&case.meta["config"]).unwrap();
        assert!(
            same(&optimizer.config().into(), &case.meta["config"]["config"]),
            "{}: {:?}",
            case.name,
            optimizer.config()
        );
        match check(&*optimizer) {
            Ok(()) => ten_steps(&case, &optimizer, &mut report),
            Err(error) => {
                assert!(error.to_string().contains("not supported yet"), "{error}");
                left.push(case.name);
            }
        }
    }
    report.finish();
    let expected = [
        "sgd_weight_decay_excluded",
        "sgd_gradient_accumulation",
        "sgd_loss_scale_factor",
        "sgd_everything",
        "adam_use_ema",
        "adam_ema_overwrite",
        "adam_gradient_accumulation",
        "adamw_excluded",
        "loss_scale_optimizer",
        "loss_scale_optimizer_other",
        "schedule_free_adamw",
        "schedule_free_adamw_other",
    ];
    assert_eq!(left, expected);
}

#[test]
fn schedules_are_keras() {
    let group = Group::load("schedules");
    let mut report = Report::default();
    for case in group.cases() {
        let schedule = ScheduleRef::from_json(&case.meta["config"]).unwrap();
        schedule.check().unwrap();
        assert!(same(&schedule.to_json(), &case.meta["config"]), "{}: {:?}", case.name, schedule.config());
        let steps = of(&case, "steps").to_f64();
        let rates: Vec<f32> = steps.iter().map(|step| schedule.at(*step as u64)).collect();
        report.compare(case.name, "values", &Tensor::from_slice(&rates), &of(&case, "values"));
    }
    report.finish();
}

#[test]
fn every_name_is_found_and_read_back() {
    for name in OPTIMIZERS.names() {
        let optimizer = OptimizerRef::by_name(name).unwrap();
        check(&*optimizer).unwrap();
        let again = OptimizerRef::from_json(&optimizer.to_json()).unwrap();
        assert_eq!(again.to_json(), optimizer.to_json(), "{name}");
    }
    let error = OptimizerRef::by_name("adma").unwrap_err();
    assert!(error.to_string().contains("did you mean `adam`?"), "{error}");
}

#[test]
fn options_that_cannot_be_are_refused() {
    let refuse = |optimizer: OptimizerRef| check(&*optimizer).unwrap_err().to_string();
    assert!(refuse(Adam::new().clipnorm(1.0).clipvalue(1.0).into()).contains("only one of"));
    assert!(refuse(Adam::new().beta_1(1.5).into()).contains("`beta_1` must be between 0 and 1; it is 1.5"));
    assert!(refuse(Sgd::new().learning_rate(-0.1).into()).contains("learning rate"));
    let unknown = serde_json::json!({"class_name": "Adam", "config": {"beta_3": 0.5}});
    assert!(OptimizerRef::from_json(&unknown).unwrap_err().to_string().contains("beta_3"));
}
