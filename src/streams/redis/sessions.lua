-- Sessions of the replicas, their snapshots, and the streams of dead sessions.

local MAX_SESSIONS = 1000

-- A lone replica renews its session every second. A shorter silence is no sign of an outage.
local USUAL_SILENCE_MS = 1500

-- If no replica could renew its session, the keys of all sessions have expired, although none of them is dead.
local function note_return(ttl, time)
  local last = redis.call('GET', '{steer}:alive')
  local was_away = not last or time - last > math.max(ttl / 3, USUAL_SILENCE_MS)
  if was_away and exists('{steer}:sessions') then
    redis.call('SET', '{steer}:settling', '1', 'PX', ttl)
  end
  redis.call('SET', '{steer}:alive', time, 'PX', ttl)
end

local function open_session(_, args)
  local session, ttl = args[1], args[2]
  note_return(ttl, now())
  local is_known = exists('{steer}:sess:' .. session)
  redis.call('SET', '{steer}:sess:' .. session, '1', 'PX', ttl)
  redis.call('PEXPIRE', '{steer}:snap:' .. session, ttl)
  redis.call('ZADD', '{steer}:sessions', now() + ttl, session)
  return is_known and 'renewed' or 'lost'
end

local function close_session(_, args)
  local session = args[1]
  redis.call('DEL', '{steer}:sess:' .. session, '{steer}:snap:' .. session)
  redis.call('ZADD', '{steer}:sessions', 'XX', now(), session)
  if not exists('{steer}:own:' .. session) then redis.call('ZREM', '{steer}:sessions', session) end
end

local function put_snapshot(_, args)
  local ttl = redis.call('PTTL', '{steer}:sess:' .. args[1])
  if ttl > 0 then redis.call('SET', '{steer}:snap:' .. args[1], args[2], 'PX', ttl) end
end

local function snapshots()
  local found = {}
  local living = redis.call('ZRANGE', '{steer}:sessions', now(), '+inf', 'BYSCORE')
  for _, session in ipairs(living) do
    local snapshot = redis.call('GET', '{steer}:snap:' .. session)
    if snapshot then found[#found + 1] = snapshot end
  end
  return found
end

local function orphans(_, args)
  local limit, time = tonumber(args[1]), now()
  local found, seen = {}, {}
  local function collect(set, is_meant)
    for _, sid in ipairs(redis.call('SRANDMEMBER', set, limit)) do
      local record = view(sid, time)
      if not is_running(record) or not is_meant(record) then
        redis.call('SREM', set, sid)
      elseif not seen[sid] and #found < limit then
        seen[sid] = true
        found[#found + 1] = record
      end
    end
  end
  collect('{steer}:handoff', function(record) return record[AT.ho] == '1' end)
  local dead = redis.call('ZRANGE', '{steer}:sessions', '-inf', time,
    'BYSCORE', 'LIMIT', 0, MAX_SESSIONS)
  for _, session in ipairs(dead) do
    if #found >= limit then break end
    if not is_alive(session) then
      local set = '{steer}:own:' .. session
      collect(set, function(record) return record[AT.own] == session end)
      if not exists(set) then redis.call('ZREM', '{steer}:sessions', session) end
    end
  end
  return found
end

-- Redis itself refuses this call if it is out of memory or takes no writes.
local function check() end

register('check', check, {})
register('open_session', open_session, ALWAYS)
register('close_session', close_session, ALWAYS)
register('put_snapshot', put_snapshot, ALWAYS)
register('snapshots', snapshots, READS)
register('orphans', orphans, ALWAYS)
