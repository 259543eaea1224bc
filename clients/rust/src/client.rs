use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt, once};
use steer_stubs::v1::generation_service_client::GenerationServiceClient;
use steer_stubs::v1::{
    GenerateRequest, GenerateResponse, MidStreamRecovery, ResumeStreamRequest,
    StreamGenerateRequest,
};
use tokio::time::{Instant, sleep};
use tonic::codec::CompressionEncoding;
use tonic::metadata::{Ascii, MetadataValue, errors::InvalidMetadataValue};
use tonic::service::{Interceptor, interceptor::InterceptedService};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint, Error};
use tonic::{Request, Response, Status};

use crate::repeat::{MAX_TRIES, is_repeatable, wait_before};
use crate::{
    EventStream, ReadOptions, SteerError, StreamCalls, StreamCursor, random_bits, read_stream,
};

/// The service's limits: of a request, and of an answer.
const MAX_REQUEST: usize = 32 << 20;
const MAX_ANSWER: usize = 4 << 20;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Heartbeats that may be missing before a connection counts as dead.
const MISSED_HEARTBEATS: u32 = 3;

/// The helper's settings of a connection to `host:port`, or `https://host:port`, which trusts the
/// system's certificates.
pub fn endpoint(address: &str) -> Result<Endpoint, Error> {
    let is_secure = address.starts_with("https://");
    let uri = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    // A connection that does not answer a ping is dead, and its calls are resumed over another.
    let endpoint = Endpoint::from_shared(uri)?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(60))
        .keep_alive_timeout(Duration::from_secs(20));
    match is_secure {
        true => endpoint.tls_config(ClientTlsConfig::new().with_enabled_roots()),
        false => Ok(endpoint),
    }
}

/// Sends the caller's key with each call.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// What each client of `steer_stubs` takes: `AdminServiceClient::new(client.service())`.
pub type Service = InterceptedService<Channel, Bearer>;

/// Calls the gateway. Clones share one connection, which is made when it is needed.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    bearer: Bearer,
    is_compressing: bool,
}

impl Client {
    /// See [`endpoint`] for the address. Needs a running tokio.
    pub fn new(address: &str) -> Result<Self, Error> {
        Ok(Client::over(endpoint(address)?.connect_lazy()))
    }

    /// Over a channel with other settings.
    pub fn over(channel: Channel) -> Self {
        Client {
            channel,
            bearer: Bearer::default(),
            is_compressing: false,
        }
    }

    /// With the key of the caller.
    pub fn with_token(mut self, token: &str) -> Result<Self, InvalidMetadataValue> {
        self.bearer = Bearer(Some(format!("Bearer {token}").parse()?));
        Ok(self)
    }

    /// With requests compressed by gzip.
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

    /// Generates the whole answer. The call is made again, ten times at most, where a connection or
    /// a replica was lost before the answer came, or where the service has refused the call and asks
    /// for a repetition. A repetition joins a generation that still runs, or gets its stored answer.
    /// A generation whose connection was lost is cancelled: then the answer is generated again, and a
    /// provider can be paid twice.
    pub async fn generate(&self, request: GenerateRequest) -> Result<GenerateResponse, SteerError> {
        // The longest that the service allows by its default.
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

    /// Generates and streams; goes on by itself where a connection or a replica is lost. Accepts
    /// that output is discarded, and asks for `MidStreamRecovery::Restart` where the request names
    /// no recovery. Nothing is sent before the first event is asked for.
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

    /// Goes on with a stream whose position was kept elsewhere. The interval of its heartbeats is
    /// not known here: no limit to silence unless one is given.
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
