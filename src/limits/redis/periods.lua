-- Periods of spending in UTC, as `period-at.ts` has them.

local HOUR_MS = 3600000
local DAY_MS = 24 * HOUR_MS

-- Days since the epoch to year and month, and back: the civil calendar, whose years begin in March here.
local function month_of(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor(
    (doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400
  return month <= 2 and year + 1 or year, month
end

local function first_day_of(year, month)
  local y = month <= 2 and year - 1 or year
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * ((month + 9) % 12) + 2) / 5)
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return era * 146097 + doe - 719468
end

-- Start and end in milliseconds since the epoch; the end of `total` is -1.
local function period_at(period, time)
  if period == 'total' then return 0, -1 end
  if period == 'month' then
    local year, month = month_of(math.floor(time / DAY_MS))
    local next_year, next_month = year, month + 1
    if month == 12 then next_year, next_month = year + 1, 1 end
    return first_day_of(year, month) * DAY_MS, first_day_of(next_year, next_month) * DAY_MS
  end
  local length = period == 'hour' and HOUR_MS or DAY_MS
  local start = math.floor(time / length) * length
  return start, start + length
end
