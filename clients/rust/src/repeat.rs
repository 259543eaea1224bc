//! When a call is repeated, and after which wait: one rule for unary calls and streams.
use std::time::Duration;

use tonic::Code;

use crate::SteerError;

/// Most failures in a row without a new event between them.
pub(crate) const MAX_TRIES: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(5);

/// True if the service asks for a repetition, or if the call was lost before the service answered.
pub(crate) fn is_repeatable(cause: &SteerError) -> bool {
    if let Some(pushback) = cause.pushback_ms {
        return pushback >= 0 && cause.code == Code::Unavailable;
    }
    // Codes with which tonic and proxies report a lost connection.
    let is_lost = matches!(
        cause.code,
        Code::Unavailable | Code::Aborted | Code::Cancelled | Code::Unknown | Code::Internal
    );
    is_lost && !cause.is_from_gateway
}

/// The wait before repetition number `tries`: random within a range that doubles, and at least as
/// long as the service asks for. `random` is uniform in 0 to 1.
pub(crate) fn wait_before(cause: &SteerError, tries: u32, random: f64) -> Duration {
    let pushback = Duration::from_millis(cause.pushback_ms.unwrap_or(0).unsigned_abs());
    let most = MAX_WAIT.min(FIRST_WAIT * 2_u32.pow(tries));
    most.mul_f64(random)
        .max(cause.retry_delay.unwrap_or_default())
        .max(pushback)
}
