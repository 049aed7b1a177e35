"""Learning-rate schedules: `class_name`, `config` (`serialize_keras_object`); arrays `steps` (int64), `values`."""

import numpy as np

from store import Group

STEPS = [0, 1, 2, 3, 5, 9, 10, 11, 19, 20, 21, 35, 50, 99, 100, 101, 250, 1000]


def generate():
    import keras

    s = keras.optimizers.schedules
    cases = {
        "exponential_decay": s.ExponentialDecay(0.1, 20, 0.5),
        "exponential_decay_staircase": s.ExponentialDecay(0.1, 20, 0.5, staircase=True),
        "inverse_time_decay": s.InverseTimeDecay(0.1, 10, 0.5),
        "inverse_time_decay_staircase": s.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
        "piecewise_constant_decay": s.PiecewiseConstantDecay([10, 20, 100], [1.0, 0.5, 0.1, 0.01]),
        "polynomial_decay": s.PolynomialDecay(0.1, 100),
        "polynomial_decay_power": s.PolynomialDecay(0.1, 100, end_learning_rate=0.01, power=2.0),
        "polynomial_decay_cycle": s.PolynomialDecay(0.1, 20, end_learning_rate=0.01, power=0.5, cycle=True),
        "cosine_decay": s.CosineDecay(0.1, 100),
        "cosine_decay_alpha": s.CosineDecay(0.1, 100, alpha=0.1),
        "cosine_decay_warmup": s.CosineDecay(0.01, 100, alpha=0.1, warmup_target=0.2, warmup_steps=20),
        "cosine_decay_restarts": s.CosineDecayRestarts(0.1, 20),
        "cosine_decay_restarts_other": s.CosineDecayRestarts(0.1, 10, t_mul=1.5, m_mul=0.8, alpha=0.05),
        "cosine_decay_restarts_t_mul_1": s.CosineDecayRestarts(0.1, 10, t_mul=1.0, m_mul=0.9),
    }
    group = Group("schedules")
    for case, schedule in cases.items():
        config = keras.saving.serialize_keras_object(schedule)
        values = np.float32([float(schedule(step)) for step in STEPS])
        arrays = dict(steps=np.int64(STEPS), values=values)
        group.add(case, arrays, class_name=config["class_name"], config=config)
    group.write()
