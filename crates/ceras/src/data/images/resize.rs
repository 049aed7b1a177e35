//! Pictures in another size.
//!
//! Pixel centres stand at halves, and a smaller picture is not smoothed first: TensorFlow's `image.resize`, which Keras uses
//! for folders of pictures.

use super::Interpolation;

/// A picture, row-major with its channels last, in another height and width.
pub(super) fn resize(
    pixels: &[u8],
    from: (usize, usize),
    channels: usize,
    to: (usize, usize),
    interpolation: Interpolation,
) -> Vec<u8> {
    if from == to {
        return pixels.to_vec();
    }
    let at = |row: usize, column: usize, channel: usize| pixels[(row * from.1 + column) * channels + channel];
    let (rows, columns) = (places(from.0, to.0), places(from.1, to.1));
    let mut resized = Vec::with_capacity(to.0 * to.1 * channels);
    for row in &rows {
        for column in &columns {
            for channel in 0..channels {
                resized.push(match interpolation {
                    Interpolation::Nearest => at(row.nearest, column.nearest, channel),
                    Interpolation::Bilinear => {
                        let value = |row, column| f32::from(at(row, column, channel));
                        let (left, right) = (column.low, column.high);
                        let top = mix(value(row.low, left), value(row.low, right), column.share);
                        let bottom = mix(value(row.high, left), value(row.high, right), column.share);
                        mix(top, bottom, row.share).round() as u8
                    }
                });
            }
        }
    }
    resized
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// Where a pixel of the new picture lies in the old one, along one axis.
struct Place {
    low: usize,
    high: usize,
    /// How much of `high` there is, from 0 to 1.
    share: f32,
    nearest: usize,
}

fn places(from: usize, to: usize) -> Vec<Place> {
    let last = from - 1;
    let scale = from as f32 / to as f32;
    let place = |index: usize| {
        let centre = (index as f32 + 0.5) * scale;
        let low = (centre - 0.5).floor();
        let clamp = |place: f32| (place.max(0.0) as usize).min(last);
        Place {
            low: clamp(low),
            high: clamp(low + 1.0),
            share: centre - 0.5 - low,
            nearest: clamp(centre.floor()),
        }
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: [u8; 15] = [0, 50, 100, 150, 200, 10, 60, 110, 160, 210, 255, 5, 250, 15, 240];

    /// `tf.image.resize` (TensorFlow 2.20) of the same picture.
    #[test]
    fn bilinear_is_tensorflows_rounded() {
        let resized = |to| resize(&PICTURE, (3, 5), 1, to, Interpolation::Bilinear);
        let expected = [
            6.25, 68.75, 131.25, 193.75, 12.5, 75.0, 137.5, 200.0, 94.0625, 85.546_9, 126.953_1, 206.796_9,
            223.75, 96.875, 103.125, 211.875f32,
        ];
        assert_eq!(resized((4, 4)), expected.map(|value| value.round() as u8));
        let expected = [19.1667, 102.5, 185.8333, 135.4167, 215.0, 172.0833f32];
        assert_eq!(resized((2, 3)), expected.map(|value| value.round() as u8));
        assert_eq!(resized((3, 5)), PICTURE);
        assert_eq!(resized((6, 5))[15..20], [71, 46, 145, 124, 218]);
    }

    #[test]
    fn nearest_is_tensorflows() {
        let resized = |to| resize(&PICTURE, (3, 5), 1, to, Interpolation::Nearest);
        assert_eq!(resized((4, 4)), [0, 50, 150, 200, 10, 60, 160, 210, 10, 60, 160, 210, 255, 5, 15, 240]);
        assert_eq!(resized((2, 3)), [0, 100, 200, 255, 250, 240]);
    }

    #[test]
    fn channels_stay_apart() {
        let picture = [0, 100, 10, 110, 20, 120];
        assert_eq!(resize(&picture, (1, 3), 2, (1, 1), Interpolation::Bilinear), [10, 110]);
    }
}
