//! Against Keras' numbers: ten steps of each optimizer.

use ceras_graph::{DType, Function, Tensor, TensorType, eval};
use ceras_testkit::oracle::{Case, Group};

use super::average::AVERAGE;
use super::schedules::ScheduleRef;
use super::{Adam, AdamW, Inputs, LossScaleOptimizer, OPTIMIZERS, OptimizerRef, Sgd, Slot, Variable, check};
use crate::activations::oracle::{Report, of, same};

/// What the graph of a step takes: the variables, gradients, slots, the learning rate and the number of steps done.
fn step_function(optimizer: &OptimizerRef, variables: &[Variable], slots: &[Slot]) -> Function {
    let count = variables.len();
    let types = variables.iter().map(|variable| ("", variable.ty.clone()));
    let mut inputs: Vec<(&str, TensorType)> = types.clone().chain(types).collect();
    inputs.extend(slots.iter().map(|slot| ("", slot.ty.clone())));
    inputs.push(("learning_rate", TensorType::scalar(DType::F32)));
    inputs.push(("iterations", TensorType::scalar(DType::I64)));
    let traced = Function::trace(&inputs, |g, x| {
        let end = 2 * count + slots.len();
        let inputs = Inputs {
            variables: variables.to_vec(),
            values: x[..count].to_vec(),
            gradients: x[count..2 * count].to_vec(),
            slots: x[2 * count..end].to_vec(),
            learning_rate: x[end],
            iterations: x[end + 1],
        };
        let applied = optimizer.apply(g, inputs)?;
        Ok(applied.values.into_iter().chain(applied.slots).chain([applied.iterations]).collect())
    });
    traced.unwrap()
}

fn ten_steps(case: &Case<'_>, optimizer: &OptimizerRef, report: &mut Report) {
    let mut values = vec![of(case, "var0"), of(case, "var1")];
    let paths = ["dense/kernel", "dense/bias"].into_iter().zip(&values);
    let variables: Vec<Variable> = paths.map(|(path, value)| Variable::new(path, value.ty())).collect();
    let slots = optimizer.layout(&variables);
    let start = |slot: &Slot| slot.start(&values[slot.variable.unwrap_or(0)]).unwrap();
    let mut state: Vec<Tensor> = slots.iter().map(start).collect();
    let function = step_function(optimizer, &variables, &slots);
    let mut iterations = Tensor::scalar(0i64);
    for step in 0..10 {
        let mut inputs = values.clone();
        inputs.extend((0..2).map(|variable| of(case, &format!("grad{step}_{variable}"))));
        inputs.extend(state);
        let done = iterations.slice::<i64>()[0] as u64;
        inputs.push(Tensor::scalar(optimizer.common().learning_rate.at(done)));
        inputs.push(iterations);
        let mut outputs = eval::interpret(function.graph(), &inputs).unwrap();
        iterations = outputs.pop().unwrap();
        state = outputs.split_off(2);
        values = outputs;
        for (variable, value) in values.iter().enumerate() {
            let keras = of(case, &format!("after{step}_{variable}"));
            report.compare(case.name, &format!("step {step}, variable {variable}"), value, &keras);
        }
    }
    slots_are_keras(case, optimizer, &slots, &state, report);
    let averages = slots.iter().zip(&state).filter(|(slot, _)| slot.name == AVERAGE);
    for (slot, average) in averages {
        let name = format!("finalized{}", slot.variable.unwrap());
        // Keras does not say that the optimizer inside of another averages.
        if optimizer.leading_slots() == 0 {
            report.compare(case.name, &name, average, &of(case, &name));
        }
    }
}

/// The slots at the end, in the order of the file.
fn slots_are_keras(
    case: &Case<'_>,
    optimizer: &OptimizerRef,
    slots: &[Slot],
    state: &[Tensor],
    report: &mut Report,
) {
    let leading = optimizer.leading_slots();
    let own = if optimizer.common().is_scheduled() { 1 } else { 2 };
    let variables = case.meta["variables"].as_array().unwrap();
    assert_eq!(variables.len(), own + slots.len(), "{}", case.name);
    for (index, (slot, value)) in slots.iter().zip(state).enumerate() {
        let place = if index < leading { index } else { index + own };
        report.compare(case.name, &slot.name, value, &of(case, &format!("slot{place}")));
        let path = variables[place]["path"].as_str().unwrap();
        let named = slot.name.len() < 2
            || slot.name == "u_product"
            || path.ends_with(&slot.name)
            || !path.contains('/');
        assert!(named, "{}: {path} is not {}", case.name, slot.name);
    }
}

/// The optimizer of a case with what its config does not say.
fn optimizer(case: &Case<'_>) -> OptimizerRef {
    let words = case.meta["excluded"].as_array().unwrap();
    let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
    match case.name {
        "sgd_weight_decay_excluded" => Sgd::new()
            .learning_rate(0.05)
            .momentum(0.9)
            .weight_decay(0.1)
            .exclude_from_weight_decay(&words)
            .into(),
        "adamw_excluded" => AdamW::new()
            .learning_rate(0.05)
            .weight_decay(0.1)
            .amsgrad(true)
            .exclude_from_weight_decay(&words)
            .into(),
        _ => {
            assert!(words.is_empty(), "{}", case.name);
            OptimizerRef::from_json(&case.meta["config"]).unwrap()
        }
    }
}

#[test]
fn ten_steps_are_keras() {
    let mut report = Report::default();
    for group in ["optimizers", "optimizer_options"] {
        let group = Group::load(group);
        for case in group.cases() {
            let optimizer = optimizer(&case);
            let config = optimizer.config();
            assert!(
                same(&config.clone().into(), &case.meta["config"]["config"]),
                "{}: {config:?}",
                case.name
            );
            check(&*optimizer).unwrap();
            ten_steps(&case, &optimizer, &mut report);
        }
    }
    report.finish();
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
    assert_eq!(OPTIMIZERS.names().len(), 15);
    // The one that is nothing without another.
    for name in OPTIMIZERS.names().into_iter().filter(|name| *name != "lossscaleoptimizer") {
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
    assert!(refuse(Sgd::new().gradient_accumulation_steps(1).into()).contains("2 or more; it is 1"));
    assert!(refuse(Sgd::new().use_ema(true).ema_momentum(1.5).into()).contains("`ema_momentum`"));
    assert!(refuse(Sgd::new().loss_scale_factor(0.0).into()).contains("`loss_scale_factor` must be above 0"));
    assert!(refuse(Sgd::new().exclude_from_weight_decay(&["bias|gamma"]).into()).contains("is a pattern"));
    let twice = LossScaleOptimizer::new(LossScaleOptimizer::new(Sgd::new()));
    assert!(refuse(twice.into()).contains("inside of another"));
    assert!(refuse(LossScaleOptimizer::new(Adam::new().beta_1(2.0)).into()).contains("`beta_1`"));
    assert!(OptimizerRef::by_name("lossscaleoptimizer").unwrap_err().to_string().contains("inner_optimizer"));
    let unknown = serde_json::json!({"class_name": "Adam", "config": {"beta_3": 0.5}});
    assert!(OptimizerRef::from_json(&unknown).unwrap_err().to_string().contains("beta_3"));
}
