-- give_back: what was let pass and came to nothing, or was taken and came back.
--
-- KEYS  stocks, then counters, each once, at most 256, all of one hash tag
-- ARGV  epoch; replid; number of stocks; for each of them failed, returned; for each counter quantity
--       failed: came to nothing; what PostgreSQL said last already knows of it, so it does not rise
--       above that. returned: units that PostgreSQL has got back since.
-- returns 0, or 3: this is not the primary that the epoch was raised for, and nothing was done.
--       Stocks that are missing or of another epoch are left alone: they will be filled anew.
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true)
    or not string.find(server, 'master_replid:' .. ARGV[2], 1, true) then
    return 3
end

local stocks = tonumber(ARGV[3])
for index = 1, stocks do
    local fields = redis.call('HMGET', KEYS[index], 'epoch', 'left', 'top')
    if fields[1] == ARGV[1] then
        local failed, returned = tonumber(ARGV[2 + 2 * index]), tonumber(ARGV[3 + 2 * index])
        local top = tonumber(fields[3]) + returned
        local left = math.min(tonumber(fields[2]) + failed + returned, top)
        redis.call('HSET', KEYS[index], 'left', left, 'top', top)
    end
end
for index = stocks + 1, #KEYS do
    local quantity = tonumber(ARGV[3 + stocks + index])
    if tonumber(redis.call('GET', KEYS[index]) or 0) >= quantity then
        redis.call('DECRBY', KEYS[index], quantity)
    end
end
return 0
