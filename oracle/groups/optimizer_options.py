"""What all optimizers have, with each optimizer: ten steps as in `optimizers`, whose format this is.

Averages and sums of gradients with every optimizer (their places among the slots), loss scales that meet gradients which are
not finite.
"""

import groups.optimizers as base
from store import Group


def generate():
    from keras import optimizers as o

    group = Group("optimizer_options")
    makers = [o.Adadelta, o.Adafactor, o.Adagrad, o.Adam, o.AdamW, o.Adamax, o.Ftrl, o.Lamb, o.Lion, o.Muon, o.Nadam]
    for make in makers + [o.RMSprop, o.SGD, o.ScheduleFreeAdamW]:
        name = make.__name__.lower()
        both = dict(use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=2, gradient_accumulation_steps=3)
        base.add(group, f"{name}_ema_accumulation", lambda: make(0.02, **both))
    scheduled = lambda: o.schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5)
    base.add(group, "scheduled_accumulation", lambda: o.Adam(scheduled(), gradient_accumulation_steps=4))
    base.add(group, "accumulation_clipnorm", lambda: o.SGD(0.1, gradient_accumulation_steps=2, clipnorm=0.5, weight_decay=0.1))
    inner = lambda: o.RMSprop(0.05, use_ema=True, ema_overwrite_frequency=3, gradient_accumulation_steps=2, clipvalue=0.3)
    grows = dict(initial_scale=8.0, dynamic_growth_steps=2)
    base.add(group, "loss_scale_inner_options", lambda: o.LossScaleOptimizer(inner(), **grows), scale=8.0)
    base.add(group, "loss_scale_scheduled", lambda: o.LossScaleOptimizer(o.Adam(scheduled()), **grows), scale=8.0)
    base.add(group, "loss_scale_overflow", lambda: o.LossScaleOptimizer(o.Adam(0.05), **grows), scale=8.0, bad=(2, 3, 7))
    group.write()
