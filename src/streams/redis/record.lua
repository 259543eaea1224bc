-- The atomic steps of the stream log: src/streams/stream-machine.ts in Lua, over these keys and those of
-- sessions in src/store/redis/prelude.lua.
--   {steer}:s:ID:h        hash    the record, fields as in RECORD below, and
--                                 `key` (its idempotency key's record), `rr` (another replica
--                                 subscribed at), `ttl` (time to live renewed at)
--   {steer}:s:ID:w:NONCE  stream  the log: id LAST-0, `f` first, `w` its writer, `b` the events
--   {steer}:s:ID:q        string  the request, while another replica could run it, or as long as the events
--   {steer}:s:ID:ch       channel batches as they are stored, while another replica reads
--   {steer}:key:…         string  ID that an idempotency key leads to
--   {steer}:own:SESSION   set     IDs of running streams it owns
--   {steer}:handoff       set     IDs of streams that may be claimed at once
--   {steer}:idx           zset    IDs by creation, until their events are deleted
--   {steer}:due           zset    IDs by the end of their retention, or of their time to live
--   {steer}:expired       zset    IDs whose events are deleted, by the time of that

-- The keys of a running stream that no replica touches live for LIVE_MS, and at least until SLACK_MS after its
-- deadline. No replica may run its request after the deadline.
local LIVE_MS = 3600 * 1000
local SLACK_MS = 10 * 60 * 1000
local RENEW_MS = 5 * 60 * 1000
-- A subscriber that has been silent for this long is gone.
local READERS_MS = 30 * 1000

-- The same order as in stream-records.ts.
local RECORD = {
  'sid', 'caller', 'request', 'fp', 'st', 'ep', 'nc', 'own', 'ho', 'tail', 'fc', 'by', 'cx', 'tk',
  'hv', 'bd', 'born', 'upd', 'end', 'dl', 'ret', 'exp', 'rd', 'mv', 'kq', 'pv', 'det',
}
local AT = {}
-- Redis 7.0 has no `ipairs` while a library is loaded.
for index = 1, #RECORD do AT[RECORD[index]] = index end

local function base_of(sid) return '{steer}:s:' .. sid .. ':' end

-- Milliseconds that the keys of a running stream live, and those that its request lives.
local function live_ms(deadline, time)
  return math.max(LIVE_MS, math.ceil(deadline - time) + SLACK_MS)
end
local function request_ms(deadline, time)
  return math.max(1, math.ceil(deadline - time) + SLACK_MS)
end

-- The record as it is returned, then the time and whether its owner is alive; false: gone. A stream that has ended
-- and whose log is gone has expired, even if the record does not say so yet.
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
  record[#RECORD + 2] = is_alive(record[AT.own]) and 1 or 0
  return record
end

local function is_running(record) return record and record[AT.st] == 'running' end

-- The record of the stream bound to an idempotency key; false: the key is free.
local function bound(key, time)
  local sid = key ~= '' and redis.call('GET', key)
  local record = sid and view(sid, time)
  return record and record[AT.bd] == '1' and not record[AT.exp] and record
end

local function free_key(key, sid)
  if key ~= '' and redis.call('GET', key) == sid then redis.call('DEL', key) end
end

-- An owner is registered as long as it has streams, so that they are found after its death.
local function own(session, sid, time)
  redis.call('SADD', '{steer}:own:' .. session, sid)
  redis.call('ZADD', '{steer}:sessions', 'NX', time, session)
end
