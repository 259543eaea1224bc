//! Replicas behind one address, in memory: real HTTP/2 over connections that a test can cut, in
//! time that a test can pause.
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use steer_client::{Client, endpoint};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Uri;
use tower::service_fn;

/// A replica's answer to a call.
pub enum Reply {
    /// These messages, then the status.
    Said(Vec<Vec<u8>>, Status),
    /// Nothing, for as long as the connection lives.
    Nothing,
}

/// The answer to a method's path and message.
type Say = dyn Fn(&str, &[u8]) -> Reply + Send + Sync;

/// Each connection goes to the newest replica, like behind a balancer.
#[derive(Clone, Default)]
pub struct Address(Arc<Mutex<Option<mpsc::UnboundedSender<DuplexStream>>>>);

/// Cuts its connections when it is dropped.
pub struct Replica {
    _connections: JoinSet<()>,
    goaway: Arc<Notify>,
}

impl Replica {
    /// Sends GOAWAY on every connection, and serves the running calls.
    pub fn drain(&self) {
        self.goaway.notify_waiters();
    }
}

impl Address {
    pub fn start(&self, say: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static) -> Replica {
        let (sender, mut accepted) = mpsc::unbounded_channel();
        *self.0.lock().unwrap() = Some(sender);
        let say: Arc<Say> = Arc::new(say);
        let goaway = Arc::new(Notify::new());
        let mut connections = JoinSet::new();
        let told = goaway.clone();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Some(connection) = accepted.recv().await {
                open.spawn(serve(connection, say.clone(), told.clone()));
            }
            // New connections go to another replica; open ones stay.
            while open.join_next().await.is_some() {}
        });
        Replica {
            _connections: connections,
            goaway,
        }
    }

    pub fn client(&self) -> Client {
        let address = self.clone();
        let connect = service_fn(move |_: Uri| {
            let (here, there) = duplex(1 << 16);
            let sent = address.0.lock().unwrap().as_ref().map(|to| to.send(there));
            async move {
                match sent {
                    Some(Ok(())) => Ok(TokioIo::new(here)),
                    _ => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
                }
            }
        });
        let endpoint = endpoint("http://memory").unwrap();
        Client::over(endpoint.connect_with_connector_lazy(connect))
    }
}

async fn serve(connection: DuplexStream, say: Arc<Say>, goaway: Arc<Notify>) {
    let mut connection = h2::server::handshake(connection).await.unwrap();
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    calls.spawn(answer(request, respond, say.clone()));
                }
                _ => break,
            },
            () = goaway.notified() => connection.graceful_shutdown(),
        }
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>, say: Arc<Say>) {
    let path = request.uri().path().to_owned();
    let mut body = request.into_body();
    let mut message = Vec::new();
    while let Some(Ok(chunk)) = body.data().await {
        message.extend_from_slice(&chunk);
    }
    let Some(message) = message.get(5..) else {
        return; // The caller has left.
    };
    let Reply::Said(messages, status) = say(&path, message) else {
        return pending().await;
    };
    let head = Response::builder().header("content-type", "application/grpc");
    let mut send = respond
        .send_response(head.body(()).unwrap(), false)
        .unwrap();
    for message in messages {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(message.len() as u32);
        framed.put_slice(&message);
        send.send_data(framed.freeze(), false).unwrap();
    }
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers).unwrap();
    send.send_trailers(trailers).unwrap();
}
