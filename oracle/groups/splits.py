"""`sklearn.model_selection.train_test_split`: which rows go where, and what it says when it cannot.

JSON only. A case holds `n`, `test_size`, `train_size` (an integer is a count, a number with a point a share, null the
default), `random_state`, `shuffle`, `stratify` (labels or null) and either `train` and `test` (indices in scikit-learn's
order) or `error` (its message, word for word).
"""

import warnings

import numpy as np

from store import Group, random

NAMES = np.array(["Gentoo", "Adelie", "Chinstrap", "emperor", "King", "little blue"])


def add(group, case, n, test_size=None, train_size=None, random_state=None, shuffle=True, stratify=None):
    from sklearn.model_selection import train_test_split

    rows = np.arange(n)
    labels = None if stratify is None else np.asarray(stratify)
    arguments = dict(test_size=test_size, train_size=train_size, random_state=random_state, shuffle=shuffle)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train, test = train_test_split(rows, stratify=labels, **arguments)
        outcome = dict(train=train, test=test)
    except ValueError as error:
        outcome = dict(error=str(error))
    group.add(case, n=n, **arguments, stratify=labels, **outcome)


def labels_of(r, n):
    """2 to 6 unbalanced classes, at least two rows each where `n` allows; integers, odd integers or strings."""
    k = r.randint(2, 7)
    weights = r.dirichlet(np.full(k, 1.5))
    codes = r.choice(k, size=n, p=weights)
    if n >= 2 * k:
        codes[r.permutation(n)[: 2 * k]] = np.tile(np.arange(k), 2)
    style = r.randint(3)
    if style == 0:
        return codes
    if style == 1:
        return np.array([-7, 100, 3, 0, 42, -1])[:k][codes]
    return NAMES[:k][codes]


def size_of(r, n):
    """A share with one to three digits, or a count."""
    if r.rand() < 0.6:
        return float(np.round(r.uniform(0.05, 0.6), r.randint(1, 4)) or 0.1)
    return int(r.randint(1, max(2, n // 2 + 1)))


def generate():
    group = Group("splits")
    for i in range(200):
        case = f"random_{i:03}"
        r = random("splits/" + case)
        n = int(r.randint(2, 60)) if r.rand() < 0.4 else int(r.randint(60, 501))
        stratify = labels_of(r, n) if r.rand() < 0.45 else None
        shuffle = stratify is not None or bool(r.rand() < 0.85)
        test_size = size_of(r, n) if r.rand() < 0.8 else None
        train_size = size_of(r, n) if r.rand() < 0.25 else None
        state = int(r.choice([0, 1, 42, int(r.randint(0, 2**31 - 1)), 2**32 - 1, 2**31]))
        add(group, case, n, test_size, train_size, state if shuffle else None, shuffle, stratify)

    a = [0, 1] * 10
    add(group, "error_n_0", 0, 0.2, random_state=0)
    add(group, "error_n_1", 1, 0.2, random_state=0)
    add(group, "error_test_size_0", 10, 0, random_state=0)
    add(group, "error_test_size_0_0", 10, 0.0, random_state=0)
    add(group, "error_test_size_1_0", 10, 1.0, random_state=0)
    add(group, "error_test_size_negative", 10, -0.25, random_state=0)
    add(group, "error_test_size_n", 10, 10, random_state=0)
    add(group, "error_train_size_n_plus_1", 10, train_size=11, random_state=0)
    add(group, "error_train_size_1_0", 10, train_size=1.0, random_state=0)
    add(group, "error_shares_above_1", 10, 0.6, 0.5, random_state=0)
    add(group, "error_counts_above_n", 10, 6, 5, random_state=0)
    add(group, "error_count_and_share_above_n", 10, 6, 0.5, random_state=0)
    add(group, "error_empty_train", 2, 0.9, random_state=0)
    add(group, "error_stratify_without_shuffle", 20, 0.2, shuffle=False, stratify=a)
    add(group, "error_class_with_one_member", 21, 0.2, random_state=0, stratify=a + [2])
    add(group, "error_two_classes_with_one_member", 22, 0.2, random_state=0, stratify=a + [2, 3])
    add(group, "error_test_below_classes", 20, 1, random_state=0, stratify=a)
    add(group, "error_train_below_classes", 20, 19, random_state=0, stratify=a)
    add(group, "error_stratify_length", 19, 0.2, random_state=0, stratify=a)
    add(group, "one_class", 12, 0.25, random_state=0, stratify=[5] * 12)
    add(group, "defaults", 10, random_state=0)
    add(group, "train_size_only", 11, train_size=0.3, random_state=0)
    add(group, "unused_rows", 20, 0.2, 0.3, random_state=3)
    add(group, "unused_rows_stratified", 20, 0.2, 0.3, random_state=3, stratify=a)
    add(group, "rounding_up", 29, 0.1, random_state=5)
    add(group, "rounding_float_error", 100, 0.29, random_state=5)
    add(group, "smallest", 2, 0.5, random_state=9)
    # Equal remainders: the ties of the multivariate hypergeometric draw are broken at random.
    add(group, "tied_classes", 60, 0.25, random_state=1, stratify=[0, 1, 2, 3, 4, 5] * 10)
    add(group, "booleans", 20, 0.3, random_state=2, stratify=[True, False, False, True, False] * 4)
    group.write()
