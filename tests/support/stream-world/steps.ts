// Every possible step of a world, and its initial state.
import type { Model, Step } from "../explorer.ts";
import { checkWorld } from "./invariants.ts";
import { keyOfMessage, keyOfWorld } from "./keys.ts";
import type { StreamRules } from "./rules.ts";
import type { Message, Reader, Stored, World, WorldEvent, WorldSize, Writer } from "./world.ts";

function replaced<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((old, at) => (at === index ? value : old));
}

/** Every step that one writer can take by itself. */
function* writerSteps(world: World, index: number, size: WorldSize): Iterable<Step<World>> {
  const writer = world.writers[index];
  if (writer?.role !== "owner") return;
  const withWriter = (next: Writer): World => ({
    ...world,
    writers: replaced(world.writers, index, next),
  });
  if (writer.end === 0 && writer.produced < size.events) {
    const produced = writer.produced + 1;
    yield { name: `${index} makes ${produced}`, next: withWriter({ ...writer, produced }) };
    const end = produced;
    yield { name: `${index} ends at ${end}`, next: withWriter({ ...writer, produced, end }) };
  }
  if (writer.outstanding === "" && writer.position < writer.produced) {
    const message = {
      maker: index,
      token: writer.token,
      first: writer.position + 1,
      last: writer.produced,
      endsStream: writer.end === writer.produced,
    };
    const key = keyOfMessage(message);
    const isKnown = world.messages.some((known) => keyOfMessage(known) === key);
    const messages = isKnown ? world.messages : [...world.messages, message];
    const next = { ...withWriter({ ...writer, outstanding: key }), messages };
    yield { name: `${index} sends ${message.first}-${message.last}`, next };
  }
}

/** An owner that is shutting down, or that has lost its stream, gives it up. */
function* handOffSteps(world: World, index: number, rules: StreamRules): Iterable<Step<World>> {
  const writer = world.writers[index];
  if (writer?.role !== "owner") return;
  for (const cause of ["planned", "lost"] as const) {
    const record = rules.handedOff(world.stored.record, writer.token, cause);
    const stored = record === undefined ? world.stored : { ...world.stored, record };
    const stopped: Writer = { ...writer, role: "stopped" };
    const writers = replaced(world.writers, index, stopped);
    yield { name: `${index} hands off, ${cause}`, next: { ...world, stored, writers } };
  }
}

/** A writer's reaction to the answer to its append. */
function answered(
  writer: Writer,
  message: Message,
  answer: { readonly state: string; readonly tail?: number },
): Writer {
  const idle = { ...writer, outstanding: "" };
  const { tail = 0 } = answer;
  switch (answer.state) {
    case "stored":
    case "repeated": {
      const acknowledged = Math.max(writer.acknowledged, message.last);
      return { ...idle, position: message.last, acknowledged };
    }
    case "overlap":
      return { ...idle, position: tail, acknowledged: Math.max(writer.acknowledged, tail) };
    case "gap":
      if (tail >= writer.base) return { ...idle, position: tail };
      // Events before the writer's own are lost, and it has no copy, so it ends the stream there.
      return {
        ...idle,
        base: tail,
        produced: tail + 1,
        acknowledged: tail,
        position: tail,
        end: tail + 1,
      };
    default:
      return { ...idle, role: "stopped" };
  }
}

/** A message arrives; its writer gets the answer, or does not. */
function* arrivals(world: World, message: Message, rules: StreamRules): Iterable<Step<World>> {
  const { stored } = world;
  const { first, last, token, maker, endsStream } = message;
  const ending = endsStream ? ({ phase: "completed", freesKey: false } as const) : undefined;
  const step = { token, first, last, bytes: 0, firstContent: 0, ending, progress: undefined };
  const { answer, after } = rules.append(stored.record, step, 0);
  let next = world;
  if (after !== undefined) {
    const made = Array.from({ length: last - first + 1 }, (_, offset) => ({
      sequence: rules.sequenceOf(first + offset, after.tail - last),
      token,
      maker,
      number: first + offset,
      isEnd: endsStream && first + offset === last,
    }));
    next = { ...world, stored: { ...stored, record: after, log: [...stored.log, ...made] } };
  }
  const name = `${maker}'s ${first}-${last} is ${answer.state}`;
  yield { name: `${name}, unheard`, next };
  const writer = world.writers[maker];
  if (writer?.role !== "owner" || writer.outstanding !== keyOfMessage(message)) return;
  yield {
    name,
    next: { ...next, writers: replaced(world.writers, maker, answered(writer, message, answer)) },
  };
}

