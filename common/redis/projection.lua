-- Work queues, claims and live timers in Redis: every change, as one script with verbs.
--
-- Derived data only (law 6): each stream (service.partition) has a share, written by its owner alone
-- and guarded by a watermark that moves by compare-and-set with the effect, or not at all.
--
--   s:STREAM            hash: g generation of the share, w watermark, e epoch of the owner,
--                             b generation being built beside it,
--                             x xc the old share being cleaned away and how far
--   o:STREAM            set: generations that were replaced or given up, to be cleaned away
--   share:STREAM:GEN    dispatch: hash case → queue, the truth about places;
--                       watchdog: sorted set timer → due ms
--   q:QUEUE             sorted set case → score, of all partitions; an entry that its share does
--                       not confirm is stale
--   ask                 hash case → what it asks of who takes it, of cases that ask something (suits)
--   lease               hash case → "token score queue"
--   expiry              sorted set case → ms when its lease ends, by this server's clock
--
-- Arguments: prefix, verb, the verb's own.  Nothing here is unbounded: the caller slices.
local prefix, verb = ARGV[1], ARGV[2]

local leases, expiries, asks = prefix .. 'lease', prefix .. 'expiry', prefix .. 'ask'

local function stream_key(stream) return prefix .. 's:' .. stream end
local function old_key(stream) return prefix .. 'o:' .. stream end

-- A key of another type is none of ours: it goes, and with it what is said to stand here, so that the
-- owners tell it anew; their shares are old.
local function spoilt(key)
    redis.call('UNLINK', key)
    for _, service in ipairs({'dispatch.', 'watchdog.'}) do
        for n = 0, 1023 do
            local stream = service .. n
            for _, generation in ipairs(redis.call('HMGET', stream_key(stream), 'g', 'b')) do
                if generation then redis.call('SADD', old_key(stream), generation) end
            end
            redis.call('UNLINK', stream_key(stream))
        end
    end
end

local function call(command, key, ...)
    local got = redis.pcall(command, key, ...)
    if type(got) ~= 'table' or not got.err then return got end
    if string.sub(got.err, 1, 9) == 'WRONGTYPE' then spoilt(key) end
    return redis.call(command, key, ...)
end

local function share_key(stream, generation)
    return prefix .. 'share:' .. stream .. ':' .. generation
end
local function queue_key(queue) return prefix .. 'q:' .. queue end
local function is_timers(stream) return string.sub(stream, 1, 9) == 'watchdog.' end

-- The list of that name, made when it is first asked for.
local function list_of(lists, name)
    local list = lists[name]
    if not list then
        list = {}
        lists[name] = list
    end
    return list
end

local function lease_read(record) return string.match(record, '^(%S+) (%S+) (.*)$') end

local function lease_drop(case)
    call('HDEL', leases, case)
    call('ZREM', expiries, case)
end

