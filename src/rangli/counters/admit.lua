-- admit: judge requests in their order; each takes all that it names, or nothing.
--
-- KEYS  the stocks and counters that the requests name, each once, all of one hash tag.
--       A stock is a hash, written by `fill`. A subject's counter is an integer; missing: 0.
-- ARGV  epoch; replid; now_ms; fresh_ms; then of each request (at most 256)
--       stock (index in KEYS, 0: none), quantity, n (at most 16), and n times
--       counter (index in KEYS), quantity, most, ttl_s
-- returns {0, verdict of each request ...}
--       1 passed; 2 sold out; 3 a counter is at its most; 4 sold out to the last unit
--   or, and then nothing was done,
--       {1}  a stock is missing or of an older epoch, or would say no and was read more than
--            fresh_ms ago: fill it and ask again
--       {2}  a stock is of a newer epoch
--       {3}  this is not the primary that the epoch was raised for
local epoch, now_ms, fresh_ms = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- A replica that was promoted has our keys and our epoch, but not all that was taken from them.
-- Only the server itself can tell, at the moment that it answers.
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true)
    or not string.find(server, 'master_replid:' .. ARGV[2], 1, true) then
    return {3}
end

local left, old = {}, {}  -- by index of KEYS, of stocks
local used, before, ttl_s = {}, {}, {}  -- by index of KEYS, of counters
local taken = {}
local verdicts = {0}
local next_arg, args = 5, #ARGV
while next_arg <= args do
    local stock, quantity = tonumber(ARGV[next_arg]), tonumber(ARGV[next_arg + 1])
    local first = next_arg + 3
    next_arg = first + 4 * tonumber(ARGV[next_arg + 2])
    local verdict = 1

    if stock > 0 then
        if not left[stock] then
            local fields = redis.call('HMGET', KEYS[stock], 'epoch', 'left', 'at_ms')
            local stored = tonumber(fields[1] or 0)
            if stored > epoch then
                return {2}
            elseif stored < epoch then
                return {1}
            end
            left[stock] = tonumber(fields[2])
            old[stock] = math.abs(now_ms - tonumber(fields[3])) > fresh_ms
        end
        if left[stock] < quantity then
            if old[stock] then
                return {1}
            end
            verdict = left[stock] > 0 and 2 or 4
        end
    end

    if verdict == 1 then
        for at = first, next_arg - 4, 4 do
            local counter = tonumber(ARGV[at])
            if not used[counter] then
                before[counter] = tonumber(redis.call('GET', KEYS[counter]) or 0)
                used[counter] = before[counter]
                ttl_s[counter] = ARGV[at + 3]
            end
            if used[counter] + tonumber(ARGV[at + 1]) > tonumber(ARGV[at + 2]) then
                verdict = 3
            end
        end
    end

    if verdict == 1 then
        if stock > 0 then
            left[stock] = left[stock] - quantity
            taken[stock] = (taken[stock] or 0) + quantity
        end
        for at = first, next_arg - 4, 4 do
            local counter = tonumber(ARGV[at])
            used[counter] = used[counter] + tonumber(ARGV[at + 1])
        end
    end
    verdicts[#verdicts + 1] = verdict
end

for stock, quantity in pairs(taken) do
    redis.call('HINCRBY', KEYS[stock], 'left', -quantity)
end
for counter, count in pairs(used) do
    if before[counter] == 0 and count > 0 then
        redis.call('SET', KEYS[counter], count, 'EX', ttl_s[counter])
    elseif count > before[counter] then
        redis.call('INCRBY', KEYS[counter], count - before[counter])
    end
end
return verdicts
