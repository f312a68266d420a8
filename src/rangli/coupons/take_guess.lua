-- Takes one guess from each of several allowances: from all of them or from none.
--
-- An allowance of `most` guesses in a window is one number, the time at which it is full again; each
-- guess puts that off by window / most, and it may lie a window ahead at most.
--
-- KEYS     the allowances, all of one hash tag; a missing one is full, and goes after its window
-- ARGV[1]  now, in milliseconds
-- ARGV[2i], ARGV[2i+1]  of key i: by how much a guess puts it off, and its window, in milliseconds
-- Returns 0, or after how many milliseconds there is a guess again.

local now = tonumber(ARGV[1])
local full_at, wait = {}, 0
for i, key in ipairs(KEYS) do
    local before = math.max(tonumber(redis.call('GET', key) or 0), now)
    full_at[i] = before + tonumber(ARGV[2 * i])
    wait = math.max(wait, full_at[i] - now - tonumber(ARGV[2 * i + 1]))
end
if wait > 0 then
    return wait
end
for i, key in ipairs(KEYS) do
    redis.call('SET', key, full_at[i], 'PX', ARGV[2 * i + 1])
end
return 0
