const LINES = 8;

/** The place of a table or a card whose data is under way, as high as `lines` lines, so that nothing jumps. */
export function Skeleton({ lines = LINES }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}
