//! Messages and clients of the Steer gateway's gRPC services, made from its `.proto` files.
//!
//! [`v1`] is what services call, [`admin::v1`] what operators call. The crate `steer-client` reads
//! streams to their end over these.
// The files are as the generator writes them.
#![allow(clippy::all, rustdoc::all)]

/// `steer.v1`: generating, streaming, resuming, models.
pub mod v1 {
    include!("steer.v1.rs");
}

/// `steer.admin`: operation.
pub mod admin {
    /// `steer.admin.v1`: the admin service.
    pub mod v1 {
        include!("steer.admin.v1.rs");
    }
}
