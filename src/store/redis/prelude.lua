#!lua name=steer_VERSION

-- Shared functions of all tenants, and the keys of sessions. All keys of Steer have the same hash tag, so that they are
-- at one node of a cluster, because a step uses keys of several kinds. A tenant has its own names after the tag.
--   {steer}:sess:SESSION  string  a living replica; {steer}:snap:SESSION: its snapshot
--   {steer}:alive         string  time of the last sign of life of any replica
--   {steer}:settling      string  the store was away: no session counts as dead until the key expires
--   {steer}:sessions      zset    SESSION by its expiry; kept while it owns streams
--   {steer}:ctl           channel messages between replicas

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function exists(key) return redis.call('EXISTS', key) == 1 end

-- A session without its key is dead, unless the store was away and the session has had no time for a sign of life.
local function is_alive(session)
  return exists('{steer}:sess:' .. session) or exists('{steer}:settling')
end

-- A sign of life beside the renewals, because an emptied store has lost the previous one. ttl '0': the session was
-- never announced.
local function sign(session, ttl, time)
  if ttl == '0' or exists('{steer}:sess:' .. session) then return end
  redis.call('SET', '{steer}:sess:' .. session, '1', 'PX', ttl)
  redis.call('ZADD', '{steer}:sessions', time + ttl, session)
end

-- Without the flag `allow-oom`, Redis refuses a function before its first step while its memory is full. Functions
-- that end, move or delete data must still run.
local ALWAYS = { 'allow-oom' }
local READS = { 'no-writes' }

local function register(name, callback, flags)
  redis.register_function({
    function_name = 'steer_VERSION_' .. name, callback = callback, flags = flags,
  })
end
