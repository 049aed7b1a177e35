"""What Keras makes of the names of its objects, in every spelling: `kind`, `names`: a list of `[name, class]`.

The names are Keras' own keys and, of each, the spellings that people try: the class's name, in lower and upper case, with `_`
between the words. `class` is the class (of a function, that of the object which the function belongs to), null where Keras knows
no such name; names of classes that need arguments are left out.
"""

import re

from store import Group


BASES = {"Loss", "loss", "Metric", "metric", "Initializer", "initializer", "Regularizer", "regularizer", "Constraint", "constraint"}


def snake(name):
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def spellings(names):
    tried = []
    for name in sorted(set(names) - BASES):
        for spelling in (name, name.lower(), name.upper(), snake(name), name.capitalize(), name.replace("_", ""), name.replace("_", " ")):
            if spelling not in tried:
                tried.append(spelling)
    return tried


def generate():
    import keras
    from keras import activations, constraints, initializers, losses, metrics, optimizers, regularizers
    from keras.src import activations as a
    from keras.src import constraints as c
    from keras.src import initializers as i
    from keras.src import losses as l
    from keras.src import metrics as m
    from keras.src import optimizers as o
    from keras.src import regularizers as r

    group = Group("names")
    kinds = dict(
        optimizer=(optimizers.get, list(o.ALL_OBJECTS_DICT) + [k.__name__ for k in o.ALL_OBJECTS]),
        loss=(losses.get, list(l.ALL_OBJECTS_DICT)),
        metric=(metrics.get, list(m.ALL_OBJECTS_DICT)),
        activation=(activations.get, list(a.ALL_OBJECTS_DICT)),
        initializer=(initializers.get, list(i.ALL_OBJECTS_DICT)),
        regularizer=(regularizers.get, list(r.ALL_OBJECTS_DICT)),
        constraint=(constraints.get, list(c.ALL_OBJECTS_DICT)),
    )
    for kind, (get, names) in kinds.items():
        found = []
        for name in spellings(names):
            try:
                made = get(name)
            except (TypeError, KeyError):
                continue
            except ValueError:
                found.append([name, None])
                continue
            if isinstance(made, type):
                continue
            found.append([name, getattr(made, "__name__", None) or type(made).__name__])
        group.add(kind, names=found)
    group.write()
