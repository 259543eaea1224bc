use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt, once};
use steer_stubs::v1::generation_service_client::GenerationServiceClient;
use steer_stubs::v1::{
    GenerateRequest, GenerateResponse, MidStreamRecovery, ResumeStreamRequest,
    StreamGenerateRequest,
};
use tokio::time::{Instant, sleep};
use tonic::codec::CompressionEncoding;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Response};

use crate::repeat::{MAX_TRIES, is_repeatable, wait_before};
use crate::service_address::ServiceAddress;
use crate::settings::{Bearer, ClearKey, address_of, key_of, process_environment};
use crate::{
    EventStream, ReadOptions, SteerError, StreamCalls, StreamCursor, random_bits, read_stream,
};

/// The service's limits for a request and for an answer.
const MAX_REQUEST: usize = 32 << 20;
const MAX_ANSWER: usize = 4 << 20;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Missed heartbeats after which a connection counts as dead.
const MISSED_HEARTBEATS: u32 = 3;

/// The helper's settings for a connection to `host:port` or `http://host:port` in clear text, or to
/// `https://host:port` with TLS and the system's certificates. Fails with `ADDRESS_INVALID`.
pub fn endpoint(address: &str) -> Result<Endpoint, SteerError> {
    endpoint_at(&address_of(Some(address), &process_environment)?)
}

fn endpoint_at(address: &ServiceAddress) -> Result<Endpoint, SteerError> {
    let scheme = match address.is_secure {
        true => "https",
        false => "http",
    };
    // If a connection does not answer a ping, its calls are resumed over another.
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))
        .map_err(SteerError::of_transport)?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(60))
        .keep_alive_timeout(Duration::from_secs(20));
    match address.is_secure {
        true => endpoint
            .tls_config(ClientTlsConfig::new().with_enabled_roots())
            .map_err(SteerError::of_transport),
        false => Ok(endpoint),
    }
}

/// The argument of each client of `steer_stubs`: `AdminServiceClient::new(client.service())`.
pub type Service = InterceptedService<Channel, Bearer>;

/// Calls the gateway. Clones share one connection, which opens on first use.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    pub(crate) bearer: Bearer,
    is_compressing: bool,
}

impl Client {
    /// See [`endpoint`] for the address. The key is that of the variable `STEER_API_KEY`. Needs a
    /// running tokio. Fails with `ADDRESS_INVALID` or `KEY_INVALID`.
    pub fn new(address: &str) -> Result<Self, SteerError> {
        Client::at(address_of(Some(address), &process_environment)?)
    }

    /// The same with the address of the variable `STEER_ADDRESS` (default `127.0.0.1:50051`).
    pub fn from_env() -> Result<Self, SteerError> {
        Client::at(address_of(None, &process_environment)?)
    }

    fn at(address: ServiceAddress) -> Result<Self, SteerError> {
        let mut client = Client::over(endpoint_at(&address)?.connect_lazy());
        client.bearer = Bearer {
            key: key_of(None, &process_environment)?,
            clear: ClearKey::at(address),
        };
        Ok(client)
    }

    /// Over a channel with other settings. Reads no variable: channel and key come from the caller.
    pub fn over(channel: Channel) -> Self {
        Client {
            channel,
            bearer: Bearer::default(),
            is_compressing: false,
        }
    }

    /// Sets the caller's key; an empty key is not sent. Fails with `KEY_INVALID`.
    pub fn with_token(mut self, token: &str) -> Result<Self, SteerError> {
        self.bearer.key = key_of(Some(token), &process_environment)?;
        Ok(self)
    }

    /// Compresses requests with gzip.
    pub fn with_compressed_requests(mut self) -> Self {
        self.is_compressing = true;
        self
    }