/** A claim arrives; the claimant gets the answer, or tries again. */
function* claimSteps(world: World, index: number, rules: StreamRules): Iterable<Step<World>> {
  const writer = world.writers[index];
  if (writer?.role !== "claiming") return;
  const { record } = world.stored;
  const nonce = rules.nonceOf(index, writer.seenEpoch + 1);
  const next = { session: `session-${index}`, nonce };
  const { answer, after } = rules.claim(record, writer.seenEpoch, false, next);
  let stored = world.stored;
  let violation: string | undefined;
  if (after !== undefined && after !== record) {
    if (record.token.epoch !== writer.seenEpoch) {
      violation = "a stream was taken from an owner that nobody had seen dead";
    }
    const claims = [...stored.claims, { epoch: after.token.epoch, tail: after.tail }];
    stored = { ...stored, record: after, claims };
  }
  const name = `${index}'s claim is ${answer.state}`;
  yield { name: `${name}, unheard`, next: { ...world, stored }, violation };
  const { token, tail } = after ?? record;
  const owner: Writer = {
    ...writer,
    role: "owner",
    token,
    base: tail,
    produced: tail,
    acknowledged: tail,
    position: tail,
  };
  const learnt = answer.state === "claimed" ? owner : { ...writer, role: "stopped" as const };
  yield { name, next: { ...world, stored, writers: replaced(world.writers, index, learnt) } };
}

function* readerSteps(world: World, index: number, rules: StreamRules): Iterable<Step<World>> {
  const reader = world.readers[index];
  if (reader?.state !== "reading") return;
  const withReader = (next: Reader): World => ({
    ...world,
    readers: replaced(world.readers, index, next),
  });
  const deliver = (event: WorldEvent): World =>
    withReader({
      state: event.isEnd ? "done" : "reading",
      events: [...reader.events, event],
    });
  const last = reader.events.at(-1);
  const sequence = last?.sequence ?? 0;
  const { log, record } = world.stored;
  const told = withReader({ ...reader, state: "told" });
  const atCursor = log.find((event) => event.sequence === sequence);
  if (sequence > record.tail) {
    yield { name: `reader ${index} is ahead for too long`, next: told };
  } else if (
    rules.verifiesWriter &&
    last !== undefined &&
    atCursor?.token.nonce !== last.token.nonce
  ) {
    yield { name: `reader ${index} is told of the divergence`, next: told };
  } else {
    const event = log.find((each) => each.sequence > sequence);
    if (event !== undefined) {
      yield { name: `reader ${index} reads ${event.sequence}`, next: deliver(event) };
    }
  }
  for (const [maker, writer] of world.writers.entries()) {
    const number = sequence + 1;
    if (number <= writer.base || number > rules.pushedUpTo(writer)) continue;
    // A batch of another writer proves nothing about earlier events, so the reader asks the log.
    if (rules.verifiesPushes && last?.token.nonce !== writer.token.nonce) continue;
    const isEnd = writer.end === number;
    const event = { sequence: number, token: writer.token, maker, number, isEnd };
    yield { name: `reader ${index} is pushed ${number} of ${maker}`, next: deliver(event) };
  }
}

function* stepsOf(world: World, size: WorldSize, rules: StreamRules): Iterable<Step<World>> {
  for (const index of world.writers.keys()) {
    yield* writerSteps(world, index, size);
    yield* claimSteps(world, index, rules);
    if (size.handsOff === true) yield* handOffSteps(world, index, rules);
  }
  for (const message of world.messages) yield* arrivals(world, message, rules);
  for (const index of world.readers.keys()) yield* readerSteps(world, index, rules);
  const { record } = world.stored;
  if (record.phase === "running" && world.writers.length <= size.claims) {
    const claimant: Writer = {
      role: "claiming",
      seenEpoch: record.token.epoch,
      token: { epoch: 0, nonce: 0 },
      base: 0,
      produced: 0,
      acknowledged: 0,
      position: 0,
      end: 0,
      outstanding: "",
    };
    const next = { ...world, writers: [...world.writers, claimant] };
    yield { name: `${world.writers.length} finds no living owner`, next };
  }
  if (world.rollbacksLeft === 0) return;
  if (world.checkpointsLeft > 0) {
    const { checkpointsLeft, stored } = world;
    const next = { ...world, checkpoint: stored, checkpointsLeft: checkpointsLeft - 1 };
    yield { name: "the store is safe so far", next };
  }
  if (world.stored === world.checkpoint) return;
  yield {
    name: "the store loses its last seconds",
    next: {
      ...world,
      stored: world.checkpoint,
      rollbacksLeft: world.rollbacksLeft - 1,
      lost: [...world.lost, world.stored.log],
    },
  };
}

/** Writer 0 has just created the stream, and its readers have nothing yet. */
export function createWorld(size: WorldSize, rules: StreamRules): Model<World> {
  const token = { epoch: 1, nonce: rules.nonceOf(0, 1) };
  const record = rules.created(token);
  const start = { sequence: 1, token, maker: 0, number: 1, isEnd: false };
  const stored: Stored = { record, log: [start], claims: [] };
  const creator: Writer = {
    role: "owner",
    seenEpoch: 0,
    token,
    base: 0,
    produced: 1,
    acknowledged: 1,
    position: 1,
    end: 0,
    outstanding: "",
  };
  const reader: Reader = { state: "reading", events: [] };
  return {
    initial: {
      stored,
      checkpoint: stored,
      checkpointsLeft: size.rollbacks,
      rollbacksLeft: size.rollbacks,
      lost: [],
      writers: [creator],
      messages: [],
      readers: Array.from({ length: size.readers }, () => reader),
    },
    steps: (world) => stepsOf(world, size, rules),
    keyOf: keyOfWorld,
    violationOf: checkWorld,
  };
}
