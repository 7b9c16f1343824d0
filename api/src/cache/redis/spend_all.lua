-- `decide` and `record` of domain/rate.rs, over all keys at once. A key is a list of instants, the newest first.
-- ARGV: now; for each key: how many windows, and for each window its limit and its length. Microseconds.
-- Answers: 1 allowed or 0 refused, the key and its window that decided (from 1; 0 for none), events left, microseconds.
local now, next_argument = tonumber(ARGV[1]), 2
local function argument()
  next_argument = next_argument + 1
  return tonumber(ARGV[next_argument - 1])
end

local tightest, refused, records = {1, 0, 0, 4294967295, 0}, nil, {}
for k, key in ipairs(KEYS) do
  local log = redis.call('LRANGE', key, 0, -1)
  local at = math.max(now, tonumber(log[1] or '0'))
  local length, longest = 0, 0
  for w = 1, argument() do
    local limit, micros = argument(), argument()
    length, longest = math.max(length, limit), math.max(longest, micros)
    local used, oldest, in_the_way = 0, at, nil
    for _, event in ipairs(log) do
      event = tonumber(event)
      if event + micros <= at then break end
      used, oldest = used + 1, event
      if used == limit then in_the_way = event end
    end
    if in_the_way then
      local wait = in_the_way + micros - at
      if not refused or wait > refused[5] then refused = {0, k, w, 0, wait} end
    else
      local left, reset = limit - used - 1, oldest + micros - at
      if left < tightest[4] or (left == tightest[4] and reset > tightest[5]) then tightest = {1, k, w, left, reset} end
    end
  end
  records[k] = {at = at, length = length, longest = longest}
end
if refused then return refused end

for k, key in ipairs(KEYS) do
  local record = records[k]
  if record.length > 0 then
    redis.call('LPUSH', key, string.format('%.0f', record.at))
    redis.call('LTRIM', key, 0, record.length - 1)
    -- A minute more, for nodes whose clocks lag.
    redis.call('PEXPIRE', key, record.longest / 1000 + 60000)
  end
end
return tightest
