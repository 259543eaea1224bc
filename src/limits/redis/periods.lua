-- Periods of spending, as `period-at.ts` has them.

-- Start and end of the period of a moment, in milliseconds since the epoch; the end is -1 if the period has none.
-- borders: a list of times in rising order; empty: all time is one period.
local function period_at(borders, time)
  local first, second, start
  for _, border in ipairs(borders) do
    if start and time >= start and time < border then return start, border end
    if not first then first = border elseif not second then second = border end
    start = border
  end
  if not second then return 0, -1 end
  -- The clock of the replica is wrong: periods of the same length go on.
  local length = second - first
  local found = first + math.floor((time - first) / length) * length
  return found, found + length
end
