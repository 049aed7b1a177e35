//! The numbers of weights of the lesson's dense networks.

use ceras::prelude::*;

fn dense(features: usize, units: &[usize], normalized: bool) -> Model {
    let mut model = Sequential::new().add(Input::new([features]));
    if normalized {
        model = model.add(BatchNormalization::new());
    }
    for (place, &units) in units.iter().enumerate() {
        let last = place + 1 == 3;
        model = model.add(if last { Dense::new(units) } else { Dense::new(units).activation("relu") });
    }
    model.build().unwrap()
}

#[test]
fn the_lessons_dense_networks_have_so_many_weights() {
    let penguins = dense(4, &[10, 3], false);
    assert_eq!(penguins.count_params(), 83);
    assert!(penguins.summary().contains("Total params: 83 (332.00 B)"));
    assert!(penguins.summary().contains("Non-trainable params: 0 (0.00 B)"));
    let weather = dense(89, &[100, 50, 1], false);
    assert_eq!(weather.count_params(), 14_101);
    assert!(weather.summary().contains("Total params: 14,101 (55.08 KB)"));
    assert_eq!(dense(89, &[10, 5, 1], false).count_params(), 961);
    let normalized = dense(89, &[100, 50, 1], true);
    assert_eq!((normalized.count_params(), normalized.count_trainable_params()), (14_457, 14_279));
    assert_eq!(normalized.count_layer_params("batch_normalization").unwrap(), 356);
    assert!(normalized.summary().contains("Non-trainable params: 178 (712.00 B)"));
    let basel = dense(9, &[100, 50, 1], true);
    assert_eq!((basel.count_params(), basel.count_trainable_params()), (6_137, 6_119));
}

#[test]
fn the_dense_network_for_images_has_so_many_weights() {
    let images = Sequential::new()
        .add(Input::new([64, 64, 3]))
        .add(Flatten::new())
        .add(Dense::new(50).activation("relu"))
        .add(Dense::new(50).activation("relu"))
        .add(Dense::new(10))
        .build()
        .unwrap();
    assert_eq!(images.count_params(), 617_510);
    assert_eq!(images.count_layer_params("dense").unwrap(), 614_450);
    assert!(images.summary().contains("Total params: 617,510 (2.36 MB)"));
}
