import { Notice } from "../../parts/notice.tsx";
import type { Place } from "../../router.ts";

export function CallersView({ place }: { place: Place }) {
  return <Notice kind="empty">{place.view}</Notice>;
}
