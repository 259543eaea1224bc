-- Reads, readers, cancels.

local function read(keys, args)
  local sid, sequence, writer, limit = args[1], tonumber(args[2]), args[3], tonumber(args[4])
  local record = view(sid, now())
  if not record then return { 'gone' } end
  if record[AT.exp] then return { 'expired', record } end
  if sequence > tonumber(record[AT.tail]) then return { 'ahead', record } end
  local log = base_of(sid) .. 'w:' .. record[AT.nc]
  -- The first entry contains the event at the cursor. One entry more than the limit shows that more exist.
  local entries = redis.call('XRANGE', log, args[2] .. '-0', '+', 'COUNT', limit + 2)
  local holder = entries[1]
  if writer ~= '0' and sequence > 0 and (not holder or holder[2][4] ~= writer) then
    return { 'diverged', record }
  end
  local batches, has_more = {}, 0
  for _, entry in ipairs(entries) do
    local last = tonumber(string.sub(entry[1], 1, -3))
    if last > sequence then
      if #batches == limit then
        has_more = 1
        break
      end
      local fields = entry[2]
      batches[#batches + 1] = { tonumber(fields[2]), last, tonumber(fields[4]), fields[6] }
    end
  end
  return { 'read', record, batches, has_more }
end

-- ARGV: pairs of an ID and whether this replica subscribes to it.
local function touch_readers(_, args)
  local time = now()
  for index = 1, #args, 2 do
    local head = base_of(args[index]) .. 'h'
    if exists(head) then
      redis.call('HSET', head, 'rd', time)
      if args[index + 1] == '1' then redis.call('HSET', head, 'rr', time) end
    end
  end
end

local function subscribed(keys)
  if exists(keys[1]) then redis.call('HSET', keys[1], 'rr', now()) end
end

local function find(keys) return bound(keys[1], now()) end

local function heads(_, args)
  local time, found = now(), {}
  for index, sid in ipairs(args) do found[index] = view(sid, time) end
  return found
end

local function request_cancel(keys, args)
  if redis.call('HGET', keys[1], 'st') == 'running' then
    redis.call('HSETNX', keys[1], 'cx', args[2])
  end
  return view(args[1], now())
end

local function load_request(_, args) return redis.call('GET', base_of(args[1]) .. 'q') end

register('read', read, READS)
register('touch_readers', touch_readers, ALWAYS)
register('subscribed', subscribed, ALWAYS)
register('load_request', load_request, READS)
register('find', find, READS)
register('heads', heads, READS)
register('request_cancel', request_cancel, ALWAYS)
