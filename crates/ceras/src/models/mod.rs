//! Models: layers put together.

mod access;
mod architecture;
mod functional;
mod model;
mod sequential;
mod store;
mod structure;
mod summary;
mod table;

pub use access::LayerKey;
pub use architecture::{Architecture, Kind, NamedLayer};
pub(crate) use architecture::{Call, TensorRef, snake_case};
pub use functional::KerasTensor;
pub(crate) use functional::architecture as functional_architecture;
pub use model::Model;
pub(crate) use model::declared;
pub use sequential::Sequential;
pub use store::{Group, Store, Variable};
pub use structure::{Ends, Structure};
pub use summary::Summary;
pub(crate) use summary::{output_shape, readable, thousands};
