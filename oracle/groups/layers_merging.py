"""Layers that merge; the same form as `layers.py`."""

from groups.layers import add
from store import Group, random


def generate():
    group = Group("layers_merging")
    for part in (elementwise, concatenate, dot):
        part(group)
    group.write()


def mask_of(case, shape):
    """A mask with both values in it."""
    return random(f"layers_merging/{case}/mask").uniform(size=shape) > 0.4


def elementwise(group):
    from keras import layers

    for name in ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]:
        make = getattr(layers, name)
        case = name.lower()
        run = lambda tail, shapes, make=make, case=case, **k: add(
            group, f"{case}{tail}", k.pop("make", make), shapes, as_list=True, **k
        )
        run("", [(3, 4), (3, 4)])
        run("_broadcast", [(3, 2, 4), (3, 1, 4)])
        run("_rank_expansion", [(2, 3, 4), (2, 4)])
        run("_rank_expansion_first", [(2, 4), (2, 3, 2, 4)])
        first, second = mask_of(case, (2, 3)), mask_of(case + "/second", (2, 3))
        run("_masked", [(2, 3, 4), (2, 3, 4)], masks=[first, second])
        run("_masked_first", [(2, 3, 4), (2, 3, 4)], masks=[first, None])
        run("_masked_second", [(2, 3, 4), (2, 3, 4)], masks=[None, second])
        if name != "Subtract":
            run("_three", [(3, 4), (3, 4), (3, 1)])
            run("_one", [(3, 4)])
            run("_three_masked", [(2, 3, 4)] * 3, masks=[first, second, mask_of(case + "/third", (2, 3))])
    regularized = lambda: layers.Add(activity_regularizer="l2")
    add(group, "add_regularized", regularized, [(3, 4), (3, 4)], as_list=True, loss=True)
    r = random("layers_merging/ints")
    whole = [r.randint(-5, 5, (3, 4)).astype("int32") for _ in range(2)]
    add(group, "add_ints", lambda: layers.Add(), None, given=whole, as_list=True, differentiable=False)
    add(group, "average_ints", lambda: layers.Average(), None, given=whole, as_list=True, differentiable=False)


def concatenate(group):
    from keras import layers

    make = layers.Concatenate
    run = lambda case, shapes, axis=-1, **k: add(group, f"concatenate{case}", lambda: make(axis=axis), shapes, as_list=True, **k)
    run("", [(3, 4), (3, 2)])
    run("_three", [(3, 4), (3, 2), (3, 1)])
    run("_one", [(3, 4)])
    run("_axis_1", [(2, 3, 4), (2, 1, 4)], axis=1)
    run("_axis_minus_2", [(2, 3, 2, 4), (2, 3, 5, 4)], axis=-2)
    run("_rank4", [(2, 3, 2, 4), (2, 3, 2, 1)], axis=3)
    first, second = mask_of("concatenate", (2, 3)), mask_of("concatenate/second", (2, 3))
    run("_masked", [(2, 3, 4), (2, 3, 2)], masks=[first, second])
    run("_masked_first", [(2, 3, 4), (2, 3, 2)], masks=[first, None])
    run("_masked_axis_1", [(2, 3, 4), (2, 2, 4)], axis=1, masks=[first, second[:, :2]])
    run("_masked_axis_1_second", [(2, 3, 4), (2, 2, 4)], axis=1, masks=[None, second[:, :2]])


def dot(group):
    from keras import layers

    run = lambda case, shapes, **k: add(group, f"dot{case}", lambda: layers.Dot(**k), shapes, as_list=True)
    run("", [(3, 4), (3, 4)], axes=1)
    run("_minus_1", [(3, 4), (3, 4)], axes=-1)
    run("_normalize", [(3, 4), (3, 4)], axes=1, normalize=True)
    run("_rank3", [(2, 3, 4), (2, 5, 4)], axes=2)
    run("_rank3_axis_1", [(2, 3, 4), (2, 3, 5)], axes=1)
    run("_rank3_pair", [(2, 3, 4), (2, 4, 5)], axes=(2, 1))
    run("_rank3_negative_pair", [(2, 3, 4), (2, 4, 5)], axes=(-1, -2))
    run("_rank3_normalize", [(2, 3, 4), (2, 5, 4)], axes=(2, 2), normalize=True)
    run("_ranks_2_3", [(2, 4), (2, 5, 4)], axes=(1, 2))
    run("_ranks_3_2", [(2, 3, 4), (2, 4)], axes=(2, 1))
    run("_ranks_4_3", [(2, 3, 2, 4), (2, 4, 5)], axes=(3, 1))
    run("_ranks_4_4", [(2, 3, 2, 4), (2, 2, 3, 2)], axes=(1, 2))