    pub fn service(&self) -> Service {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// The generated client, without the helper's repetitions.
    pub fn generation(&self) -> GenerationServiceClient<Service> {
        let client = GenerationServiceClient::new(self.service())
            .max_encoding_message_size(MAX_REQUEST)
            .max_decoding_message_size(MAX_ANSWER);
        match self.is_compressing {
            true => client.send_compressed(CompressionEncoding::Gzip),
            false => client,
        }
    }

    /// Generates the whole answer. The call is repeated up to ten times if a connection or a
    /// replica was lost before the answer, or if the service refused the call and asks for a
    /// repetition. A repetition joins a generation that still runs, or gets its stored answer. If
    /// the lost connection cancelled the generation, the answer is generated again, and a provider
    /// can be paid twice.
    pub async fn generate(&self, request: GenerateRequest) -> Result<GenerateResponse, SteerError> {
        // The service's default maximum.
        self.generate_within(Duration::from_secs(3_600), request)
            .await
    }

    /// The same with a deadline, repetitions included.
    pub async fn generate_within(
        &self,
        timeout: Duration,
        mut request: GenerateRequest,
    ) -> Result<GenerateResponse, SteerError> {
        fill(&mut request.request_id);
        let ends_at = Instant::now() + timeout;
        let mut tries = 0;
        loop {
            let mut call = Request::new(request.clone());
            call.set_timeout(ends_at - Instant::now());
            let cause = match self.generation().generate(call).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => SteerError::from(status),
            };
            tries += 1;
            if tries > MAX_TRIES || !is_repeatable(&cause) {
                return Err(cause);
            }
            let wait = wait_before(&cause, tries, (ReadOptions::default().random)());
            if Instant::now() + wait >= ends_at {
                return Err(cause);
            }
            sleep(wait).await;
        }
    }

    /// Generates and streams. Resumes by itself if a connection or a replica is lost. Accepts
    /// discards, and asks for `MidStreamRecovery::Restart` if the request names no recovery. Sends
    /// nothing before the first event is requested.
    pub fn stream_generate(&self, request: StreamGenerateRequest) -> EventStream {
        self.stream_generate_with(ReadOptions::default(), request)
    }

    pub fn stream_generate_with(
        &self,
        mut options: ReadOptions,
        mut request: StreamGenerateRequest,
    ) -> EventStream {
        request.accepts_discard = true;
        if let Some(spec) = &mut request.spec {
            let routing = spec.routing.get_or_insert_default();
            if routing.mid_stream_recovery == 0 {
                routing.set_mid_stream_recovery(MidStreamRecovery::Restart);
            }
        }
        let asked = request.options.unwrap_or_default();
        if !asked.ephemeral {
            fill(&mut request.request_id);
        }
        let interval = asked.heartbeat_interval.map(TryInto::try_into);
        let heartbeat = interval.and_then(Result::ok).unwrap_or(HEARTBEAT);
        options.silence.get_or_insert(heartbeat * MISSED_HEARTBEATS);
        let is_repeatable = !request.request_id.is_empty();
        self.read(options, StreamCursor::default(), is_repeatable, request)
    }

    /// Resumes a stream at a stored position. Its heartbeat interval is unknown here, so silence
    /// has no limit by default.
    pub fn resume_stream(&self, options: ReadOptions, cursor: StreamCursor) -> EventStream {
        self.read(options, cursor, true, StreamGenerateRequest::default())
    }

    fn read(
        &self,
        options: ReadOptions,
        from: StreamCursor,
        is_repeatable: bool,
        request: StreamGenerateRequest,
    ) -> EventStream {
        let client = self.clone();
        let timeout = options.delivery_timeout;
        let call = Box::new(move |cursor: &StreamCursor| {
            let mut service = client.generation();
            let StreamCursor {
                stream_id,
                sequence,
                writer,
            } = cursor.clone();
            let opening = stream_id
                .is_empty()
                .then(|| timed(request.clone(), timeout));
            once(async move {
                let response = match opening {
                    Some(request) => service.stream_generate(request).await,
                    None => {
                        let request = ResumeStreamRequest {
                            stream_id,
                            last_sequence: sequence,
                            last_writer: writer,
                            accepts_discard: true,
                        };
                        service.resume_stream(timed(request, timeout)).await
                    }
                };
                response.map(Response::into_inner)
            })
            .try_flatten()
            .boxed()
        });
        read_stream(
            StreamCalls {
                call,
                is_repeatable,
            },
            options,
            from,
        )
    }
}

fn timed<T>(message: T, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

fn fill(request_id: &mut String) {
    if request_id.is_empty() {
        *request_id = format!("{:016x}{:016x}", random_bits(), random_bits());
    }
}
