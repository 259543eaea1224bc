//! A service that accepts the connection and never answers.
use std::time::Duration;

use steer_client::Client;
use steer_stubs::v1::GenerateRequest;
use tokio::net::TcpListener;
use tonic::Code;

#[tokio::test]
async fn a_deadline_that_passes_here_is_called_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = Client::new(&address).unwrap();
    let call = client.generate_within(Duration::from_millis(200), GenerateRequest::default());
    let error = call.await.unwrap_err();
    assert_eq!(error.code, Code::DeadlineExceeded, "{error}");
}
