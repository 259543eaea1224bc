-- Listing, expiry and deletion.

-- A page of `{steer}:idx` after the entry (score, sid), with the last entry of the page. Entries of the same
-- millisecond are ordered by ID.
local function page(score, sid, stop, count, is_reverse)
  local ids, offset = {}, 0
  local last_score, last_sid = score, sid
  repeat
    local range = { 'ZRANGE', '{steer}:idx', score, stop, 'BYSCORE' }
    if is_reverse then range[#range + 1] = 'REV' end
    for _, word in ipairs({ 'LIMIT', offset, count, 'WITHSCORES' }) do range[#range + 1] = word end
    local entries = redis.call(unpack(range))
    for index = 1, #entries, 2 do
      local id = entries[index]
      last_score = entries[index + 1]
      last_sid = id
      local is_seen = sid ~= '' and last_score == score
        and ((is_reverse and id >= sid) or (not is_reverse and id <= sid))
      if not is_seen then ids[#ids + 1] = id end
    end
    offset = offset + count
    local is_last = #entries < 2 * count
    if is_last then return ids, false end
  until #ids > 0
  return ids, { last_score, last_sid }
end

-- `matches` of stream-query.ts, so that only matching records are sent.
local function is_listed(record, filter, time)
  if record[AT.exp] then return false end
  local is_orphaned = is_running(record) and record[#RECORD + 2] == 0
  return (filter.all_phases or filter.phases[is_orphaned and 'orphaned' or record[AT.st]])
    and (filter.provider == '' or record[AT.pv] == filter.provider)
    and (filter.caller == '' or record[AT.caller] == filter.caller)
    and time - record[AT.upd] >= filter.age
end

-- ARGV: where the page begins (score, ID), how many streams to look at, how many to return, the provider and the caller
-- ('': all), the least age, then the requested phases.
local function list(_, args)
  local limit = tonumber(args[4])
  local filter = {
    provider = args[5], caller = args[6], age = tonumber(args[7]), all_phases = #args < 8, phases = {},
  }
  for index = 8, #args do filter.phases[args[index]] = true end
  local ids, next_page = page(args[1], args[2], '-inf', tonumber(args[3]), true)
  local time, found = now(), {}
  for _, sid in ipairs(ids) do
    local record = view(sid, time)
    if record and is_listed(record, filter, time) then found[#found + 1] = record end
    if #found == limit then break end
  end
  return { found, next_page }
end

-- Deletes the events. The record stays as a tombstone.
local function expire(sid, record, time)
  local base = base_of(sid)
  local key = redis.call('HGET', base .. 'h', 'key')
  redis.call('UNLINK', base .. 'w:' .. record[AT.nc], base .. 'q')
  free_key(key, sid)
  redis.call('HSET', base .. 'h', 'exp', time, 'bd', 0)
  redis.call('ZREM', '{steer}:idx', sid)
  redis.call('ZREM', '{steer}:due', sid)
  redis.call('ZADD', '{steer}:expired', time, sid)
end

local function forget(sid)
  redis.call('DEL', base_of(sid) .. 'h')
  redis.call('ZREM', '{steer}:idx', sid)
  redis.call('ZREM', '{steer}:due', sid)
  redis.call('ZREM', '{steer}:expired', sid)
end

-- Redis itself deletes keys after their time to live. This step removes their index entries and counts them.
local function reap(_, args)
  local tombstone, limit, time = tonumber(args[1]), tonumber(args[2]), now()
  local count = 0
  local function due(index, until_time)
    return ipairs(redis.call('ZRANGE', index, '-inf', until_time, 'BYSCORE', 'LIMIT', 0, limit))
  end
  for _, sid in due('{steer}:due', time) do
    local record = view(sid, time)
    if not record then
      forget(sid)
    elseif is_running(record) then
      redis.call('ZADD', '{steer}:due', time + LIVE_MS, sid)
    else
      expire(sid, record, time)
      redis.call('PEXPIRE', base_of(sid) .. 'h', tombstone)
      count = count + 1
    end
  end
  for _, sid in due('{steer}:expired', time - tombstone) do forget(sid) end
  return count
end

-- ARGV: where the page begins (score, ID), its length, the least age, most streams to delete, most IDs to return,
-- whether to count only, then the requested phases.
local function cleanup(_, args)
  local time = now()
  local age, left, names = tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local is_dry = args[7] == '1'
  local phases = {}
  for index = 8, #args do phases[args[index]] = true end
  local ids, next_page = page(args[1], args[2], time - age, tonumber(args[3]), false)
  local matched, deleted, skipped, freed, truncated, sample = 0, 0, 0, 0, 0, {}
  for _, sid in ipairs(ids) do
    local record = view(sid, time)
    if is_running(record) then
      skipped = skipped + 1
    elseif record and not record[AT.exp] and time - record[AT['end']] >= age
      and (#args < 8 or phases[record[AT.st]]) then
      matched = matched + 1
      if #sample < names then sample[#sample + 1] = sid end
      if not is_dry and deleted >= left then
        truncated = 1
      else
        freed = freed + record[AT.by]
        if not is_dry then
          expire(sid, record, time)
          deleted = deleted + 1
        end
      end
    end
  end
  return { matched, deleted, skipped, freed, truncated, sample, next_page }
end

-- ARGV: the streams.
local function discard(_, args)
  local time, deleted = now(), 0
  for _, sid in ipairs(args) do
    local record = view(sid, time)
    if record and not is_running(record) and not record[AT.exp] then
      expire(sid, record, time)
      deleted = deleted + 1
    end
  end
  return deleted
end

register('list', list, READS)
register('reap', reap, ALWAYS)
register('cleanup', cleanup, ALWAYS)
register('discard', discard, ALWAYS)
