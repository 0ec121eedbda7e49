/**
 * One call carries a whole batch: the client's work per command would be the cost, not Redis'.
 * Keys and channels are written by `wire.ts`; all keys of a call are declared (one server, not a cluster of them).
 * An error ends the call, so that the batch is sent again; only a stream whose name another program uses for
 * something else is passed over, since no retry can mend that. Answers how many were.
 */

/** KEYS: latest, stream per bar. ARGV: seconds to live, stream length; then channel, text, "1" when newest per bar. */
export const publishBars = `
local refused = 0
for i = 1, #KEYS / 2 do
  local text = ARGV[3 * i + 1]
  local added = redis.pcall('XADD', KEYS[2 * i], 'MAXLEN', '~', ARGV[2], '*', 'bar', text)
  if type(added) == 'table' and added.err then
    if not string.find(added.err, 'WRONGTYPE', 1, true) then return added end
    refused = refused + 1
  end
  if ARGV[3 * i + 2] == '1' then redis.call('SET', KEYS[2 * i - 1], text, 'EX', ARGV[1]) end
  redis.call('PUBLISH', ARGV[3 * i], text)
end
return refused`;

/** KEYS: latest per point. ARGV: seconds to live, channel, text per point. */
export const publishPoints = `
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], ARGV[3 * i], 'EX', ARGV[3 * i - 2])
  redis.call('PUBLISH', ARGV[3 * i - 1], ARGV[3 * i])
end
return 0`;

/** KEYS: latest per tick. ARGV: seconds to live; then channel, text per tick. */
export const publishTicks = `
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i + 1], 'EX', ARGV[1])
  redis.call('PUBLISH', ARGV[2 * i], ARGV[2 * i + 1])
end
return 0`;
