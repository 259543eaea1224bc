//! The valid output of a stream, without output that a notice voided.
use std::collections::BTreeMap;

use steer_stubs::v1::part::Data;
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{
    Generation, Message, Part, ProviderData, ReasoningPart, Role, StreamEvent, TextPart,
    TokenLogprob,
};
use tonic::Code;

use crate::SteerError;

/// A part, built from deltas or received whole at its end.
#[derive(Default)]
struct Draft {
    text: String,
    logprobs: Vec<TokenLogprob>,
    is_reasoning: bool,
    whole: Option<Part>,
}

impl From<Draft> for Part {
    fn from(draft: Draft) -> Self {
        let text = draft.text;
        if let Some(whole) = draft.whole {
            return with_logprobs(whole, draft.logprobs);
        }
        Part {
            data: Some(match draft.is_reasoning {
                true => Data::Reasoning(ReasoningPart {
                    text,
                    ..ReasoningPart::default()
                }),
                false => Data::Text(TextPart {
                    text,
                    logprobs: draft.logprobs,
                    ..TextPart::default()
                }),
            }),
            ..Part::default()
        }
    }
}

/// A text that came whole, with the token probabilities of its deltas.
fn with_logprobs(mut whole: Part, logprobs: Vec<TokenLogprob>) -> Part {
    if let Some(Data::Text(text)) = &mut whole.data {
        if text.logprobs.is_empty() {
            text.logprobs = logprobs;
        }
    }
    whole
}

/// Completes a part whose `part_end` left out its text with the text of its deltas.
fn completed(mut remainder: Part, text: String) -> Part {
    match &mut remainder.data {
        Some(Data::Text(part)) => part.text = text,
        Some(Data::ToolCall(call)) => call.arguments_json = text,
        Some(Data::Reasoning(reasoning)) => reasoning.text = text,
        _ => {}
    }
    remainder
}

fn text_of(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match &part.data {
        Some(Data::Text(text)) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Collects the events of one reader; afterwards it has the text and the result.
#[derive(Default)]
pub(crate) struct Output {
    drafts: BTreeMap<i32, Draft>,
    /// Arguments of tool calls, for `part_end` events without them.
    arguments: BTreeMap<i32, String>,
    /// Sequence of the first event received. 1 after a discard, because earlier output is void. 0
    /// before the first event.
    first_seen: i32,
    /// From the last event; an older service sends 0.
    first_output: i32,
    result: Generation,
    /// Provider data of a message that the last event leaves out.
    provider_data: Option<ProviderData>,
}

impl Output {
    pub(crate) fn add(&mut self, event: StreamEvent) {
        if self.first_seen == 0 {
            self.first_seen = event.sequence;
        }
        match event.event {
            Some(Event::TextDelta(delta)) => {
                let draft = self.draft(delta.part_index);
                draft.text += &delta.text;
                draft.logprobs.extend(delta.logprobs);
            }
            Some(Event::ReasoningDelta(delta)) => {
                let draft = self.draft(delta.part_index);
                draft.is_reasoning = true;
                draft.text += &delta.text;
            }
            Some(Event::ToolCallDelta(delta)) => {
                let arguments = self.arguments.entry(delta.part_index).or_default();
                *arguments += &delta.arguments_fragment;
            }
            Some(Event::PartEnd(end)) if end.part.is_some() => {
                self.draft(end.part_index).whole = end.part;
            }
            Some(Event::PartEnd(end)) => {
                if let Some(remainder) = end.remainder {
                    let arguments = self.arguments.remove(&end.part_index);
                    let draft = self.draft(end.part_index);
                    let text = arguments.unwrap_or_else(|| std::mem::take(&mut draft.text));
                    draft.whole = Some(completed(remainder, text));
                }
            }
            Some(Event::AttemptNotice(notice)) if notice.discard_output => {
                self.drafts.clear();
                self.arguments.clear();
                self.first_seen = 1;
            }
            Some(Event::Complete(complete)) => {
                self.first_output = complete.first_output_sequence;
                self.provider_data = complete.provider_data;
                self.result = complete.generation.unwrap_or_default();
            }
            _ => {}
        }
    }

    pub(crate) fn into_text(mut self) -> Result<String, SteerError> {
        if self.result.message.is_none() && !self.result.output_text.is_empty() {
            return Ok(self.result.output_text);
        }
        Ok(text_of(&self.take_message()?))
    }

    pub(crate) fn into_generation(mut self) -> Result<Generation, SteerError> {
        let message = self.take_message()?;
        if self.result.output_text.is_empty() {
            self.result.output_text = text_of(&message);
        }
        self.result.message = Some(message);
        Ok(self.result)
    }

    /// True if every event of the valid output was received.
    fn is_whole(&self) -> bool {
        (1..=self.first_output.max(1)).contains(&self.first_seen)
    }

    fn draft(&mut self, index: i32) -> &mut Draft {
        self.drafts.entry(index).or_default()
    }

    fn take_message(&mut self) -> Result<Message, SteerError> {
        if let Some(message) = self.result.message.take() {
            return Ok(message);
        }
        if !self.is_whole() {
            let message =
                "the stream was read from its middle on, and its last event has no message";
            return Err(SteerError::local(
                Code::FailedPrecondition,
                "OUTPUT_INCOMPLETE",
                message.to_owned(),
            ));
        }
        let drafts = std::mem::take(&mut self.drafts);
        Ok(Message {
            role: Role::Assistant.into(),
            parts: drafts.into_values().map(Part::from).collect(),
            provider_data: self.provider_data.take(),
            ..Message::default()
        })
    }
}
