import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { NowCharts } from "./now-charts.tsx";
import { NowFailures } from "./now-failures.tsx";
import { NowFigures } from "./now-figures.tsx";
import { NowTargets } from "./now-targets.tsx";
import { useActivity } from "./use-activity.ts";
import "./now.css";

/** What the service does now, and did in the last 15 minutes. */
export function NowView() {
  const activity = useActivity();
  const { failure, last, samples } = activity;
  return (
    <>
      <h1 class="visually-hidden">Now</h1>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {last?.draining && (
        <Notice kind="warning">Replica {last.replica} drains: it takes no new calls.</Notice>
      )}
      {last === undefined ? (
        failure === undefined && <Skeleton lines={24} />
      ) : (
        <>
          <NowFigures activity={activity} />
          <NowCharts activity={activity} />
          <div class="beside">
            <NowFailures samples={samples} />
            <NowTargets />
          </div>
        </>
      )}
    </>
  );
}
