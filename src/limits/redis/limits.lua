-- Limits of callers: the rules of `limit-machine.ts` in Redis.
--   {steer}:lw:KEY        hash    sub-buckets of a window with their amounts; `s` their sum, `l` the last one, and
--                                 `f` the first one that could count when the others were dropped
--   {steer}:lp:KEY|START  string  money of a period
--   {steer}:lc:KEY        set     generations that run
--   {steer}:lr:ID         string  the reservation of a generation, packed
--   {steer}:ldue          zset    generations by the time from which on they are lost
--   {steer}:lsess         set     sessions that have reservations; {steer}:lown:SESSION: which
--   {steer}:ldead:SESSION string  when a session was first seen dead

local BUCKETS = 60
local LATE_MS = 60000
local MOVE_MS = 60000
local KEPT_MS = 60000
local DEAD_KEPT_MS = 600000

local function bucket_ms(window) return math.ceil(window / BUCKETS) end
local function leaves_in(bucket, time, window)
  return (bucket + 1) * bucket_ms(window) + window - time
end
local function integer(number) return string.format('%.0f', number) end

-- The first sub-bucket that counts.
local function first_of(time, window) return math.floor((time - window) / bucket_ms(window)) end

-- Drops the sub-buckets that no longer count.
local function drop_old(key, time, window, first)
  local fields = redis.call('HGETALL', key)
  local sum, last, stale = 0, nil, {}
  for index = 1, #fields, 2 do
    local bucket, amount = tonumber(fields[index]), tonumber(fields[index + 1])
    if bucket and (bucket < first or leaves_in(bucket, time, window) > 3 * window) then
      stale[#stale + 1] = fields[index]
    elseif bucket then
      sum = sum + amount
      if not last or bucket > last then last = bucket end
    end
  end
  if #stale > 0 then redis.call('HDEL', key, unpack(stale)) end
  if last then
    redis.call('HSET', key, 's', integer(sum), 'f', integer(first), 'l', integer(last))
  elseif #fields > 0 then
    redis.call('DEL', key)
  end
  return { sum = sum, last = last }
end

-- The sum of the sub-buckets that count, and the last one. Sub-buckets are looked at only when one may have left the
-- window: the steps of a caller between are as fast in a full window as in an empty one.
local function window_of(key, time, window)
  local first = first_of(time, window)
  local known = redis.call('HMGET', key, 's', 'f', 'l')
  if tonumber(known[2]) ~= first then return drop_old(key, time, window, first) end
  return { sum = tonumber(known[1]), last = tonumber(known[3]) }
end

local function empty_in(found, time, window)
  return found.last and leaves_in(found.last, time, window) or 0
end

-- Milliseconds until `amount` counts no more; -1: so much is not there.
local function wait_for(key, time, window, amount)
  local fields, parts = redis.call('HGETALL', key), {}
  for index = 1, #fields, 2 do
    local bucket = tonumber(fields[index])
    if bucket then parts[#parts + 1] = { bucket, tonumber(fields[index + 1]) } end
  end
  table.sort(parts, function(a, b) return a[1] < b[1] end)
  local freed = 0
  for _, part in ipairs(parts) do
    freed = freed + part[2]
    if freed >= amount then return leaves_in(part[1], time, window) end
  end
  return -1
end

local function add_to(key, bucket, amount)
  redis.call('HINCRBY', key, integer(bucket), integer(amount))
  redis.call('HINCRBY', key, 's', integer(amount))
end

-- Counts an amount now; the sub-bucket in which it counts.
local function add(key, found, time, window, amount)
  local bucket = math.floor(time / bucket_ms(window))
  if found.last and found.last > bucket then bucket = found.last end
  add_to(key, bucket, amount)
  if found.last ~= bucket then
    found.last = bucket
    redis.call('HSET', key, 'f', integer(first_of(time, window)), 'l', integer(bucket))
    redis.call('PEXPIRE', key, empty_in(found, time, window) + KEPT_MS)
  end
  return bucket
end

-- A check takes nothing. It returns a level and a function that takes the amount. A level is: the used amount,
-- milliseconds until the whole limit is free (-1: unknown), 1 if refused, milliseconds until it would pass (-1: unknown).
local check = {}

local function check_window(rule, time)
  local key, window, take = '{steer}:lw:' .. rule.key, rule.size, rule.take
  local found = window_of(key, time, window)
  local reset = empty_in(found, time, window)
  if found.sum + take > rule.most then
    local wait = take > rule.most and -1
      or wait_for(key, time, window, found.sum + take - rule.most)
    return { found.sum, reset, 1, wait }
  end
  return { found.sum, reset, 0, -1 }, function()
    local bucket = add(key, found, time, window, take)
    return { rule.unit, rule.key, take, window, bucket },
      { found.sum + take, empty_in(found, time, window), 0, -1 }
  end
end
check.requests = check_window
check.tokens = check_window

function check.concurrency(rule)
  local key = '{steer}:lc:' .. rule.key
  local used = redis.call('SCARD', key)
  if used >= rule.most then return { used, -1, 1, -1 } end
  return { used, -1, 0, -1 }, function(id)
    redis.call('SADD', key, id)
    return { 'concurrency', rule.key, 0, 0, 0 }, { used + 1, -1, 0, -1 }
  end
end

function check.spend(rule, time)
  local start, ends = period_at(rule.size, time)
  local name = rule.key .. '|' .. integer(start)
  local key, take = '{steer}:lp:' .. name, rule.take
  local used = tonumber(redis.call('GET', key) or 0)
  local reset = ends < 0 and -1 or ends - time
  if used + take > rule.most then
    return { used, reset, 1, take > rule.most and -1 or reset }
  end
  return { used, reset, 0, -1 }, function()
    redis.call('INCRBY', key, integer(take))
    if used == 0 and ends >= 0 then redis.call('PEXPIRE', key, reset + KEPT_MS) end
    return { 'spend', name, take, 0, ends }, { used + take, reset, 0, -1 }
  end
end

-- Five fields for each rule: unit, key, most, take, and the window or the borders of periods.
local function rules_of(rules)
  for index, fields in ipairs(rules) do
    rules[index] = {
      unit = fields[1], key = fields[2], most = fields[3], take = fields[4], size = fields[5],
    }
  end
  return rules
end

local function levels_of(rules, time)
  local levels = {}
  for index, rule in ipairs(rules) do
    local level = check[rule.unit](rule, time)
    levels[index] = { level[1], level[2], 0, -1 }
  end
  return levels
end

local function reservation_of(id)
  local packed = redis.call('GET', '{steer}:lr:' .. id)
  return packed and cmsgpack.unpack(packed)
end

local function store(id, known)
  redis.call('SET', '{steer}:lr:' .. id, cmsgpack.pack(known))
end

-- An answer: a state, then the fields of each level.
local function answer_of(state, levels)
  local answer = { state }
  for _, level in ipairs(levels) do
    for _, field in ipairs(level) do answer[#answer + 1] = field end
  end
  return answer
end

-- Adds to the reservation by all rules, or by none. Returns the levels, and whether a rule refuses.
local function take_all(id, known, rules, time)
  local levels, takes, is_refused = {}, {}, false
  for index, rule in ipairs(rules) do
    levels[index], takes[index] = check[rule.unit](rule, time)
    is_refused = is_refused or not takes[index]
  end
  if is_refused then return levels, true end
  for index, take in ipairs(takes) do
    known.t[#known.t + 1], levels[index] = take(id)
  end
  store(id, known)
  return levels, false
end

local function own(session, id)
  redis.call('SADD', '{steer}:lsess', session)
  redis.call('SADD', '{steer}:lown:' .. session, id)
end

local function disown(session, id)
  local set = '{steer}:lown:' .. session
  redis.call('SREM', set, id)
  if not exists(set) then
    redis.call('SREM', '{steer}:lsess', session)
    redis.call('DEL', '{steer}:ldead:' .. session)
  end
end

-- ARGV: a list with the generation, its session, whether it can move, its longest time, and the rules.
local function reserve(_, args)
  local id, session, can_move, longest, fields = unpack(cjson.decode(args[1]))
  local rules, time = rules_of(fields), now()
  if reservation_of(id) then return answer_of('reserved', levels_of(rules, time)) end
  local expires = time + math.ceil(longest) + LATE_MS
  local known = { s = session, m = can_move, e = expires, t = {} }
  local levels, is_refused = take_all(id, known, rules, time)
  if is_refused then return answer_of('refused', levels) end
  redis.call('ZADD', '{steer}:ldue', expires, id)
  own(session, id)
  return answer_of('reserved', levels)
end

-- ARGV: a list with the generation and the rules.
local function extend(_, args)
  local id, fields = unpack(cjson.decode(args[1]))
  local rules, time, known = rules_of(fields), now(), reservation_of(id)
  if not known then return answer_of('gone', levels_of(rules, time)) end
  local levels, is_refused = take_all(id, known, rules, time)
  return answer_of(is_refused and 'refused' or 'reserved', levels)
end

-- Gives unused amounts back to their sub-buckets. An amount beyond the reservation counts from now on.
local function settle_window(parts, more, time)
  local window, key = parts[1][4], '{steer}:lw:' .. parts[1][2]
  local found = window_of(key, time, window)
  if more > 0 then
    add(key, found, time, window, more)
    return
  end
  local left = -more
  for index = #parts, 1, -1 do
    local amount, bucket = parts[index][3], parts[index][5]
    local there = left > 0 and tonumber(redis.call('HGET', key, integer(bucket)))
    if there then add_to(key, bucket, -math.min(amount, left, there)) end
    left = left - math.min(amount, left)
  end
end

-- Gives unused amounts back to their periods. An amount beyond the reservation counts in the latest of them.
local function settle_spent(parts, more, time)
  local left = more
  for index = #parts, 1, -1 do
    local name, amount, ends = parts[index][2], parts[index][3], parts[index][5]
    local key, change = '{steer}:lp:' .. name, math.max(left, -amount)
    local used = tonumber(redis.call('GET', key) or 0)
    if change ~= 0 then
      redis.call('INCRBY', key, integer(math.max(change, -used)))
      if ends >= 0 then redis.call('PEXPIRE', key, math.max(0, ends - time) + KEPT_MS) end
    end
    left = left - change
  end
end

-- The rule of a part. The name of a counter of spend ends with the start of its period.
local function rule_of(part)
  return part[1] == 'spend' and string.match(part[2], '^(.*)|') or part[2]
end

-- used: amounts by unit. A unit without an amount keeps the reserved one.
local function finish(id, known, used, time)
  redis.call('DEL', '{steer}:lr:' .. id)
  redis.call('ZREM', '{steer}:ldue', id)
  disown(known.s, id)
  local by_key, order = {}, {}
  for _, part in ipairs(known.t) do
    local key = rule_of(part)
    if part[1] == 'concurrency' then
      redis.call('SREM', '{steer}:lc:' .. key, id)
    else
      if not by_key[key] then
        by_key[key] = {}
        order[#order + 1] = key
      end
      table.insert(by_key[key], part)
    end
  end
  for _, key in ipairs(order) do
    local parts = by_key[key]
    local actual, reserved = used[parts[1][1]], 0
    for _, part in ipairs(parts) do reserved = reserved + part[3] end
    if actual and actual ~= reserved then
      if parts[1][1] == 'spend' then
        settle_spent(parts, actual - reserved, time)
      else
        settle_window(parts, actual - reserved, time)
      end
    end
  end
end

-- ARGV: a list with four fields for each generation: its name, its requests, tokens and money; '': unknown.
local function settle(_, args)
  local time = now()
  for _, fields in ipairs(cjson.decode(args[1])) do
    local known = reservation_of(fields[1])
    if known then
      finish(fields[1], known, {
        requests = tonumber(fields[2]), tokens = tonumber(fields[3]), spend = tonumber(fields[4]),
      }, time)
    end
  end
end

-- The amount of a unit in a reservation. Rules of one unit have the same amount.
local function most_of(known, unit)
  local by_key, most = {}, 0
  for _, part in ipairs(known.t) do
    if part[1] == unit then
      local rule = rule_of(part)
      by_key[rule] = (by_key[rule] or 0) + part[3]
      most = math.max(most, by_key[rule])
    end
  end
  return most
end

local function move(_, args)
  local id, session = args[1], args[2]
  local known = reservation_of(id)
  if not known then return false end
  disown(known.s, id)
  known.s = session
  own(session, id)
  store(id, known)
  return { most_of(known, 'tokens'), most_of(known, 'spend') }
end

local function reap(_, args)
  local limit, time, lost = tonumber(args[1]), now(), 0
  local function lose(id)
    local known = reservation_of(id)
    if not known then
      redis.call('ZREM', '{steer}:ldue', id)
      return
    end
    finish(id, known, {}, time)
    lost = lost + 1
  end
  local due = redis.call('ZRANGE', '{steer}:ldue', '-inf', time, 'BYSCORE', 'LIMIT', 0, limit)
  for _, id in ipairs(due) do lose(id) end
  for _, session in ipairs(redis.call('SMEMBERS', '{steer}:lsess')) do
    if lost >= limit then break end
    local seen = '{steer}:ldead:' .. session
    if is_alive(session) then
      redis.call('DEL', seen)
    else
      redis.call('SET', seen, time, 'NX', 'PX', DEAD_KEPT_MS)
      local since = tonumber(redis.call('GET', seen))
      for _, id in ipairs(redis.call('SRANDMEMBER', '{steer}:lown:' .. session, limit)) do
        local known = reservation_of(id)
        if not known then
          disown(session, id)
        elseif not known.m or time - since >= MOVE_MS then
          lose(id)
        end
      end
    end
  end
  return { lost, redis.call('ZCOUNT', '{steer}:sessions', time, '+inf') }
end

register('reserve', reserve, {})
register('extend', extend, {})
register('settle', settle, ALWAYS)
register('move', move, ALWAYS)
register('reap', reap, ALWAYS)
