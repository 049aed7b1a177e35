"""Optimizers: ten steps on a kernel (3, 4) and a bias (4,) with fixed gradients.

`class_name`, `config` (`serialize_keras_object`, made before the first step), `excluded` (names kept out of weight decay),
`variables` (the optimizer's own, `{path, shape, dtype}`, in the order of the file keys `optimizer/vars/<i>`).
Arrays: `var0`, `var1` at the start, `grad<step>_<i>`, `after<step>_<i>`, `slot<i>` (variable i of `variables` after the last
step). `float64` in the metadata is how far a float64 run of the same steps ends from this one, in units of the tests'
tolerance. Keras computes 1 − β^t in float32: with β = 0.999 and t = 1 that is 1.3e-5 off.

`finalized0`/`finalized1` (EMA only): the variables after `finalize_variable_values`, which `fit` calls at its end.
"""

import numpy as np

from store import Group, drift, random

STEPS = 10


def run(make, start, gradients, excluded, dtype):
    import keras
    import tensorflow as tf

    keras.backend.clear_session()
    layer = keras.layers.Dense(4, dtype=dtype)
    layer.build((None, 3))
    layer.set_weights(start)
    keras.config.set_floatx(dtype)
    try:
        optimizer = make()
        if excluded:
            optimizer.exclude_from_weight_decay(var_names=excluded)
        config = keras.saving.serialize_keras_object(optimizer)
        optimizer.build(layer.trainable_variables)
        after = []
        for step in gradients:
            optimizer.apply([tf.constant(g, dtype) for g in step], layer.trainable_variables)
            after.append([v.numpy() for v in layer.trainable_variables])
        slots = [v.numpy() for v in optimizer.variables]
        described = [dict(path=v.path, shape=tuple(v.shape), dtype=str(v.dtype)) for v in optimizer.variables]
        finalized = None
        if optimizer.use_ema:
            optimizer.finalize_variable_values(layer.trainable_variables)
            finalized = [v.numpy() for v in layer.trainable_variables]
    finally:
        keras.config.set_floatx("float32")
    return config, after, slots, described, finalized


def add(group, case, make, excluded=(), scale=1.0, bad=()):
    r = random("optimizers/" + case)
    shapes = [(3, 4), (4,)]
    start = [r.standard_normal(s).astype("float32") for s in shapes]
    gradients = [[(r.standard_normal(s) * scale).astype("float32") for s in shapes] for _ in range(STEPS)]
    for step in bad:
        gradients[step][0][1, 2] = np.inf if step % 2 else np.nan
    config, after, slots, described, finalized = run(make, start, gradients, list(excluded), "float32")
    _, after64, _, _, _ = run(make, start, gradients, list(excluded), "float64")
    worst = max(drift(a, b) for x, y in zip(after, after64) for a, b in zip(x, y))
    if worst > 0.3:
        print(f"note: optimizers/{case}: float32 is {worst:.2f} tolerances from float64")
    arrays = {f"var{i}": v for i, v in enumerate(start)}
    for step in range(STEPS):
        arrays.update({f"grad{step}_{i}": g for i, g in enumerate(gradients[step])})
        arrays.update({f"after{step}_{i}": v for i, v in enumerate(after[step])})
    arrays.update({f"slot{i}": v for i, v in enumerate(slots)})
    if finalized:
        arrays.update({f"finalized{i}": v for i, v in enumerate(finalized)})
    group.add(
        case,
        arrays,
        finite=not bad,
        class_name=config["class_name"],
        config=config,
        excluded=list(excluded),
        variables=described,
        float64=float(f"{worst:.2g}"),
    )


