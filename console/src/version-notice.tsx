import { Notice } from "./parts/notice.tsx";
import { useServiceVersion } from "./service-version.ts";

/** Says that this page was loaded from another version of the service. */
export function VersionNotice() {
  const version = useServiceVersion();
  if (version === undefined || version === CONSOLE_VERSION) return null;
  return (
    <Notice kind="warning">
      This page is of version {CONSOLE_VERSION}, and the service is of version {version}.{" "}
      <button type="button" onClick={() => location.reload()}>
        Reload the page
      </button>
    </Notice>
  );
}
