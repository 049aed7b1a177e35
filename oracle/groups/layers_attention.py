"""Layers of attention and their projections; the same form as `layers.py`, with the `arguments` of the call."""

from groups.layers import add
from store import Group, random


def generate():
    group = Group("layers_attention")
    for part in (einsum_dense, attention, additive, heads):
        part(group)
    group.write()


def mask_of(case, shape):
    """A mask with both values in it, and true ones at the start of each row."""
    mask = random(f"layers_attention/{case}/mask").uniform(size=shape) > 0.4
    mask[..., :2] = True
    mask[0, ..., -1] = False
    return mask


def einsum_dense(group):
    from keras import layers

    make = layers.EinsumDense
    run = lambda case, shape, *a, **k: add(group, f"einsum_dense{case}", lambda: make(*a, **k), [shape])
    run("", (3, 5), "ab,bc->ac", 4, bias_axes="c", activation="tanh")
    run("_steps", (2, 3, 5), "abc,cd->abd", (None, 4), bias_axes="d")
    run("_steps_bias", (2, 3, 5), "abc,cd->abd", (3, 4), bias_axes="bd")
    run("_first_bias", (2, 3, 5), "abc,cd->abd", (3, 4), bias_axes="b")
    run("_heads", (2, 3, 5), "abc,cde->abde", (None, 2, 4), bias_axes="de")
    run("_joined", (2, 3, 2, 4), "abcd,cde->abe", (None, 5), bias_axes="e")
    run("_left", (2, 3, 5), "...x,xy->...y", 4, bias_axes="y")
    run("_left_two", (2, 3, 2, 5), "...bc,cd->...bd", (None, 4))
    run("_right", (2, 3, 2, 5), "ab...,bc->ac...", 4, bias_axes="c")
    run("_turned", (2, 3, 5), "abc,cd->adb", (4, 3), bias_axes="d")
    run("_summed", (2, 3, 5), "abc,bd->ad", 4)
    run("_without_product", (2, 3, 5), "abc,c->abc", (3, 5))


def attention(group):
    from keras import layers

    make = layers.Attention
    run = lambda case, shapes, masks=(), arguments=None, **k: add(
        group, f"attention{case}", lambda: make(**k), shapes, low=-1, high=1, as_list=True, masks=masks, arguments=arguments
    )
    two, three = [(2, 3, 4), (2, 5, 4)], [(2, 3, 4), (2, 5, 6), (2, 5, 4)]
    query, value = mask_of("query", (2, 3)), mask_of("value", (2, 5))
    run("", two)
    run("_key", three)
    run("_scaled", two, use_scale=True)
    run("_concat", three, score_mode="concat")
    run("_concat_scaled", two, score_mode="concat", use_scale=True)
    run("_causal", two, arguments=dict(use_causal_mask=True))
    run("_masked", two, masks=[query, value])
    run("_value_masked", two, masks=[None, value])
    run("_masked_causal", two, masks=[query, value], arguments=dict(use_causal_mask=True))
    run("_with_scores", two, arguments=dict(return_attention_scores=True))
    run("_dropout_off", two, dropout=0.5)


def additive(group):
    from keras import layers

    make = layers.AdditiveAttention
    run = lambda case, shapes, masks=(), arguments=None, **k: add(
        group, f"additive_attention{case}", lambda: make(**k), shapes, low=-1, high=1, as_list=True, masks=masks, arguments=arguments
    )
    two, three = [(2, 3, 4), (2, 5, 4)], [(2, 3, 4), (2, 5, 6), (2, 5, 4)]
    query, value = mask_of("query", (2, 3)), mask_of("value", (2, 5))
    run("", two)
    run("_key", three)
    run("_plain", two, use_scale=False)
    run("_masked_causal", two, masks=[query, value], arguments=dict(use_causal_mask=True))


def heads(group):
    from keras import layers

    make = layers.MultiHeadAttention
    two, three = [(2, 3, 6), (2, 5, 4)], [(2, 3, 6), (2, 5, 4), (2, 5, 3)]
    query, value, key = mask_of("query", (2, 3)), mask_of("value", (2, 5)), mask_of("key", (2, 5))

    def run(case, shapes, masks=(), arguments=None, given=None, apart=None, num_heads=2, key_dim=3, **k):
        inputs = given or shapes
        add(
            group,
            f"multi_head_attention{case}",
            lambda: make(num_heads, key_dim, **k),
            None if given else shapes,
            given=given,
            masks=masks,
            apart=apart or len(inputs),
            arguments=arguments,
            differentiable=given is None,
        )

    run("", two)
    run("_key", three)
    run("_value_dim", two, value_dim=4)
    run("_one_head", two, num_heads=1)
    run("_unbiased", two, use_bias=False)
    run("_output_shape", two, output_shape=5)
    run("_output_shape_two", two, output_shape=(2, 5))
    run("_gate", two, use_gate=True, value_dim=4)
    run("_window", two, sliding_window=2)
    run("_dropout_off", two, dropout=0.3)
    run("_causal", two, arguments=dict(use_causal_mask=True))
    run("_causal_window", two, sliding_window=2, arguments=dict(use_causal_mask=True))
    run("_with_scores", two, arguments=dict(return_attention_scores=True))
    run("_masked", two, masks=[query, value])
    run("_key_masked", three, masks=[None, value, key])
    run("_masked_causal", two, masks=[query, value], arguments=dict(use_causal_mask=True))
    images = [(2, 3, 2, 6), (2, 3, 4, 5)]
    run("_axis_2", images, attention_axes=2)
    run("_all_axes", [(2, 3, 2, 6), (2, 2, 4, 5)])
    regularized = dict(
        kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2", kernel_constraint="max_norm", bias_constraint="non_neg"
    )
    run("_regularized", two, kernel_initializer="he_normal", seed=3, **regularized)
    r = random("layers_attention/given")
    arrays = [r.uniform(-2, 2, shape).astype("float32") for shape in two]
    given = [*arrays, mask_of("given", (2, 3, 5))]
    run("_attention_mask", None, given=given, apart=2, arguments=dict(attention_mask=True))
    run("_attention_mask_causal", None, given=given, apart=2, arguments=dict(attention_mask=True, use_causal_mask=True))
