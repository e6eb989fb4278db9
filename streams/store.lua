-- Write one batch of one partition: fence, states, cards.  All keys share a slot.
-- KEYS: the fence, then the states' keys, then the cards' keys.
-- ARGV: the fence as the writer read it ("" for none), the fence to come, the number of states,
--       then the states, then the cards as msgpack arrays of field, value, field, value ...
local fence = redis.call('GET', KEYS[1]) or ''
if fence ~= ARGV[1] then
  return fence
end
local states = tonumber(ARGV[3])
for i = 1, states do
  redis.call('SET', KEYS[1 + i], ARGV[3 + i])
end
for i = states + 1, #KEYS - 1 do
  redis.call('HSET', KEYS[1 + i], unpack(cmsgpack.unpack(ARGV[3 + i])))
end
redis.call('SET', KEYS[1], ARGV[2])
return 'OK'
