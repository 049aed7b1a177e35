//! Keras' files, both ways.

pub mod config;