-- What these cases ask: (case, queue, score, ask) each at its place in ARGV.
local function ask_all(cases, at)
    local asked, unasked = {}, call('EXISTS', asks) == 1 and {}
    for n = 1, #cases do
        local ask = ARGV[at[n] + 3]
        if ask ~= '' then
            asked[#asked + 1] = cases[n]
            asked[#asked + 1] = ask
        elseif unasked then
            unasked[#unasked + 1] = cases[n]
        end
    end
    if unasked and #unasked > 0 then call('HDEL', asks, unpack(unasked)) end
    if #asked > 0 then call('HSET', asks, unpack(asked)) end
end

-- Puts and removes (case, queue or '', score, ask)… against one share; the last word on a case
-- counts, so they are read from the end.
local function place_all(share, first)
    local seen, cases, at, count = {}, {}, {}, 0
    for i = #ARGV - 3, first, -4 do
        local case = ARGV[i]
        if not seen[case] then
            count = count + 1
            seen[case], cases[count], at[count] = true, case, i
        end
    end
    if count == 0 then return end
    ask_all(cases, at)
    local before = call('HMGET', share, unpack(cases))
    local held = call('EXISTS', leases) == 1 and call('HMGET', leases, unpack(cases)) or {}
    local left, entered, set, gone = {}, {}, {}, {}
    for n = 1, count do
        local case, queue, score, was = cases[n], ARGV[at[n] + 1], ARGV[at[n] + 2], before[n]
        if was and was ~= queue then
            local list = list_of(left, was)
            list[#list + 1] = case
        end
        if queue == '' then
            if was then gone[#gone + 1] = case end
            if held[n] then lease_drop(case) end
        else
            if was ~= queue then
                set[#set + 1] = case
                set[#set + 1] = queue
            end
            if held[n] then -- out on a claim: it will come back to the new place
                call('HSET', leases, case, lease_read(held[n]) .. ' ' .. score .. ' ' .. queue)
            else
                local list = list_of(entered, queue)
                local size = #list
                list[size + 1], list[size + 2] = score, case
            end
        end
    end
    for queue, members in pairs(left) do call('ZREM', queue_key(queue), unpack(members)) end
    for queue, pairs_ in pairs(entered) do call('ZADD', queue_key(queue), unpack(pairs_)) end
    if #set > 0 then call('HSET', share, unpack(set)) end
    if #gone > 0 then call('HDEL', share, unpack(gone)) end
end

-- Arms and disarms (timer, due ms or '')…; the last word on a timer counts.
local function time_all(share, first)
    local due = {}
    for i = first, #ARGV, 2 do due[ARGV[i]] = ARGV[i + 1] end
    local armed, gone = {}, {}
    for timer, at in pairs(due) do
        if at == '' then
            gone[#gone + 1] = timer
        else
            armed[#armed + 1] = at
            armed[#armed + 1] = timer
        end
    end
    if #armed > 0 then call('ZADD', share, unpack(armed)) end
    if #gone > 0 then call('ZREM', share, unpack(gone)) end
end

local function change_all(stream, share, first)
    if is_timers(stream) then time_all(share, first) else place_all(share, first) end
end

local verbs = {}

-- stream, generation, expected, next, changes… → state, watermark
function verbs.apply(stream, generation, expected, next)
    local now = call('HMGET', stream_key(stream), 'g', 'w')
    if now[1] ~= generation then return {'GENERATION'} end
    local watermark = tonumber(now[2])
    if tonumber(next) <= watermark then return {'OLD', now[2]} end
    if tonumber(expected) ~= watermark then return {'GAP', now[2]} end
    change_all(stream, share_key(stream, generation), 7)
    call('HSET', stream_key(stream), 'w', next)
    return {'OK', next}
end

-- stream, generation, changes… → state
function verbs.feed(stream, generation)
    if call('HGET', stream_key(stream), 'b') ~= generation then return {'GENERATION'} end
    change_all(stream, share_key(stream, generation), 5)
    return {'OK'}
end

-- Each call makes its functions anew, a third of what it costs: the frequent ones go no further.
if verbs[verb] then return verbs[verb](ARGV[3], ARGV[4], ARGV[5], ARGV[6]) end

local PAGE_MAX = 16 -- candidates of a queue looked at in one go

local function now_ms()
    local now = redis.call('TIME')
    return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- Which queue the case's stream says it is in, and whether a share is being built that may say
-- otherwise.
local function place(case, known)
    local stream = 'dispatch.' .. tonumber(string.sub(case, 1, 6), 16)
    local share = known and known[stream]
    if not share then
        share = call('HMGET', stream_key(stream), 'g', 'b')
        if known then known[stream] = share end
    end
    return share[1] and call('HGET', share_key(stream, share[1]), case), share[2]
end

-- A leased case goes back to where it belongs by now.
local function give_back(case, record)
    local _, score, queue = lease_read(record)
    lease_drop(case)
    local here, building = place(case)
    if here == queue or building then call('ZADD', queue_key(queue), score, case) end
end

-- stream, epoch → state, generation, watermark, old shares.  A new owner makes itself known.  Nobody
-- asks while he builds: a share being built was given up, by an owner or a connection that died.
function verbs.check(stream, epoch)
    local now = call('HMGET', stream_key(stream), 'g', 'w', 'e', 'b')
    local seen, mine = tonumber(now[3] or 0), tonumber(epoch)
    if seen > mine then return {'FENCED'} end
    if now[1] and seen < mine then call('HSET', stream_key(stream), 'e', epoch) end
    if now[4] then
        call('SADD', old_key(stream), now[4])
        call('HDEL', stream_key(stream), 'b')
    end
    return {'OK', now[1] or '', now[2] or '0', call('SCARD', old_key(stream))}
end

-- stream → state.  What stands here of the stream is not believed any more: its shares are old.
function verbs.forget(stream)
    local now = call('HMGET', stream_key(stream), 'g', 'b')
    call('UNLINK', stream_key(stream))
    for n = 1, 2 do
        if now[n] then call('SADD', old_key(stream), now[n]) end
    end
    return {'OK'}
end

-- stream, generation, epoch → state.  What an earlier attempt built is old.
function verbs.begin(stream, generation, epoch)
    local now = call('HMGET', stream_key(stream), 'b', 'e')
    if tonumber(now[2] or 0) > tonumber(epoch) then return {'FENCED'} end
    -- begun twice it is no older share of its own: cleaning would take what is live then
    if now[1] and now[1] ~= generation then call('SADD', old_key(stream), now[1]) end
    call('HSET', stream_key(stream), 'b', generation, 'e', epoch)
    return {'OK'}
end

-- stream, generation, watermark → state, old shares.  Readers see the new share from here on.
function verbs.flip(stream, generation, watermark)
    local now = call('HMGET', stream_key(stream), 'b', 'g')
    if now[1] ~= generation then return {'GENERATION'} end
    if now[2] then call('SADD', old_key(stream), now[2]) end
    call('HSET', stream_key(stream), 'g', generation, 'w', watermark)
    call('HDEL', stream_key(stream), 'b')
    return {'OK', call('SCARD', old_key(stream))}
end

-- One slice of an old share: what neither the new one nor the one being built confirms leaves its
-- queue.
local function clean_slice(stream, old, cursor, limit)
    local now = call('HMGET', stream_key(stream), 'g', 'b')
    local scan = call('HSCAN', share_key(stream, old), cursor, 'COUNT', limit)
    local entries = scan[2]
    for i = 1, #entries, 2 do
        local case, queue = entries[i], entries[i + 1]
        local here = now[1] and call('HGET', share_key(stream, now[1]), case)
        local soon = now[2] and call('HGET', share_key(stream, now[2]), case)
        if here ~= queue and soon ~= queue then call('ZREM', queue_key(queue), case) end
        if not here and not soon then
            lease_drop(case)
            call('HDEL', asks, case)
        end
    end
    return scan[1]
end

-- stream, limit → old shares left
function verbs.clean(stream, limit)
    local now = call('HMGET', stream_key(stream), 'x', 'xc')
    local old = now[1] or call('SRANDMEMBER', old_key(stream))
    if not old then return {'OK', 0} end
    local cursor = '0'
    if not is_timers(stream) then cursor = clean_slice(stream, old, now[2] or '0', limit) end
    if cursor == '0' then
        call('UNLINK', share_key(stream, old))
        call('SREM', old_key(stream), old)
        call('HDEL', stream_key(stream), 'x', 'xc')
    else
        call('HSET', stream_key(stream), 'x', old, 'xc', cursor)
    end
    return {'OK', call('SCARD', old_key(stream))}
end

-- The best candidate not yet looked at of several queues, each read a page at a time.
local function candidates(queues)
    local heads = {}
    for n, queue in ipairs(queues) do
        heads[n] = {queue = queue, page = {}, at = 1, read = 0, size = 2}
    end
    return function()
        local best
        for _, head in ipairs(heads) do
            if head.page and head.at > #head.page then
                local last = head.read + head.size - 1
                head.page = call('ZRANGE', queue_key(head.queue), head.read, last, 'WITHSCORES')
                head.read, head.at = last + 1, 1
                head.size = math.min(head.size * 2, PAGE_MAX)
                if #head.page == 0 then head.page = nil end
            end
            if head.page then
                head.score = tonumber(head.page[head.at + 1])
                if not best or head.score < best.score then best = head end
            end
        end
        if not best then return nil end
        best.at = best.at + 2
        return best.page[best.at - 2], best.page[best.at - 1], best.queue
    end
end

-- Whether who has these may take a case that asks so: clauses "until,token|!token …" with blanks
-- between; of each whose time has not come (0: never does) he has one token, or has not got it.
local function suits(ask, has, now)
    for ends, tokens in string.gmatch(ask, '(%d+),(%S+)') do
        local met = ends ~= '0' and tonumber(ends) <= now
        for no, token in string.gmatch(tokens, '(!?)([^|]+)') do
            met = met or (has[token] == nil) == (no == '!')
        end
        if not met then return false end
    end
    return true
end

-- token, lease ms, count, candidates to look at, number of queues, queues…, number of what the
-- caller has, that…, cases to skip… → cases passed over for what they ask, case, queue, score, …
function verbs.claim(token, lease, count, looks, queue_count)
    local queues, has, skip = {}, {}, {}
    local has_at = 8 + queue_count
    for i = 8, has_at - 1 do queues[#queues + 1] = ARGV[i] end
    local skip_at = has_at + 1 + ARGV[has_at]
    for i = has_at + 1, skip_at - 1 do has[ARGV[i]] = true end
    for i = skip_at, #ARGV do skip[ARGV[i]] = true end
    local claimed, stale, known, passed = {}, {}, {}, 0
    local asking, now = call('EXISTS', asks) == 1, now_ms()
    local next = candidates(queues)
    for _ = 1, looks do
        if #claimed >= count * 3 then break end
        local case, score, queue = next()
        if not case then break end
        if not skip[case] then
            local here, building = place(case, known)
            local ask = here == queue and asking and call('HGET', asks, case)
            if ask and not suits(ask, has, now) then
                passed = passed + 1
            elseif here == queue then
                skip[case] = true
                for _, value in ipairs({case, queue, score}) do claimed[#claimed + 1] = value end
            elseif not building then
                local list = list_of(stale, queue)
                list[#list + 1] = case
            end
        end
    end
    for queue, members in pairs(stale) do call('ZREM', queue_key(queue), unpack(members)) end
    local ends = #claimed > 0 and string.format('%.0f', now + lease)
    for i = 1, #claimed, 3 do
        local case, queue, score = claimed[i], claimed[i + 1], claimed[i + 2]
        call('ZREM', queue_key(queue), case)
        call('HSET', leases, case, token .. ' ' .. score .. ' ' .. queue)
        call('ZADD', expiries, ends, case)
    end
    table.insert(claimed, 1, passed)
    return claimed
end

-- case, token → 1, or 0 if that lease is not there any more
function verbs.undo(case, token)
    local record = call('HGET', leases, case)
    if not record or lease_read(record) ~= token then return 0 end
    give_back(case, record)
    return 1
end

-- limit → how many leases had ended and were taken back
function verbs.expire(limit)
    local now = string.format('%.0f', now_ms())
    local ended = call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, limit)
    for _, case in ipairs(ended) do
        local record = call('HGET', leases, case)
        if record then give_back(case, record) else call('ZREM', expiries, case) end
    end
    return #ended
end

return verbs[verb](ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
