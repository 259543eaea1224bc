-- Callers, keys and groups as records of one feed.
--   {steer}:callers:feed     hash  `feed` its random name, `version` of its latest change, `forgotten`
--   {steer}:callers:records  hash  values by name; a deleted record has none
--   {steer}:callers:versions zset  names by version, deleted ones too
--   {steer}:callers:deleted  zset  names of deleted records by the time of that
--   {steer}:callers:uses     hash  when a key was last used, by its prefix

local FEED = '{steer}:callers:feed'
local RECORDS = '{steer}:callers:records'
local ORDER = '{steer}:callers:versions'
local DELETED = '{steer}:callers:deleted'
local USES = '{steer}:callers:uses'

-- The same values as in caller-store.ts.
local TOMBSTONE_MS = 3600 * 1000
local FORGET_LIMIT = 200

local function feed_state()
  local state = redis.call('HMGET', FEED, 'feed', 'version', 'forgotten')
  return state[1] or '', tonumber(state[2] or '0'), tonumber(state[3] or '0')
end

-- Whole numbers of any length as text: tostring turns long ones into powers of ten.
local function digits(number) return string.format('%.0f', number) end

local function changes(_, args)
  local after, limit = args[1], args[2]
  local feed, version, forgotten = feed_state()
  local answer = { feed, digits(version), digits(forgotten) }
  local found = redis.call('ZRANGE', ORDER, '(' .. after, '+inf',
    'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
  for index = 1, #found, 2 do
    local name = found[index]
    answer[#answer + 1] = name
    answer[#answer + 1] = digits(tonumber(found[index + 1]))
    answer[#answer + 1] = redis.call('HGET', RECORDS, name)
  end
  return answer
end

local function forget(time)
  local _, _, forgotten = feed_state()
  local due = redis.call('ZRANGE', DELETED, '-inf', digits(time - TOMBSTONE_MS),
    'BYSCORE', 'LIMIT', 0, FORGET_LIMIT)
  for index = 1, #due do
    local name = due[index]
    forgotten = math.max(forgotten, tonumber(redis.call('ZSCORE', ORDER, name) or '0'))
    redis.call('ZREM', ORDER, name)
    redis.call('ZREM', DELETED, name)
  end
  if #due > 0 then redis.call('HSET', FEED, 'forgotten', digits(forgotten)) end
end

-- args: the expected feed and version, the name of a new feed, then for each record 'put', name and value, or
-- 'del', name and ''.
local function write(_, args)
  local feed, version = feed_state()
  if args[1] ~= feed or tonumber(args[2]) ~= version then return 0 end
  local time = now()
  forget(time)
  if feed == '' then redis.call('HSET', FEED, 'feed', args[3]) end
  for index = 4, #args, 3 do
    local name = args[index + 1]
    version = version + 1
    if args[index] == 'put' then
      redis.call('HSET', RECORDS, name, args[index + 2])
      redis.call('ZREM', DELETED, name)
    else
      redis.call('HDEL', RECORDS, name)
      redis.call('ZADD', DELETED, digits(time), name)
    end
    redis.call('ZADD', ORDER, digits(version), name)
  end
  redis.call('HSET', FEED, 'version', digits(version))
  return 1
end

local function note_uses(_, args)
  for index = 1, #args, 2 do
    local last = tonumber(redis.call('HGET', USES, args[index]) or '0')
    if tonumber(args[index + 1]) > last then
      redis.call('HSET', USES, args[index], args[index + 1])
    end
  end
end

local function last_uses(_, args)
  if #args == 0 then return {} end
  return redis.call('HMGET', USES, unpack(args))
end

local function forget_uses(_, args)
  if #args > 0 then redis.call('HDEL', USES, unpack(args)) end
end

register('changes', changes, READS)
register('write', write, {})
-- A caller can be deleted, and a key revoked, while the memory is used up.
register('remove', write, ALWAYS)
register('note_uses', note_uses, {})
register('last_uses', last_uses, READS)
register('forget_uses', forget_uses, ALWAYS)
