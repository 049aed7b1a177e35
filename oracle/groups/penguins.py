"""The lesson's table, and the rows that scikit-learn puts into its test set.

PyPI's `palmerpenguins` without `year`, stable-sorted by species (Adelie, Chinstrap, Gentoo): 344 rows, 7 columns,
missing values as empty cells.

The lesson stratifies by the one-hot target. scikit-learn then takes each row as one string ("True False False" for
Adelie), so its class order is that of the strings: Gentoo, Chinstrap, Adelie, the names' order reversed. The split is
another one than by name: `stratified_by_one_hot` has test rows 45, 71, 103, 328, 209, ... (row numbers of the 344-row
table, not positions among the 342), `stratified_by_name` has 259, 336, 163, ...

Data: Horst, Hill & Gorman (2020), palmerpenguins, CC0, doi:10.5281/zenodo.3960218.
"""

import numpy as np

from store import HERE, Group

NUMERIC = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def table():
    from palmerpenguins import load_penguins

    return load_penguins().drop(columns="year").sort_values("species", kind="stable").reset_index(drop=True)


def generate():
    import pandas as pd
    from sklearn.model_selection import train_test_split

    penguins = table()
    assert penguins.shape == (344, 7)
    penguins.to_csv(HERE / "penguins.csv", index=False, lineterminator="\n")
    kept = penguins.dropna(subset=NUMERIC)
    assert len(kept) == 342
    group = Group("penguins")
    common = dict(
        rows=len(kept),
        dropped=sorted(set(penguins.index) - set(kept.index)),
        features=NUMERIC,
        target="species",
        classes=sorted(penguins["species"].unique()),
        test_size=0.2,
        random_state=0,
    )
    one_hot = pd.get_dummies(kept["species"])
    for case, stratify in [("stratified_by_one_hot", one_hot), ("stratified_by_name", kept["species"])]:
        train, test = train_test_split(
            np.arange(len(kept)), test_size=0.2, random_state=0, shuffle=True, stratify=stratify
        )
        rows = kept.index.to_numpy()
        group.add(
            case,
            **common,
            # Positions among the 342 kept rows, and the same rows as row numbers of the 344-row table (from 0).
            train_positions=train,
            test_positions=test,
            train_rows=rows[train],
            test_rows=rows[test],
        )
    assert list(group.cases[0]["test_rows"][:5]) == [45, 71, 103, 328, 209]
    group.write()
