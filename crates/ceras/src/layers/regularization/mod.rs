//! Layers that keep a network from learning its rows by heart.

pub mod dropout;

pub use dropout::Dropout;
