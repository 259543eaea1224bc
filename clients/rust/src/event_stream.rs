use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, Stream, TryStreamExt};
use steer_stubs::v1::{Generation, StreamEvent};

use crate::SteerError;
use crate::output::Output;

/// The events of a stream, each once and in order. Dropping it ends its call.
pub struct EventStream(BoxStream<'static, Result<StreamEvent, SteerError>>);

impl EventStream {
    pub(crate) fn new(events: BoxStream<'static, Result<StreamEvent, SteerError>>) -> Self {
        EventStream(events)
    }

    /// Reads to the end and returns the valid text: the text parts in the order of their index,
    /// joined, without voided output. Fails with the error of a failed stream. Fails with
    /// `OUTPUT_INCOMPLETE` if the events began after the first valid output and the last event has
    /// no message.
    pub async fn text(self) -> Result<String, SteerError> {
        self.output().await?.into_text()
    }

    /// Reads to the end and returns the result, always with its message and its `output_text`,
    /// which are assembled from the events if the last event leaves them out. Fails like
    /// [`EventStream::text`]. To collect the events, use `StreamExt::collect(events)`.
    pub async fn collect(self) -> Result<Generation, SteerError> {
        self.output().await?.into_generation()
    }

    async fn output(mut self) -> Result<Output, SteerError> {
        let mut output = Output::default();
        while let Some(event) = self.0.try_next().await? {
            output.add(event);
        }
        Ok(output)
    }
}

impl Stream for EventStream {
    type Item = Result<StreamEvent, SteerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
