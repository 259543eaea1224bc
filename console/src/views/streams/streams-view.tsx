import { Notice } from "../../parts/notice.tsx";
import type { Place } from "../../router.ts";

export function StreamsView({ place }: { place: Place }) {
  return <Notice kind="empty">{place.view}</Notice>;
}
