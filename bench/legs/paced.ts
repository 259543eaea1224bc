import { streamLoad } from "../calls.ts";
import { type Pace, pacedCost } from "../costs.ts";
import { beside, interleave } from "../measure.ts";
import type { Served } from "../processes.ts";
import { BIFROST_PACED } from "../ratios-of-202611.ts";
import type { Row } from "../report.ts";
import type { Leg, Scene } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

interface Case {
  readonly model: string;
  readonly paceMs: number;
  readonly pace: Pace;
  /** The case that a target names. */
  readonly isTarget?: true;
}

const CASES: readonly Case[] = [
  { model: "paced-5", paceMs: 5, pace: { width: 8, streamMs: 1_000 } },
  { model: "paced-5", paceMs: 5, pace: { width: 32, streamMs: 1_000 }, isTarget: true },
  { model: "paced", paceMs: 50, pace: { width: 500, streamMs: 5_000 } },
];

interface Measured {
  readonly gateway: Served;
  readonly floor: Served;
  readonly old: Served;
}

async function rowsOf(
  scene: Scene,
  { gateway, floor, old }: Measured,
  { model, paceMs, pace, isTarget }: Case,
): Promise<Row[]> {
  const cost = ({ server, address }: Served, ephemeral = false) => {
    const subject = grpcSubject(server, streamLoad(address, model, { ephemeral }));
    return () => pacedCost(subject, scene.slotMs, pace);
  };
  const of = await interleave({
    stored: cost(gateway),
    ephemeral: cost(gateway, true),
    floor: cost(floor),
    old: cost(old),
  });
  const about = `event every ${paceMs} ms, ${pace.width} streams`;
  const unit = "µs/event";
  return [
    {
      figure: `${about}, stored in memory, beside floor-2026-11`,
      unit,
      ...beside(of.stored, of.old),
      ...(isTarget && {
        bar: { of: "ratio", most: 1.15 * BIFROST_PACED },
        target: "paced",
        note: `Bifrost took ${BIFROST_PACED} × this floor on 2026-11-29`,
      }),
    },
    { figure: `${about}, ephemeral, beside floor-2026-11`, unit, ...beside(of.ephemeral, of.old) },
    { figure: `${about}, stored in memory`, unit, ...beside(of.stored, of.floor) },
    { figure: `${about}, ephemeral`, unit, ...beside(of.ephemeral, of.floor) },
  ];
}

export const paced: Leg = {
  name: "paced",
  about: "CPU of an event of streams that come at the speed of models, each event a wake-up",
  async run(scene) {
    const measured = {
      gateway: await scene.gateway(),
      floor: await scene.floor("stream"),
      old: await scene.floorOf202611(),
    };
    const rows: Row[] = [];
    for (const one of CASES) rows.push(...(await rowsOf(scene, measured, one)));
    return rows;
  },
};
