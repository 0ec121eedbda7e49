/**
 * One call sends a whole batch, because the client's work per command would be the cost, not Redis'. Keys and channels
 * come from `wire.ts`; all keys of a call are declared (one server, no cluster). An error ends the call, so that the
 * batch is sent again. Only a stream whose key has another type is skipped, because a retry cannot fix that. Returns
 * how many were.
 */

/** Entries read at a time, and closes of earlier bars after which a bar is taken not to be there: batches may overtake each other. */
const SCAN_PAGE = 50;
const SCAN_CLOSES = 500;

/**
 * KEYS: latest, stream, newest closes per bar. ARGV: seconds to live, stream length; then channel, text, "1" when it is the
 * whole bar, instrument, start of the bar per bar.
 *
 * A close is written once, whatever is published: a restart, a heal and a batch sent again close bars that are there. Told
 * again with the same figures it is passed over, with others it becomes a patch that is the whole bar. Only what does not
 * begin after the newest close is looked for, from the stream's end back: a later one cannot be there.
 */
export const publishBars = `
local function figures(text)
  local rest = string.match(text, '^{"event":"%a+",(.*)$') or text
  rest = string.gsub(rest, '^"whole":true,', '', 1)
  return (string.gsub(rest, '"rev":%d+,', '', 1))
end
local function written(stream, time)
  local stamp = '"time":' .. time .. ','
  local start = tonumber(time)
  local last, closed, passed = nil, false, 0
  local to = '+'
  while true do
    local page = redis.call('XREVRANGE', stream, to, '-', 'COUNT', ${SCAN_PAGE})
    for _, entry in ipairs(page) do
      local text = entry[2][2] or ''
      local isClose = string.find(text, '{"event":"close"', 1, true) == 1
      if string.find(text, stamp, 1, true) then
        if last == nil then last = text end
        if isClose then return last, true end
      elseif isClose and (tonumber(string.match(text, '"time":(%d+)')) or 0) < start then
        passed = passed + 1
        if passed >= ${SCAN_CLOSES} then return last, closed end
      end
      to = '(' .. entry[1]
    end
    if #page < ${SCAN_PAGE} then return last, closed end
  end
end
local refused = 0
for i = 1, #KEYS / 3 do
  local latest, stream, closes = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local channel, text, whole, instrument, time = ARGV[5 * i - 2], ARGV[5 * i - 1], ARGV[5 * i], ARGV[5 * i + 1], ARGV[5 * i + 2]
  local isClose = string.find(text, '{"event":"close"', 1, true) == 1
  local known = redis.pcall('HGET', closes, instrument)
  local newest = type(known) == 'string' and tonumber(known) or nil
  local start = tonumber(time)
  local kind = redis.call('TYPE', stream).ok
  if kind ~= 'stream' and kind ~= 'none' then
    refused = refused + 1
    if whole == '1' and (newest == nil or start >= newest) then redis.call('SET', latest, text, 'EX', ARGV[1]) end
    redis.call('PUBLISH', channel, text)
  else
    local fresh = true
    if kind == 'stream' and whole == '1' and not (isClose and newest ~= nil and start > newest) then
      local last, closed = written(stream, time)
      if last ~= nil and figures(last) == figures(text) then fresh = false
      elseif isClose and closed then text = '{"event":"patch","whole":true' .. string.sub(text, 17) end
    end
    if fresh then
      local added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[2], '*', 'bar', text)
      if type(added) == 'table' and added.err then return added end
      redis.call('PUBLISH', channel, text)
    end
    if isClose and (newest == nil or start > newest) then redis.pcall('HSET', closes, instrument, time) end
    if whole == '1' and (newest == nil or start >= newest) then redis.call('SET', latest, text, 'EX', ARGV[1]) end
  end
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
