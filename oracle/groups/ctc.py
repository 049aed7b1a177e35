"""The loss CTC, in the format of `losses`: empty rows, rows that fill the steps, equal labels in a row, long sequences."""

import numpy as np

from groups.losses import Data, add
from store import Group


def generate():
    from keras import losses

    group = Group("ctc")
    rows = [[1, 2, 3, 4], [0, 0, 0, 0], [1, 1, 2, 0], [4, 0, 0, 0], [3, 3, 0, 0], [2, 1, 2, 1]]
    data = Data("ctc_rows", 6, 5, 5)
    add(group, "ctc_rows", losses.CTC(reduction="none"), np.array(rows), data.real())
    data = Data("ctc_weighted", 6, 5, 5)
    add(group, "ctc_weighted", losses.CTC(), np.array(rows), data.real(), data.weights(6))
    data = Data("ctc_long", 2, 40, 6)
    labels = np.concatenate([data.r.randint(1, 6, (2, 12)), np.zeros((2, 3), int)], 1)
    add(group, "ctc_long", losses.CTC(), labels, data.real())
    data = Data("ctc_sure", 2, 6, 4)
    add(group, "ctc_sure", losses.CTC(reduction="sum"), np.array([[1, 2, 3], [3, 0, 0]]), data.real() * 8)
    group.write()
