#!lua name=steer_VERSION

-- What the functions of every tenant share, over the keys of sessions. All keys of Steer have one hash
-- tag: they are at one node of a cluster, since a step touches keys of several kinds. A tenant has its
-- own names behind the tag.
--   {steer}:sess:SESSION  string  a replica that lives; {steer}:snap:SESSION: its snapshot
--   {steer}:alive         string  when a replica last said that it lives
--   {steer}:settling      string  the store was away: until the key ends nobody counts as dead
--   {steer}:sessions      zset    SESSION by its end; kept while it owns streams
--   {steer}:ctl           channel what replicas tell each other

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
