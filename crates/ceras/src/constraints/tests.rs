//! Against Keras' numbers.
