-- The ledger: sums by hour and by day. `ledger-rules.ts` has the same rules for the other stores.
--   {steer}:ledger:hour:START     hash    rows of an hour by key: numbers as `sums.ts` stores them
--   {steer}:ledger:day:START      hash    rows of a day
--   {steer}:ledger:packed:hour:START, :day:START  string  rows of an hour or day as packed-period.ts packs them; rows
--                                         that come later are in the hash, and both count
--   {steer}:ledger:hours, :days   zset    START of those that have rows
--   {steer}:ledger:unpacked:hours, :days  zset  START of those that have a hash
--   {steer}:ledger:rows           string  rows of all of them
--   {steer}:ledger:from           hash    hour, day: sums are kept from here on
--   {steer}:ledger:number:SESSION string  number of its last batch
--   {steer}:ledger:open           zset    SESSION that has not ended, by the time of its last batch
--   {steer}:ledger:lost           hash    batches that were lost, by day

local HOUR = 3600000
local DAY = 24 * HOUR
local UNIT = 1e12
local INDEX = 2 ^ 40
local DROPPED = 50
local LENGTH = { hour = HOUR, day = DAY }

local function floor_to(time, step) return math.floor(time / step) * step end

local function text(number) return string.format('%.0f', number) end

local function period_key(grain, start) return '{steer}:ledger:' .. grain .. ':' .. start end

local function packed_key(grain, start) return period_key('packed:' .. grain, start) end

local function index_key(grain) return '{steer}:ledger:' .. grain .. 's' end

local function unpacked_key(grain) return index_key('unpacked:' .. grain) end

-- Rows of a period. The packed ones begin with their number.
local function period_rows(grain, start)
  local head = redis.call('GETRANGE', packed_key(grain, start), 0, 3)
  local packed = head == '' and 0 or struct.unpack('<I4', head)
  return packed + redis.call('HLEN', period_key(grain, start))
end

local function numbers_of(bytes)
  local count = #bytes / 8
  local numbers = { struct.unpack('<' .. string.rep('d', count), bytes) }
  -- The last one is where the bytes end.
  numbers[count + 1] = nil
  return numbers
end

