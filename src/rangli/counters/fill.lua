-- fill: tell stocks what PostgreSQL has left.
--
-- KEYS  stocks, each once, at most 256, all of one hash tag. Each becomes a hash:
--       epoch  that it counts for
--       left   how many may still pass
--       top    how many could be left at most: what was filled, and what has come back since
--       at_ms  when it was filled
-- ARGV  epoch; replid; now_ms; ttl_s; for each stock: value, seen
--       seen: `top` from before PostgreSQL was read; -1: the stock was missing or of an older epoch
-- returns {0, left of each stock as it was ...}, -1 of one that was missing or of an older epoch
--   or, and then nothing was done,
--       {2}  a stock is of a newer epoch
--       {3}  this is not the primary that the epoch was raised for
local epoch = tonumber(ARGV[1])
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true)
    or not string.find(server, 'master_replid:' .. ARGV[2], 1, true) then
    return {3}
end

local stored = {}
for index, key in ipairs(KEYS) do
    stored[index] = redis.call('HMGET', key, 'epoch', 'left', 'top')
    if tonumber(stored[index][1] or 0) > epoch then
        return {2}
    end
end

local answer = {0}
for index, key in ipairs(KEYS) do
    local value, seen = tonumber(ARGV[3 + 2 * index]), tonumber(ARGV[4 + 2 * index])
    local fields = stored[index]
    local left = -1
    if tonumber(fields[1] or 0) < epoch then
        redis.call('HSET', key, 'epoch', ARGV[1], 'left', value, 'top', value, 'at_ms', ARGV[3])
    else
        left = tonumber(fields[2])
        local top = tonumber(fields[3])
        -- Otherwise somebody else was first, with what was as new.
        if seen >= 0 then
            -- Units came back while PostgreSQL was being read: perhaps it did not know of them yet.
            if top ~= seen then
                redis.call('HSET', key, 'left', math.max(left, value), 'top', math.max(top, value))
            else
                redis.call('HSET', key, 'left', value, 'top', value)
            end
            redis.call('HSET', key, 'at_ms', ARGV[3])
        end
    end
    redis.call('EXPIRE', key, ARGV[4])
    answer[index + 1] = left
end
return answer
