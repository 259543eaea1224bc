-- Create, append and claim.

-- is_dry: the store is full. The answer is the same, and nothing is written.
local function create(keys, args, is_dry)
  local sid, epoch, nonce, session, caller, request_id, fingerprint, retention, total, provider,
    details, size, events, key, ttl, request = unpack(args)
  local head = keys[1]
  local base = base_of(sid)
  local time = now()
  local known = view(sid, time)
  if known then
    if known[AT.ep] == epoch and known[AT.nc] == nonce then return { 'created' } end
    return { 'exists', known }
  end
  local other = bound(key, time)
  if other then
    if other[AT.fp] ~= fingerprint then return { 'conflict' } end
    return { 'exists', other }
  end
  if is_dry then return { 'full' } end
  -- Redis rolls nothing back, so steps that can fail come before the first write.
  local deadline = time + math.ceil(tonumber(total))
  local keep = math.ceil(tonumber(retention))
  local live = live_ms(deadline, time)
  redis.call('ZADD', '{steer}:idx', time, sid)
  redis.call('ZADD', '{steer}:due', time + live, sid)
  sign(session, ttl, time)
  own(session, sid, time)
  local log = base .. 'w:' .. nonce
  redis.call('DEL', log)
  redis.call('HSET', head, 'sid', sid, 'caller', caller, 'request', request_id, 'fp', fingerprint,
    'st', 'running', 'ep', epoch, 'nc', nonce, 'own', session, 'ho', 0, 'tail', 1, 'fc', 0,
    'by', size, 'tk', 0, 'hv', 0, 'bd', key == '' and 0 or 1, 'born', time, 'upd', time,
    'dl', deadline, 'ret', keep, 'rd', 0, 'mv', request and 1 or 0,
    'pv', provider, 'det', details, 'key', key, 'ttl', time)
  redis.call('XADD', log, '1-0', 'f', 1, 'w', nonce, 'b', events)
  redis.call('PEXPIRE', head, live)
  redis.call('PEXPIRE', log, live)
  if request then redis.call('SET', base .. 'q', request, 'PX', request_ms(deadline, time)) end
  if key ~= '' then redis.call('SET', key, sid, 'PX', live) end
  return { 'created' }
end

local function renew(head, base, log, time)
  local known = redis.call('HMGET', head, 'dl', 'key')
  local live = live_ms(known[1], time)
  redis.call('HSET', head, 'ttl', time)
  redis.call('PEXPIRE', head, live)
  redis.call('PEXPIRE', log, live)
  if known[2] ~= '' then redis.call('PEXPIRE', known[2], live) end
end

-- Facts that the end of a stream needs, read before the first write.
local function ending_of(head, frees_key)
  local known = redis.call('HMGET', head, 'sid', 'own', 'ret', 'key')
  local is_unused = frees_key == '2'
  return {
    sid = known[1], session = known[2], key = known[4],
    retention = is_unused and 0 or math.ceil(tonumber(known[3])),
    frees_key = is_unused or frees_key == '1',
  }
end

local function finish(head, base, log, time, phase, ending)
  local sid, retention, key = ending.sid, ending.retention, ending.key
  redis.call('HSET', head, 'st', phase, 'end', time, 'ret', retention)
  redis.call('PEXPIRE', head, retention + LIVE_MS)
  redis.call('PEXPIRE', log, retention)
  redis.call('DEL', base .. 'q')
  redis.call('SREM', '{steer}:own:' .. ending.session, sid)
  redis.call('SREM', '{steer}:handoff', sid)
  redis.call('ZADD', '{steer}:due', time + retention, sid)
  if ending.frees_key then
    redis.call('HSET', head, 'bd', 0)
    free_key(key, sid)
  elseif key ~= '' then
    redis.call('PEXPIRE', key, retention)
  end
end

