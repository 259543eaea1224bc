use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use prost::Message;
use steer_stubs::v1::GatewayError;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::{ErrorInfo, RetryInfo, StatusExt};

use crate::StreamCursor;

/// Domain of every error of the gateway itself.
const DOMAIN: &str = "steer";
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// A failed call.
#[derive(Debug)]
pub struct SteerError {
    pub code: Code,
    /// Stable cause in UPPER_SNAKE_CASE; empty if the status comes from a library or a proxy.
    pub reason: String,
    pub message: String,
    /// The gateway's complete error: category, attempts, usage.
    pub detail: Option<Box<GatewayError>>,
    /// True if the gateway answered; otherwise the status comes from a library or a proxy.
    pub is_from_gateway: bool,
    /// True if the same call can succeed later.
    pub retryable: bool,
    /// Shortest sensible wait before a repetition.
    pub retry_delay: Option<Duration>,
    /// `grpc-retry-pushback-ms`: a negative value forbids automatic repetitions, any other asks for
    /// one.
    pub pushback_ms: Option<i64>,
    /// Position of the stream's reader.
    pub cursor: Option<Box<StreamCursor>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SteerError {
    /// An error that the helper itself found.
    pub(crate) fn local(code: Code, reason: &str, message: String) -> Self {
        SteerError {
            code,
            reason: reason.to_owned(),
            message,
            detail: None,
            is_from_gateway: false,
            retryable: code == Code::Unavailable,
            retry_delay: None,
            pushback_ms: None,
            cursor: None,
            source: None,
        }
    }

    /// A channel that cannot be created, for example because the system has no certificates.
    pub(crate) fn of_transport(cause: tonic::transport::Error) -> Self {
        let message = format!("no channel can be made: {cause}");
        let mut error = SteerError::local(Code::FailedPrecondition, "", message);
        error.source = Some(Box::new(cause));
        error
    }

    /// The error of a stream's terminal event.
    pub(crate) fn from_event(detail: Option<GatewayError>) -> Self {
        let Some(detail) = detail else {
            return SteerError::local(Code::Unknown, "", "no error given".to_owned());
        };
        let code = Code::from(detail.code);
        let mut error = SteerError::local(code, &detail.reason, detail.message.clone());
        error.set_detail(detail);
        error
    }

    fn set_detail(&mut self, detail: GatewayError) {
        self.is_from_gateway = true;
        self.retryable = detail.retryable;
        self.retry_delay = detail.retry_delay.and_then(|delay| delay.try_into().ok());
        self.detail = Some(Box::new(detail));
    }

    pub(crate) fn at(mut self, cursor: &StreamCursor) -> Self {
        self.cursor = Some(Box::new(cursor.clone()));
        self
    }

    pub(crate) fn because(mut self, cause: SteerError) -> Self {
        self.source = Some(Box::new(cause));
        self
    }
}

impl From<Status> for SteerError {
    fn from(status: Status) -> Self {
        // tonic's own timer reports CANCELLED.
        let mut sources = successors(status.source(), |&error| error.source());
        let code = match sources.any(|error| error.is::<TimeoutExpired>()) {
            true => Code::DeadlineExceeded,
            false => status.code(),
        };
        let mut error = SteerError::local(code, "", status.message().to_owned());
        if let Some(detail) = gateway_error(&status) {
            error.reason.clone_from(&detail.reason);
            error.set_detail(detail);
        }
        if let Some(ErrorInfo { reason, domain, .. }) = status.get_details_error_info() {
            error.is_from_gateway = domain == DOMAIN;
            error.retryable &= error.detail.is_some() || !error.is_from_gateway;
            error.reason = reason;
        }
        if let Some(RetryInfo {
            retry_delay: Some(delay),
        }) = status.get_details_retry_info()
        {
            error.retry_delay = Some(delay);
        }
        if let Some(pushback) = status.metadata().get(PUSHBACK) {
            // A value that is not a number forbids a repetition, as in gRPC.
            let text = pushback.to_str().unwrap_or_default();
            error.pushback_ms = Some(text.parse().unwrap_or(-1));
        }
        error.source = Some(Box::new(status));
        error
    }
}

fn gateway_error(status: &Status) -> Option<GatewayError> {
    let details = tonic_types::Status::decode(status.details()).ok()?.details;
    let packed = details
        .into_iter()
        .find(|any| any.type_url.ends_with("/steer.v1.GatewayError"))?;
    GatewayError::decode(packed.value.as_slice()).ok()
}

/// `Code::InvalidArgument` as the contract writes it: `INVALID_ARGUMENT`.
pub fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

impl fmt::Display for SteerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", code_name(self.code))?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Error for SteerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
