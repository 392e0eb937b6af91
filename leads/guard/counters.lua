-- Counts one submission with several counters in one round trip. A counter is a sorted set of what
-- was counted, by time (seconds).
--
-- KEYS: the counters. ARGV[1]: now. ARGV[2]: JSON, for each counter
--   {member, keep, most, hold = {{limit, seconds}, ...}, refuse = {{limit, seconds}, ...}, mild,
--   shared}
-- `keep`: for how many seconds entries are kept. `most`: how many of the newest are kept; more would
-- change nothing. `shared`: not counted, and never exceeded, if an earlier counter that is neither
-- `mild` nor `shared` is exceeded.
--
-- Returns {"", i1, i2, ...}: for each counter, which of its `hold` rates was exceeded, from 1; 0 for
-- none. If a `refuse` rate is used up, counts nothing and returns {seconds to wait}.

local now = tonumber(ARGV[1])
local counters = cjson.decode(ARGV[2])
local wait = 0

-- When the `place`-th newest was counted, if that is within the window.
local function counted_at(key, place, seconds)
    local found = redis.call('ZREVRANGE', key, place - 1, place - 1, 'WITHSCORES')
    local at = tonumber(found[2])
    return at and at > now - seconds and at or nil
end

for i, counter in ipairs(counters) do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - counter.keep)
    -- Counted by a fast clock that was set back since.
    redis.call('ZREMRANGEBYSCORE', KEYS[i], now + 60, '+inf')
    for _, rate in ipairs(counter.refuse) do
        local at = counted_at(KEYS[i], rate[1], rate[2])
        if at then wait = math.max(wait, at + rate[2] - now) end
    end
end
if wait > 0 then return {string.format('%.3f', wait)} end

local function count(i, counter)
    redis.call('ZADD', KEYS[i], ARGV[1], counter.member)
    redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -counter.most - 1)
    redis.call('EXPIRE', KEYS[i], counter.keep)
    for place, rate in ipairs(counter.hold) do
        if counted_at(KEYS[i], rate[1] + 1, rate[2]) then return place end
    end
    return 0
end

local answer = {''}
local is_held = false
for i, counter in ipairs(counters) do
    local exceeded = (counter.shared and is_held) and 0 or count(i, counter)
    is_held = is_held or (exceeded > 0 and not counter.mild and not counter.shared)
    answer[i + 1] = exceeded
end
return answer
