-- Gives a guess back to each of several allowances: see take_guess.lua.
--
-- KEYS       the allowances; one that is full has gone, and stays so
-- ARGV[1]    now, in milliseconds
-- ARGV[i+1]  of key i: by how much a guess has put it off
-- Returns 0.

local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
    local full_at = tonumber(redis.call('GET', key) or 0) - tonumber(ARGV[i + 1])
    if full_at > now then
        redis.call('SET', key, full_at, 'KEEPTTL')
    else
        redis.call('DEL', key)
    end
end
return 0
