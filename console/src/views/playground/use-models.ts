import { useEffect, useState } from "preact/hooks";
import { models } from "../../api.ts";
import { type Failure, toFailure } from "../../failure.ts";
import { useSession } from "../../use-session.ts";

export interface KnownModel {
  readonly id: string;
  readonly isAvailable: boolean;
}

export interface KnownModels {
  readonly models: readonly KnownModel[];
  readonly failure: Failure | undefined;
  readonly isAsking: boolean;
}

const PAGE_SIZE = 500;
/** Models that the page offers. Others can be typed. */
const MAX_MODELS = 2_000;

async function listModels(signal: AbortSignal): Promise<KnownModel[]> {
  const found: KnownModel[] = [];
  let pageToken = "";
  do {
    const page = await models.listModels({ pageSize: PAGE_SIZE, pageToken }, { signal });
    found.push(...page.models.map(({ id, available }) => ({ id, isAvailable: available })));
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && found.length < MAX_MODELS);
  return found;
}

/** The models of the service, asked for once. Those that can be called are first. */
export function useModels(): KnownModels {
  const { onFailure } = useSession();
  const [known, setKnown] = useState<KnownModels>({
    models: [],
    failure: undefined,
    isAsking: true,
  });
  useEffect(() => {
    const ending = new AbortController();
    listModels(ending.signal).then(
      (found) => {
        const rank = ({ isAvailable }: KnownModel): number => (isAvailable ? 0 : 1);
        const sorted = found.toSorted((a, b) => rank(a) - rank(b));
        setKnown({ models: sorted, failure: undefined, isAsking: false });
      },
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const failure = toFailure(error);
        onFailure(failure);
        setKnown({ models: [], failure, isAsking: false });
      },
    );
    return () => ending.abort();
  }, [onFailure]);
  return known;
}
