"""The lesson's table, and the rows that scikit-learn puts into its test set.

PyPI's `palmerpenguins` without `year`, stable-sorted by species (Adelie, Chinstrap, Gentoo): 344 rows, 7 columns,
missing values as empty cells. Data: Horst, Hill & Gorman (2020), palmerpenguins, CC0, doi:10.5281/zenodo.3960218.
"""

import numpy as np

from store import HERE, Group

NUMERIC = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def table():
    from palmerpenguins import load_penguins

    return load_penguins().drop(columns="year").sort_values("species", kind="stable").reset_index(drop=True)


def generate():
    from sklearn.model_selection import train_test_split

    penguins = table()
    assert penguins.shape == (344, 7)
    penguins.to_csv(HERE / "penguins.csv", index=False, lineterminator="\n")
    kept = penguins.dropna(subset=NUMERIC)
    assert len(kept) == 342
    group = Group("penguins")
    train, test = train_test_split(
        np.arange(len(kept)), test_size=0.2, random_state=0, shuffle=True, stratify=kept["species"]
    )
    group.add(
        "split",
        rows=len(kept),
        dropped=sorted(set(penguins.index) - set(kept.index)),
        features=NUMERIC,
        target="species",
        classes=sorted(penguins["species"].unique()),
        test_size=0.2,
        random_state=0,
        stratify="species",
        # Positions among the 342 kept rows, and the same rows as row numbers of the 344-row table.
        train_positions=train,
        test_positions=test,
        train_rows=kept.index.to_numpy()[train],
        test_rows=kept.index.to_numpy()[test],
    )
    group.write()