local function merge(one, other)
  local to, from = numbers_of(one), numbers_of(other)
  -- A later release has more counters.
  if from[1] > to[1] then to, from = from, to end
  for place = 2, from[1] + 1 do to[place] = to[place] + from[place] end
  local units = math.floor(to[3] / UNIT)
  to[2], to[3] = to[2] + units, to[3] - units * UNIT
  local places = {}
  for place = to[1] + 2, #to do places[math.floor(to[place] / INDEX)] = place end
  for place = from[1] + 2, #from do
    local index = math.floor(from[place] / INDEX)
    local found = places[index]
    if found then
      to[found] = to[found] + from[place] - index * INDEX
    else
      to[#to + 1] = from[place]
    end
  end
  return struct.pack('<' .. string.rep('d', #to), unpack(to))
end

local function rows() return tonumber(redis.call('GET', '{steer}:ledger:rows') or '0') end

local function keep_from(grain, start)
  local before = tonumber(redis.call('HGET', '{steer}:ledger:from', grain) or '0')
  if start > before then redis.call('HSET', '{steer}:ledger:from', grain, text(start)) end
end

-- Deletes the oldest period that begins before a time.
local function drop_oldest(grain, before)
  local start = redis.call('ZRANGE', index_key(grain), 0, 0)[1]
  if not start or tonumber(start) >= before then return false end
  redis.call('DECRBY', '{steer}:ledger:rows', period_rows(grain, start))
  redis.call('UNLINK', period_key(grain, start), packed_key(grain, start))
  redis.call('ZREM', index_key(grain), start)
  redis.call('ZREM', unpacked_key(grain), start)
  keep_from(grain, tonumber(start) + LENGTH[grain])
  return true
end

local function make_room(max_rows, time)
  while rows() >= max_rows do
    if not drop_oldest('hour', floor_to(time, HOUR)) and not drop_oldest('day', floor_to(time, DAY)) then
      return false
    end
  end
  return true
end

-- `otherKey` of row-key.ts.
local function other_key(key)
  local parts = cjson.decode(key)
  for place = 1, 4 do parts[place] = 'other' end
  if parts[7] ~= '' then parts[8] = 'other' end
  return cjson.encode(parts)
end

local function add(grain, start, key, sums, limits)
  local hash = period_key(grain, start)
  local before = redis.call('HGET', hash, key)
  if not before then
    local has_room = redis.call('HLEN', hash) < limits.period and make_room(limits.all, limits.time)
    if not has_room then
      key = other_key(key)
      before = redis.call('HGET', hash, key)
    end
  end
  if before then
    redis.call('HSET', hash, key, merge(before, sums))
    return
  end
  redis.call('HSET', hash, key, sums)
  redis.call('INCR', '{steer}:ledger:rows')
  redis.call('ZADD', index_key(grain), start, start)
  redis.call('ZADD', unpacked_key(grain), start, start)
end

-- ARGV: session, number, most rows, most rows of a period, how long a number is remembered, hours back and
-- ahead, then hour, key and sums of each row.
local function ledger_apply(_, args)
  local session, number, time = args[1], tonumber(args[2]), now()
  local number_key = '{steer}:ledger:number:' .. session
  if number <= tonumber(redis.call('GET', number_key) or '0') then return 'repeated' end
  redis.call('SET', number_key, args[2], 'PX', args[5])
  redis.call('ZADD', '{steer}:ledger:open', time, session)
  local limits = { all = tonumber(args[3]), period = tonumber(args[4]), time = time }
  local own = floor_to(time, HOUR)
  local first, last = own - tonumber(args[6]) * HOUR, own + tonumber(args[7]) * HOUR
  for index = 8, #args, 3 do
    local hour = tonumber(args[index])
    if hour < first or hour > last then hour = own end
    add('hour', text(hour), args[index + 1], args[index + 2], limits)
    add('day', text(floor_to(hour, DAY)), args[index + 1], args[index + 2], limits)
  end
  return 'applied'
end

local function ledger_close(_, args)
  redis.call('ZREM', '{steer}:ledger:open', args[1])
  return 1
end

-- The packed rows of a period, and its hash; '' and an empty array: none.
local function parts(grain, start)
  local packed = redis.call('GET', packed_key(grain, start)) or ''
  return packed, cmsgpack.pack(redis.call('HGETALL', period_key(grain, start)))
end

-- ARGV: grain, start.
local function ledger_read(_, args) return { parts(args[1], args[2]) } end

-- Whether a period has ended so many hours ago that batches add to later ones.
local function is_over(grain, start, hours)
  return tonumber(start) + LENGTH[grain] <= floor_to(now(), HOUR) - tonumber(hours) * HOUR
end

-- ARGV: grain, hours. The start and the parts of the oldest period that is over and has a hash.
local function ledger_unpacked(_, args)
  local start = redis.call('ZRANGE', unpacked_key(args[1]), 0, 0)[1]
  if not start or not is_over(args[1], start, args[2]) then return {} end
  return { start, parts(args[1], start) }
end

-- ARGV: grain, start, hours, rows of the hash, all rows of the period in one piece. Nothing, if another replica was
-- first or rows were added.
local function ledger_pack(_, args)
  local grain, start, packed = args[1], args[2], args[5]
  local hash, count = period_key(grain, start), tonumber(args[4])
  if redis.call('HLEN', hash) ~= count or not is_over(grain, start, args[3]) then return 0 end
  local more = struct.unpack('<I4', packed) - period_rows(grain, start)
  redis.call('INCRBY', '{steer}:ledger:rows', more)
  redis.call('SET', packed_key(grain, start), packed)
  redis.call('UNLINK', hash)
  redis.call('ZREM', unpacked_key(grain), start)
  return 1
end

local function ledger_state()
  local from = redis.call('HMGET', '{steer}:ledger:from', 'hour', 'day')
  return {
    from[1] or '0', from[2] or '0', text(rows()), redis.call('HGETALL', '{steer}:ledger:lost'),
  }
end

-- ARGV: how long hours and days are kept.
local function ledger_tidy(_, args)
  local time = now()
  for grain, kept in pairs({ hour = tonumber(args[1]), day = tonumber(args[2]) }) do
    for _ = 1, DROPPED do
      if not drop_oldest(grain, time - kept - LENGTH[grain]) then break end
    end
  end
  local open = redis.call('ZRANGE', '{steer}:ledger:open', 0, 999, 'WITHSCORES')
  for index = 1, #open, 2 do
    if not is_alive(open[index]) then
      local day = text(floor_to(tonumber(open[index + 1]), DAY))
      redis.call('HINCRBY', '{steer}:ledger:lost', day, 1)
      redis.call('ZREM', '{steer}:ledger:open', open[index])
    end
  end
  for _, day in ipairs(redis.call('HKEYS', '{steer}:ledger:lost')) do
    if tonumber(day) < floor_to(time - tonumber(args[2]), DAY) then
      redis.call('HDEL', '{steer}:ledger:lost', day)
    end
  end
  return 1
end

register('ledger_apply', ledger_apply)
register('ledger_close', ledger_close, ALWAYS)
register('ledger_read', ledger_read, READS)
register('ledger_unpacked', ledger_unpacked, READS)
register('ledger_pack', ledger_pack)
register('ledger_state', ledger_state, READS)
register('ledger_tidy', ledger_tidy, ALWAYS)
