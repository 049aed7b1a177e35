//! Models: layers put together.

mod architecture;
mod functional;
mod model;
mod sequential;
mod store;

pub use architecture::{Architecture, Kind, NamedLayer};
pub use functional::KerasTensor;
pub use model::Model;
pub use sequential::Sequential;
pub use store::{Group, Store, Variable};
pub(crate) use architecture::{Call, TensorRef, describe, snake_case};
