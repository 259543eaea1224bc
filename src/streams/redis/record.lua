#!lua name=steer_VERSION

-- The atomic steps of the store: src/streams/stream-machine.ts in Lua, over these keys.
--   steer:{ID}:h          hash    the record, fields as in RECORD below, and
--                                 `key` (its idempotency key's record), `rr` (another replica
--                                 subscribed at), `ttl` (time to live renewed at)
--   steer:{ID}:w:NONCE    stream  the log: id LAST-0, `f` first, `w` its writer, `b` the events
--   steer:{ID}:q          string  the request, while another replica could run it
--   steer:{ID}:ch         channel batches as they are stored, while another replica reads
--   steer:key:…           string  ID that an idempotency key leads to
--   steer:sess:SESSION    string  a replica that lives; steer:snap:SESSION: its snapshot
--   steer:sessions        zset    SESSION by its end; kept while it owns streams
--   steer:own:SESSION     set     IDs of running streams it owns
--   steer:handoff         set     IDs of streams that may be claimed at once
--   steer:idx             zset    all IDs by creation
--   steer:due             zset    IDs by the end of their retention, or of their time to live
--   steer:expired         zset    IDs whose events are deleted, by the time of that

-- A key that no replica has touched for so long has been leaked.
local LIVE_MS = 24 * 3600 * 1000
local RENEW_MS = 5 * 60 * 1000
-- A subscriber that said nothing for so long is gone.
local READERS_MS = 30 * 1000

-- The same order as in redis-records.ts.
local RECORD = {
  'sid', 'caller', 'request', 'fp', 'st', 'ep', 'nc', 'own', 'ho', 'tail', 'fc', 'by', 'cx', 'tk',
  'bd', 'born', 'upd', 'end', 'dl', 'ret', 'exp', 'rd', 'mv', 'pv', 'det',
}
local AT = {}
-- While a library is loaded, Redis 7.0 knows no `ipairs`.
for index = 1, #RECORD do AT[RECORD[index]] = index end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function base_of(sid) return 'steer:{' .. sid .. '}:' end

local function exists(key) return redis.call('EXISTS', key) == 1 end

-- The record as it is answered, then the time and whether its owner lives; false: gone. A stream
-- that has ended and whose log is gone has expired, though nobody has written that down yet.
local function view(sid, time)
  local base = base_of(sid)
  local record = redis.call('HMGET', base .. 'h', unpack(RECORD))
  if not record[AT.st] then return false end
  if record[AT.st] ~= 'running' and not record[AT.exp]
    and not exists(base .. 'w:' .. record[AT.nc]) then
    record[AT.exp] = record[AT['end']] + record[AT.ret]
    record[AT.bd] = '0'
  end
  record[#RECORD + 1] = time
  record[#RECORD + 2] = redis.call('EXISTS', 'steer:sess:' .. record[AT.own])
  return record
end

local function is_running(record) return record and record[AT.st] == 'running' end

-- The record of the stream that an idempotency key leads to; false: the key is free.
local function bound(key, time)
  local sid = key ~= '' and redis.call('GET', key)
  local record = sid and view(sid, time)
  return record and record[AT.bd] == '1' and not record[AT.exp] and record
end

local function free_key(key, sid)
  if key ~= '' and redis.call('GET', key) == sid then redis.call('DEL', key) end
end

-- An owner is known as long as it has streams, so that they are found when it is dead.
local function own(session, sid, time)
  redis.call('SADD', 'steer:own:' .. session, sid)
  redis.call('ZADD', 'steer:sessions', 'NX', time, session)
end

-- Full: without this flag Redis refuses a function, before its first step, while its memory is
-- used up. What ends, moves or deletes streams goes on.
local ALWAYS = { 'allow-oom' }
local READS = { 'no-writes' }

local function register(name, callback, flags)
  redis.register_function({
    function_name = 'steer_VERSION_' .. name, callback = callback, flags = flags,
  })
end
