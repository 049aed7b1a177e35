"""Ten steps of every optimizer with every activity regularizer, constraint and learning-rate schedule.

As in `every_trajectory`: Dense(3, tanh), Dense(2, by the family), six rows a step. A case is a family with an option: `family`,
`loss`, `activation`; `layers`, the arguments of both layers, serialized; `optimizers`, serialized, in order. Arrays: `x`, `y` and
`initial<i>` in the family's first case; `losses` (optimizers, 10) and `finals` (optimizers, 23). `float64` as in
`every_trajectory`; null for schedules too.
"""

import numpy as np

from groups.every_trajectory import ROWS, STEPS, families, optimizers, run
from store import Group, drift, random


def layer_options():
    from keras import constraints as c
    from keras import regularizers as r

    both = lambda make: lambda: dict(kernel_constraint=make(), bias_constraint=make())
    kernel = lambda make: lambda: dict(kernel_constraint=make())
    return dict(
        activity_l1=lambda: dict(activity_regularizer=r.L1(0.03)),
        activity_l2=lambda: dict(activity_regularizer=r.L2(0.05)),
        activity_l1_l2=lambda: dict(activity_regularizer=r.L1L2(0.02, 0.03)),
        activity_orthogonal=lambda: dict(activity_regularizer=r.OrthogonalRegularizer(0.02, mode="rows")),
        max_norm=both(lambda: c.MaxNorm(0.6)),
        max_norm_rows=kernel(lambda: c.MaxNorm(0.7, axis=1)),
        min_max_norm=both(lambda: c.MinMaxNorm(0.4, 0.9)),
        min_max_norm_rate=kernel(lambda: c.MinMaxNorm(0.3, 0.8, rate=0.4, axis=[0, 1])),
        non_neg=both(lambda: c.NonNeg()),
        unit_norm=both(lambda: c.UnitNorm()),
        unit_norm_rows=kernel(lambda: c.UnitNorm(axis=1)),
    )


def schedules():
    from keras.optimizers import schedules as s

    return dict(
        exponential=lambda rate: s.ExponentialDecay(rate, 4, 0.5),
        exponential_stairs=lambda rate: s.ExponentialDecay(rate, 3, 0.6, staircase=True),
        inverse_time=lambda rate: s.InverseTimeDecay(rate, 3, 0.7),
        inverse_time_stairs=lambda rate: s.InverseTimeDecay(rate, 2, 0.7, staircase=True),
        piecewise_constant=lambda rate: s.PiecewiseConstantDecay([2, 6], [rate, rate / 2, rate / 5]),
        polynomial=lambda rate: s.PolynomialDecay(rate, 6, rate / 10, power=2.0),
        polynomial_cycle=lambda rate: s.PolynomialDecay(rate, 4, rate / 10, power=0.5, cycle=True),
        cosine=lambda rate: s.CosineDecay(rate, 8, alpha=0.1),
        cosine_warmup=lambda rate: s.CosineDecay(rate / 4, 6, alpha=0.1, warmup_target=rate, warmup_steps=3),
        cosine_restarts=lambda rate: s.CosineDecayRestarts(rate, 3, t_mul=1.5, m_mul=0.8, alpha=0.1),
    )


def scheduled(make, schedule):
    """The optimizer with a schedule that starts from its learning rate."""

    def made():
        from keras import optimizers as o

        optimizer = make()
        if isinstance(optimizer, o.LossScaleOptimizer):
            inner = scheduled(lambda: optimizer.inner_optimizer, schedule)()
            return o.LossScaleOptimizer(inner, initial_scale=4.0, dynamic_growth_steps=3)
        config = dict(optimizer.get_config())
        return type(optimizer)(**dict(config, learning_rate=schedule(float(config["learning_rate"]))))

    return made


def generate():
    import keras
    from keras.saving import serialize_keras_object as serialize

    group = Group("trajectory_options")
    options = {name: (layer, optimizers()) for name, layer in layer_options().items()}
    for name, schedule in schedules().items():
        options[name] = (lambda: {}, [scheduled(make, schedule) for make in optimizers()])
    for name, family in families().items():
        if name not in ("regression", "sparse"):
            continue
        r = random("trajectory_options/" + name)
        x = r.standard_normal((STEPS * ROWS, 4)).astype("float32")
        y = family[2](r)
        start = [r.uniform(-0.8, 0.8, shape).astype("float32") for shape in ((4, 3), (3,), (3, 2), (2,))]
        shared = dict(x=x, y=y, **{f"initial{i}": w for i, w in enumerate(start)})
        for label, (layer, makers) in options.items():
            losses, finals = run(family, layer, makers, x, y, start, "float32")
            noise = None
            if label != "activity_orthogonal" and label not in schedules():  # which Keras cannot work out in float64
                wide = run(family, layer, makers, x, y, start, "float64")
                noise = [(drift(a, b), drift(c, d)) for a, b, c, d in zip(losses, wide[0], finals, wide[1])]
            keras.backend.clear_session()
            group.add(
                f"{name}_{label}",
                dict(losses=losses.astype("float32"), finals=finals.astype("float32"), **shared),
                family=name,
                loss=serialize(family[0]()),
                activation=family[1] or "linear",
                layers={key: serialize(value) for key, value in layer().items()},
                optimizers=[serialize(make()) for make in makers],
                float64=noise and [[float(f"{v:.2g}") for v in pair] for pair in noise],
            )
            shared = {}
            print(f"  {name}_{label}", noise and np.array(noise).max(1).round(2), flush=True)
    group.write()
