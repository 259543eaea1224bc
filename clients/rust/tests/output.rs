//! The valid text and the result, from events alone.
use futures_util::stream;
use steer_client::{EventStream, ReadOptions, StreamCalls, StreamCursor, StreamExt, read_stream};
use steer_stubs::v1::part::Data;
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{
    Annotation, AttemptNotice, GatewayError, Generation, Message, Part, PartEnd, ProviderData,
    ReasoningDelta, ReasoningPart, Role, StreamComplete, StreamError, StreamEvent, TextDelta,
    TextPart, TokenLogprob, ToolCall, ToolCallDelta,
};
use tonic::{Code, Status};

fn text(part_index: i32, text: &str) -> Event {
    let text = text.to_owned();
    Event::TextDelta(TextDelta {
        part_index,
        text,
        ..TextDelta::default()
    })
}

fn reasoning(part_index: i32, text: &str) -> Event {
    let text = text.to_owned();
    Event::ReasoningDelta(ReasoningDelta { part_index, text })
}

fn notice(discard_output: bool) -> Event {
    Event::AttemptNotice(AttemptNotice {
        discard_output,
        ..AttemptNotice::default()
    })
}

fn end(part_index: i32, part: Option<Part>) -> Event {
    Event::PartEnd(PartEnd {
        part_index,
        part,
        remainder: None,
    })
}

fn complete(generation: Option<Generation>) -> Event {
    Event::Complete(StreamComplete {
        generation,
        ..StreamComplete::default()
    })
}

fn done() -> Event {
    complete(None)
}

fn words(text: &str) -> Part {
    let text = text.to_owned();
    Part {
        data: Some(Data::Text(TextPart {
            text,
            ..TextPart::default()
        })),
        ..Part::default()
    }
}

fn call() -> Part {
    Part {
        data: Some(Data::ToolCall(ToolCall {
            name: "weather".to_owned(),
            ..ToolCall::default()
        })),
        ..Part::default()
    }
}

/// A reader of these events, the first of which has this sequence.
fn read(first: i32, events: Vec<Event>) -> EventStream {
    let from = StreamCursor {
        // At a stored position, an end without an event is a success.
        stream_id: if first > 1 {
            "s.1".to_owned()
        } else {
            String::new()
        },
        sequence: first - 1,
        writer: 7,
    };
    let numbered = (first..).zip(events).map(|(sequence, event)| StreamEvent {
        sequence,
        writer: 7,
        event: Some(event),
        ..StreamEvent::default()
    });
    let events: Vec<_> = numbered.map(Ok::<_, Status>).collect();
    let calls = StreamCalls {
        call: Box::new(move |_| stream::iter(events.clone()).boxed()),
        is_repeatable: true,
    };
    read_stream(calls, ReadOptions::default(), from)
}

#[tokio::test]
async fn what_a_provider_adds_is_part_of_the_message() {
    let token = |text: &str| TokenLogprob {
        token: text.to_owned(),
        logprob: -0.5,
        ..TokenLogprob::default()
    };
    let piece = |text: &str| {
        Event::TextDelta(TextDelta {
            part_index: 1,
            text: text.to_owned(),
            logprobs: vec![token(text)],
        })
    };
    let data = |json: &str| ProviderData {
        provider_type: "openai".to_owned(),
        api: "responses".to_owned(),
        json: json.to_owned(),
    };
    let cited = |text: &str, logprobs| Part {
        data: Some(Data::Text(TextPart {
            text: text.to_owned(),
            annotations: vec![Annotation {
                uri: "https://example.com".to_owned(),
                provider_data: Some(data("{\"n\":1}")),
                ..Annotation::default()
            }],
            logprobs,
        })),
        ..Part::default()
    };
    let search = Part {
        data: Some(Data::ProviderPart(data("{\"type\":\"web_search_call\"}"))),
        ..Part::default()
    };
    let whole = PartEnd {
        part_index: 1,
        part: Some(cited("It is.", vec![])),
        remainder: None,
    };
    let short = PartEnd {
        part_index: 1,
        part: None,
        remainder: Some(cited("", vec![])),
    };
    for last in [whole, short] {
        let events = vec![
            piece("void"),
            notice(true),
            end(0, Some(search.clone())),
            piece("It "),
            piece("is."),
            Event::PartEnd(last),
            Event::Complete(StreamComplete {
                message_omitted: true,
                provider_data: Some(data("{\"id\":\"m\"}")),
                ..StreamComplete::default()
            }),
        ];
        let message = read(1, events).collect().await.unwrap().message.unwrap();
        let tokens = vec![token("It "), token("is.")];
        assert_eq!(message.parts, [search.clone(), cited("It is.", tokens)]);
        assert_eq!(message.provider_data, Some(data("{\"id\":\"m\"}")));
    }
}