-- ARGV: epoch, nonce, first, last, bytes, first content, the events; with an ending or progress its phase ('': none)
-- and the effect on the key ('0': kept, '1': freed, '2': freed, and the stream is deleted); with progress provider
-- and details.
local function append(keys, args, is_dry)
  local head = keys[1]
  local epoch, nonce, first, last = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  local known = redis.call('HMGET', head,
    'st', 'ep', 'nc', 'tail', 'cx', 'fc', 'by', 'rr', 'ttl', 'exp')
  local state = known[1]
  if not state or known[10] then return { 'gone' } end
  local base = string.sub(head, 1, -2)
  if state ~= 'running' and not exists(base .. 'w:' .. known[3]) then return { 'gone' } end
  if known[2] ~= epoch or known[3] ~= nonce then return { 'fenced' } end
  local tail = tonumber(known[4])
  if last <= tail then return { 'repeated', tail, known[5] } end
  if state ~= 'running' then return { 'closed', tail } end
  if first <= tail then return { 'overlap', tail } end
  if first ~= tail + 1 then return { 'gap', tail } end
  if is_dry then return { 'full' } end
  local size, content, events, phase, frees_key, provider, details = unpack(args, 5, 11)
  local time = now()
  local log = base .. 'w:' .. nonce
  local ending = phase and phase ~= '' and ending_of(head, frees_key)
  redis.call('XADD', log, args[4] .. '-0', 'f', first, 'w', nonce, 'b', events)
  redis.call('HSET', head, 'tail', last, 'upd', time, 'by', known[7] + size)
  if content ~= '0' and known[6] == '0' then redis.call('HSET', head, 'fc', content) end
  if provider then redis.call('HSET', head, 'pv', provider, 'det', details) end
  if ending then
    finish(head, base, log, time, phase, ending)
  elseif time - known[9] >= RENEW_MS then
    renew(head, base, log, time)
  end
  if known[8] and time - known[8] < READERS_MS then
    local numbers = args[3] .. ' ' .. args[4] .. ' ' .. nonce
    redis.call('SPUBLISH', base .. 'ch', numbers .. '\n' .. events)
  end
  return { 'stored', last, known[5] }
end

local function claim(keys, args)
  local sid, expected, session, nonce, ttl = unpack(args)
  local head, time = keys[1], now()
  local record = view(sid, time)
  if not record or record[AT.exp] then return { 'gone' } end
  if not is_running(record) then return { 'closed' } end
  if record[AT.ep] == tostring(expected + 1) and record[AT.nc] == nonce then
    return { 'claimed', record }
  end
  if record[AT.ep] ~= expected then return { 'raced' } end
  local is_handed_off = record[AT.ho] == '1'
  if record[#RECORD + 2] == 1 and not is_handed_off then return { 'held' } end
  local base = base_of(sid)
  local log = base .. 'w:' .. record[AT.nc]
  if exists(log) then redis.call('RENAME', log, base .. 'w:' .. nonce) end
  redis.call('SREM', '{steer}:own:' .. record[AT.own], sid)
  redis.call('SREM', '{steer}:handoff', sid)
  sign(session, ttl, time)
  own(session, sid, time)
  redis.call('HSET', head, 'ep', expected + 1, 'nc', nonce, 'own', session, 'ho', 0,
    'tk', record[AT.tk] + (is_handed_off and 0 or 1))
  return { 'claimed', view(sid, time) }
end

-- ARGV: the stream, epoch, nonce, and the cause: `planned` or `lost`.
local function hand_off(keys, args)
  local known = redis.call('HMGET', keys[1], 'st', 'ep', 'nc', 'ho')
  if known[1] ~= 'running' or known[2] ~= args[2] or known[3] ~= args[3] then return 0 end
  if known[4] ~= '1' then
    redis.call('HSET', keys[1], 'ho', 1)
    redis.call('HINCRBY', keys[1], args[4] == 'planned' and 'hv' or 'tk', 1)
  end
  redis.call('SADD', '{steer}:handoff', args[1])
  return 1
end

-- The same step without its writes, for the time in which the store is full.
local function dry(callback)
  return function(keys, args) return callback(keys, args, true) end
end
local function wet(callback)
  return function(keys, args) return callback(keys, args, false) end
end

register('create', wet(create), {})
register('create_full', dry(create), READS)
register('append', wet(append), {})
register('append_full', dry(append), READS)
register('finish', wet(append), ALWAYS)
register('claim', claim, ALWAYS)
register('hand_off', hand_off, ALWAYS)