def generate():
    from keras import optimizers as o

    group = Group("optimizers")
    decay = lambda: o.schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5)
    add(group, "sgd", lambda: o.SGD())
    add(group, "sgd_learning_rate", lambda: o.SGD(learning_rate=0.3))
    add(group, "sgd_momentum", lambda: o.SGD(0.05, momentum=0.9))
    add(group, "sgd_nesterov", lambda: o.SGD(0.05, momentum=0.9, nesterov=True))
    add(group, "sgd_nesterov_without_momentum", lambda: o.SGD(0.05, nesterov=True))
    add(group, "sgd_weight_decay", lambda: o.SGD(0.05, weight_decay=0.1))
    add(group, "sgd_weight_decay_excluded", lambda: o.SGD(0.05, momentum=0.9, weight_decay=0.1), excluded=["bias"])
    add(group, "sgd_clipnorm", lambda: o.SGD(0.05, clipnorm=1.5))
    add(group, "sgd_clipvalue", lambda: o.SGD(0.05, clipvalue=0.4))
    add(group, "sgd_global_clipnorm", lambda: o.SGD(0.05, global_clipnorm=2.0))
    add(group, "sgd_schedule", lambda: o.SGD(decay(), momentum=0.9))
    add(group, "sgd_gradient_accumulation", lambda: o.SGD(0.05, momentum=0.9, gradient_accumulation_steps=3))
    add(group, "sgd_loss_scale_factor", lambda: o.SGD(0.05, loss_scale_factor=8.0))
    add(group, "sgd_everything", lambda: o.SGD(0.05, 0.9, True, weight_decay=0.01, global_clipnorm=1.0, use_ema=True))
    add(group, "adam", lambda: o.Adam())
    add(group, "adam_learning_rate", lambda: o.Adam(0.01))
    add(group, "adam_betas", lambda: o.Adam(0.05, beta_1=0.8, beta_2=0.95))
    add(group, "adam_amsgrad", lambda: o.Adam(0.05, amsgrad=True))
    add(group, "adam_epsilon", lambda: o.Adam(0.05, epsilon=0.1))
    add(group, "adam_weight_decay", lambda: o.Adam(0.05, weight_decay=0.1))
    add(group, "adam_use_ema", lambda: o.Adam(0.05, use_ema=True, ema_momentum=0.8))
    add(group, "adam_ema_overwrite", lambda: o.Adam(0.05, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4))
    add(group, "adam_gradient_accumulation", lambda: o.Adam(0.05, gradient_accumulation_steps=4))
    add(group, "adam_clipnorm", lambda: o.Adam(0.05, clipnorm=0.5))
    add(group, "adam_global_clipnorm", lambda: o.Adam(0.05, global_clipnorm=0.5))
    add(group, "adam_clipvalue", lambda: o.Adam(0.05, clipvalue=0.5))
    add(group, "adam_schedule", lambda: o.Adam(decay()))
    add(group, "adam_small_gradients", lambda: o.Adam(0.01), scale=1e-6)
    add(group, "rmsprop", lambda: o.RMSprop())
    add(group, "rmsprop_centered", lambda: o.RMSprop(0.01, rho=0.8, momentum=0.9, centered=True))
    add(group, "adamw", lambda: o.AdamW())
    add(group, "adamw_excluded", lambda: o.AdamW(0.05, weight_decay=0.1, amsgrad=True), excluded=["bias"])
    add(group, "adadelta", lambda: o.Adadelta())
    add(group, "adadelta_other", lambda: o.Adadelta(1.0, rho=0.9, epsilon=1e-6))
    add(group, "adagrad", lambda: o.Adagrad())
    add(group, "adagrad_other", lambda: o.Adagrad(0.1, initial_accumulator_value=0.5))
    add(group, "adamax", lambda: o.Adamax())
    add(group, "adamax_other", lambda: o.Adamax(0.05, beta_1=0.8, beta_2=0.9))
    add(group, "adafactor", lambda: o.Adafactor())
    add(group, "adafactor_other", lambda: o.Adafactor(0.05, relative_step=False, clip_threshold=0.5, weight_decay=0.01))
    add(group, "nadam", lambda: o.Nadam())
    add(group, "nadam_other", lambda: o.Nadam(0.05, beta_1=0.8))
    add(group, "ftrl", lambda: o.Ftrl())
    ftrl = dict(l1_regularization_strength=0.01, l2_regularization_strength=0.1, beta=0.5)
    add(group, "ftrl_other", lambda: o.Ftrl(0.1, l2_shrinkage_regularization_strength=0.05, **ftrl))
    add(group, "lion", lambda: o.Lion())
    add(group, "lion_other", lambda: o.Lion(0.01, beta_1=0.8, weight_decay=0.1))
    add(group, "lamb", lambda: o.Lamb())
    add(group, "lamb_other", lambda: o.Lamb(0.05, beta_2=0.95, weight_decay=0.01))
    add(group, "loss_scale_optimizer", lambda: o.LossScaleOptimizer(o.Adam(0.05)), scale=2.0**15)
    other = dict(initial_scale=4.0, dynamic_growth_steps=3)
    add(group, "loss_scale_optimizer_other", lambda: o.LossScaleOptimizer(o.SGD(0.05), **other), scale=4.0)
    add(group, "muon", lambda: o.Muon())
    add(group, "muon_other", lambda: o.Muon(0.05, nesterov=False, ns_steps=3, weight_decay=0.1))
    add(group, "schedule_free_adamw", lambda: o.ScheduleFreeAdamW())
    add(group, "schedule_free_adamw_other", lambda: o.ScheduleFreeAdamW(0.05, warmup_steps=4, weight_decay=0.1))
    group.write()