#[tokio::test]
async fn the_remainder_of_a_part_is_completed_by_its_deltas() {
    let short = |part_index, remainder| {
        Event::PartEnd(PartEnd {
            part_index,
            part: None,
            remainder: Some(remainder),
        })
    };
    let called = |text: &str| {
        Event::ToolCallDelta(ToolCallDelta {
            part_index: 1,
            arguments_fragment: text.to_owned(),
            ..ToolCallDelta::default()
        })
    };
    let thought = |text: &str| Part {
        data: Some(Data::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: b"s".to_vec(),
            ..ReasoningPart::default()
        })),
        ..Part::default()
    };
    let events = vec![
        reasoning(0, "void"),
        called("void"),
        notice(true),
        reasoning(0, "h"),
        reasoning(0, "m"),
        short(0, thought("")),
        called("{\"a\""),
        called(":1}"),
        short(1, call()),
        done(),
    ];
    let generation = read(1, events).collect().await.unwrap();
    let mut whole = call();
    if let Some(Data::ToolCall(call)) = &mut whole.data {
        call.arguments_json = "{\"a\":1}".to_owned();
    }
    let parts = generation.message.unwrap().parts;
    assert_eq!(parts, [thought("hm"), whole]);
}

#[tokio::test]
async fn the_text_that_stands() {
    let whole = Generation {
        message: Some(Message {
            parts: vec![words("whole"), call(), words(" text")],
            ..Message::default()
        }),
        ..Generation::default()
    };
    let said = Generation {
        output_text: "all".to_owned(),
        ..Generation::default()
    };
    let cases = [
        (
            1,
            vec![text(0, "old"), notice(true), text(0, "new"), done()],
            Some("new"),
        ),
        (
            1,
            vec![text(0, "a"), notice(false), text(0, "b"), done()],
            Some("ab"),
        ),
        (
            1,
            vec![
                text(0, "a"),
                notice(true),
                text(1, "b"),
                notice(true),
                text(0, "c"),
                done(),
            ],
            Some("c"),
        ),
        (
            1,
            vec![text(1, "B"), text(0, "A"), text(1, "b"), done()],
            Some("ABb"),
        ),
        (
            1,
            vec![
                reasoning(0, "hm"),
                text(1, "A"),
                end(1, None),
                end(2, Some(call())),
                text(3, "B"),
                done(),
            ],
            Some("AB"),
        ),
        (
            1,
            vec![text(0, "A"), end(0, Some(words("B"))), done()],
            Some("B"),
        ),
        (
            7,
            vec![text(0, "tail"), complete(Some(whole))],
            Some("whole text"),
        ),
        (7, vec![text(0, "tail"), complete(Some(said))], Some("all")),
        (7, vec![text(0, "tail"), done()], None),
        (
            7,
            vec![text(0, "tail"), notice(true), text(0, "new"), done()],
            Some("new"),
        ),
        (7, vec![], None),
        (1, vec![notice(true), done()], Some("")),
    ];
    for (index, (first, events, expected)) in cases.into_iter().enumerate() {
        let read = read(first, events).text().await;
        match expected {
            Some(expected) => assert_eq!(read.unwrap(), expected, "case {index}"),
            None => assert_eq!(
                read.unwrap_err().reason,
                "OUTPUT_INCOMPLETE",
                "case {index}"
            ),
        }
    }
}

#[tokio::test]
async fn a_result_is_collected_with_its_message() {
    let result = Generation {
        provider: "simulator".to_owned(),
        ..Generation::default()
    };
    let events = vec![
        text(0, "old"),
        notice(true),
        text(1, "new"),
        end(0, Some(call())),
        complete(Some(result)),
    ];
    let generation = read(1, events).collect().await.unwrap();
    let message = generation.message.unwrap();
    assert_eq!(generation.provider, "simulator");
    assert_eq!(message.role(), Role::Assistant);
    assert_eq!(message.parts, [call(), words("new")]);
}

#[tokio::test]
async fn a_stream_that_fails_has_no_output() {
    let failed = || {
        let error = Some(GatewayError {
            code: Code::Unavailable.into(),
            reason: "OWNER_LOST".to_owned(),
            ..GatewayError::default()
        });
        let partial = None;
        vec![text(0, "a"), Event::Error(StreamError { error, partial })]
    };
    assert_eq!(
        read(1, failed()).text().await.unwrap_err().reason,
        "OWNER_LOST"
    );
    assert_eq!(
        read(1, failed()).collect().await.unwrap_err().reason,
        "OWNER_LOST"
    );
}
