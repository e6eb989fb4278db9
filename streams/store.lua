-- Write one batch of one partition: fence, timers, clock, states, cards.  All keys share a slot.
-- KEYS: the fence, the timers, the clock, then the states' keys, then the cards' keys.
-- ARGV: the fence as the writer read it ("" for none), the fence to come, the latest event time
--       applied, the wakes as a msgpack array of USCC, moment (0: none), USCC, moment ...,
--       the number of states, then the states, then the cards as msgpack arrays of field, value ...
local fence = redis.call('GET', KEYS[1]) or ''
if fence ~= ARGV[1] then
  return fence
end
local wakes = cmsgpack.unpack(ARGV[4])
for i = 1, #wakes, 2 do
  if wakes[i + 1] == 0 then
    redis.call('ZREM', KEYS[2], wakes[i])
  else
    redis.call('ZADD', KEYS[2], wakes[i + 1], wakes[i])
  end
end
if tonumber(ARGV[3]) > tonumber(redis.call('GET', KEYS[3]) or '0') then
  redis.call('SET', KEYS[3], ARGV[3])
end
local states = tonumber(ARGV[5])
for i = 1, states do
  redis.call('SET', KEYS[3 + i], ARGV[5 + i])
end
for i = states + 1, #KEYS - 3 do
  redis.call('HSET', KEYS[3 + i], unpack(cmsgpack.unpack(ARGV[5 + i])))
end
redis.call('SET', KEYS[1], ARGV[2])
return 'OK'
