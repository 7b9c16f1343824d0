-- `spend` of domain/rate.rs. ARGV: now, interval, microseconds.
local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + interval
local excess = after - now - 60000000
if excess > 0 then return {0, excess} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', 61000)
return {1, string.format('%.0f', after)}
