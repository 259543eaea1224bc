//! For operators: what a cleanup of old streams would delete.
use std::error::Error;

use steer_client::Client;
use steer_client::admin::v1::CleanupStreamStatesRequest;
use steer_client::admin::v1::admin_service_client::AdminServiceClient;
use steer_client::prost_types::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Any generated client takes the helper's connection; the key must be an operator's.
    let mut admin = AdminServiceClient::new(Client::from_env()?.service());

    // Streams that ended an hour ago or more. Without `dry_run` they are deleted.
    let request = CleanupStreamStatesRequest {
        older_than: Some(Duration {
            seconds: 3_600,
            nanos: 0,
        }),
        dry_run: true,
        ..Default::default()
    };
    let response = admin.cleanup_stream_states(request).await?.into_inner();
    println!(
        "would delete {} streams, {} bytes",
        response.matched_count, response.freed_bytes
    );
    Ok(())
}
