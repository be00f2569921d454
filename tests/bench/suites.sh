# What is measured, one function a suite.  Sourced by tests/bench/run; lines of results.tsv are
# suite, case, run, name, unit, value, separated by tabs.

machine() {
    printf '%s processors, %s, load average %s' "$(nproc)" \
        "$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)" "$(cut -d' ' -f1 /proc/loadavg)"
}

# record SUITE CASE RUN: adds the measures that stand on stdin.
record() { awk -v OFS='\t' -F'\t' -v a="$1" -v b="$2" -v c="$3" 'NF == 3 { print a, b, c, $1, $2, $3 }' >>"$results"; }

say_measure() { printf '%s\t%s\t%s\n' "$@"; }

# Narratives of the sample as lines of text.
narratives() {
    local file=$work/narratives.txt
    [ -s "$file" ] || zcat "$root/tests/data/cfpb.csv.gz" | awk '
        # the last column: joins quoted lines, and keeps what stands behind the ninth comma
        { line = line (line == "" ? "" : " ") $0; sub(/\r$/, "", line); quotes = gsub(/"/, "\"", line)
          if (quotes % 2) next
          n = split_at(line); text = substr(line, n + 1); gsub(/^"|"$/, "", text); gsub(/""/, "\"", text)
          if (NR > 1 && text != "") print text
          line = "" }
        function split_at(s,    i, c, inside, commas) {
            for (i = 1; i <= length(s); i++) {
                c = substr(s, i, 1)
                if (c == "\"") inside = !inside
                else if (c == "," && !inside && ++commas == 9) return i
            }
            return length(s)
        }' >"$file"
    printf '%s' "$file"
}

# load SUITE CASE RUN COUNT [OPTION…]: complaints through an empty archive, what adapters see and what it costs.
load() {
    local suite=$1 name=$2 run=$3 n=$4
    shift 4
    fresh
    filled_with=0
    load_warm
    cost_take "$work/before"
    say "$suite: $name, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
    "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count "$n" "$@" \
        >"$work/measures" || fail "the load generator gave up; logs in $work/log (use --keep)"
    cost_take "$work/after"
    { cat "$work/measures" && cost_say "$work/before" "$work/after" "$n"; } >"$work/whole"
    record "$suite" "$name" "$run" <"$work/whole"
}

# Connections, plans and pages are there before the clock starts.
load_warm() {
    "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count 2000 --rate 1000 \
        --sample 0 >/dev/null || fail "no warm-up"
}

# bare CASE RUN COUNT [OPTION…]: the same hops, rows and commits with nothing else in them.
bare() {
    local name=$1 run=$2 n=$3
    shift 3
    daemons_stop
    cost_take "$work/before"
    say "limits: $name, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
    PGDATABASE=postgres "$bin/bench_bare" --redis "$work/redis/sock" --count "$n" "$@" >"$work/measures.bare" ||
        fail "the bare path gave up"
    cost_take "$work/after"
    { cat "$work/measures.bare" && cost_say "$work/before" "$work/after" "$n" \
        "$(awk -F'\t' '$1 == "cpu stages" { print $3 }' "$work/measures.bare")"; } >"$work/whole.bare"
    record limits "$name" "$run" <"$work/whole.bare"
}

# ratio CASE RUN: what went through just now, of what the bare path let through just before; by the clock, and by
# what both cost, which neighbours hardly change.
ratio() {
    awk -F'\t' -v OFS='\t' '
        $1 == "visible" { rate[FNR == NR] = $3 }
        $1 == "cpu generator" || $1 == "cpu without generator" { cost[FNR == NR] += $3 }
        END {
            print "share of the bare path", "", rate[0] / rate[1]
            print "share of it by processor time", "", cost[1] / cost[0]
        }' "$work/whole.bare" "$work/whole" | record pipeline "$1" "$2"
}

# latency CASE RUN: how many times as long as on the bare path just before a complaint takes to be visible; a disk that
# is slow today is slow for both.
latency() {
    awk -F'\t' -v OFS='\t' '
        $1 == "visible p50" { p50[FNR == NR] = $3 }
        $1 == "visible p99" { p99[FNR == NR] = $3 }
        END {
            print "visible p50, of the bare path", "times", p50[0] / p50[1]
            print "visible p99, of the bare path", "times", p99[0] / p99[1]
        }' "$work/whole.bare" "$work/whole" | record pipeline "$1" "$2"
}

suite_pipeline() {
    local run
    for ((run = 1; run <= runs; run++)); do
        bare 'bare path, 300 bytes' "$run" "$count" --bytes 300
        load pipeline 'full speed, 300 bytes' "$run" "$count" --bytes 300
        ratio 'full speed, 300 bytes' "$run"
        bare 'bare path, narratives' "$run" "$count" --texts "$(narratives)"
        load pipeline 'full speed, narratives' "$run" "$count" --texts "$(narratives)"
        ratio 'full speed, narratives' "$run"
        suite_latency_run "$run"
    done
}

suite_latency_run() {
    bare 'bare path, 1000 a second' "$1" 10000 --rate 1000
    load pipeline '1000 a second' "$1" 10000 --rate 1000 --sample 10
    latency '1000 a second' "$1"
    bare 'bare path, 10000 a second' "$1" 100000 --rate 10000
    load pipeline '10000 a second' "$1" 100000 --rate 10000 --sample 100
    latency '10000 a second' "$1"
}

# Latency alone, as in pipeline.
suite_latency() {
    local run
    for ((run = 1; run <= runs; run++)); do suite_latency_run "$run"; done
}

suite_limits() {
    local run
    echo "INSERT INTO bare_commit DEFAULT VALUES;" >"$work/commit.sql"
    for ((run = 1; run <= runs; run++)); do
        redis-benchmark -s "$work/redis/sock" -t zadd -r 1000000 -n 200000 -P 256 --csv 2>/dev/null |
            awk -F'"' '$2 == "ZADD" { printf "ZADD, 256 at once\t/s\t%s\n", $4 }' | record limits 'plain parts' "$run"
        redis_ask flushall >/dev/null
        sql -d postgres -c 'SET client_min_messages = error' -c 'DROP TABLE IF EXISTS bare_commit' \
            -c 'CREATE TABLE bare_commit (id bigserial PRIMARY KEY)'
        local clients
        for clients in 1 8; do
            "$pg_programs/pgbench" -n -f "$work/commit.sql" -T 3 -c "$clients" postgres 2>/dev/null |
                awk -v clients="$clients" '$1 == "tps" { printf "commits, %s clients\t/s\t%s\n", clients, $3 }' |
                record limits 'plain parts' "$run"
        done
        [ -z "$peer" ] || peer_run "$run"
    done
}

# Another bare path by somebody else, if there is one: its first line ends in median, least and most.
peer_run() {
    sql -d postgres -c 'CHECKPOINT'
    PGDATABASE=postgres RUNS=1 MAXB=1000 REDIS_PORT=$redis_port "$peer/pipeline_bench" max "$count" |
        awk '/complaints\/s/ { for (i = 1; i < NF; i++) if ($i == "maxb=1000") printf "visible\t/s\t%s\n", $(i + 1) }' |
        record limits 'bare path of the peer' "$1"
}

# What a million new rows set off (vacuum, checkpoint, Redis's new log) is done once, before anything is measured: a
# hotline takes a week for them, and a suite would measure whichever of these happens to run beside it.
settled() {
    sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    redis_ask bgrewriteaof >/dev/null
    wait_for 120 redis_rests || fail "Redis still writes its log anew: $work/log/redis"
}
redis_rests() { ! redis_ask info persistence | grep -Eq '^aof_rewrite_(in_progress|scheduled):1'; }

# filled N: an archive with N open cases, made anew unless it stands already.
filled_with=0
filled() {
    [ "$filled_with" -ne "$1" ] || return 0
    fresh "$here/timers.yaml"
    say "filling the archive with $1 cases, load average $(cut -d' ' -f1 /proc/loadavg)"
    "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count "$1" --sample 0 \
        >"$work/measures.fill" || fail "the load generator gave up; logs in $work/log (use --keep)"
    settled
    filled_with=$1
}

# Work queues with a case in them, separated by commas.
queues() { redis_ask --raw keys 'redress:q:*' | sed 's/^redress:q://' | sort | paste -sd,; }

suite_claims() {
    local run then
    filled_with=0
    filled 50000
    for ((run = 1; run <= runs; run++)); do
        for then in release withdraw; do
            cost_take "$work/before"
            say "claims: then $then, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
            "$bin/bench_claims" --endpoint "ipc://$work/run/dispatch-bench.req" --queues "$(queues)" --agents 200 \
                --seconds 5 --then "$then" >"$work/measures" || fail "the agents gave up"
            cost_take "$work/after"
            { cat "$work/measures" && cost_say "$work/before" "$work/after" \
                "$(awk -F'\t' '$1 == "commands" { print $3 }' "$work/measures")"; } |
                record claims "200 agents claim, then $then" "$run"
        done
    done
    filled_with=0
}

# Memory of a process in MiB, as the kernel counts it.
resident_mib() { awk '$1 == "VmRSS:" { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

suite_memory() {
    local name sum=0 mib
    fresh
    filled_with=0
    sleep 2
    for name in "${daemons[@]}"; do
        say_measure "$name, idle" MiB "$(resident_mib "${daemon_pid[$name]}")"
    done | record memory 'nothing to do' 1
    filled "$count"
    for name in "${daemons[@]}"; do
        mib=$(resident_mib "${daemon_pid[$name]}")
        sum=$(awk "BEGIN { print $sum + $mib }")
        say_measure "$name" MiB "$mib" | record memory "$count open cases" 1
    done
    {
        say_measure 'five daemons' MiB "$sum"
        redis_ask info memory | awk -F'[:\r]' '$1 == "used_memory" { printf "redis, its own count\tMiB\t%.1f\n", $2 / 1048576 }'
        say_measure 'redis' MiB "$(resident_mib "$redis_pid")"
        say_measure 'archive' MiB "$(sql -c "SELECT pg_database_size('redress') / 1048576")"
    } | record memory "$count open cases" 1
}

# Places and timers that Redis shows, as one number.
derived() {
    redis_ask --raw eval "local sum = 0
        for _, key in ipairs(redis.call('KEYS', 'redress:q:*')) do sum = sum + redis.call('ZCARD', key) end
        for i = 0, 63 do
            local g = redis.call('HGET', 'redress:s:watchdog.' .. i, 'g')
            if g then sum = sum + redis.call('ZCARD', 'redress:share:watchdog.' .. i .. ':' .. g) end
        end
        return sum" 0
}
derived_again() { [ "$(derived)" -ge "$1" ]; }

serves() {
    curl -fsS --max-time 2 --unix-socket "$work/run/$1-bench.admin" http://localhost/metrics |
        awk '$1 == "redress_partitions_serving" { good = $2 == 64 } END { exit !good }'
}

# What the watchdog said last of its timers, in seconds: it serves while they are read.
armed_s() {
    wait_for 60 grep -q '"timers armed"' "$work/log/watchdog" || fail "the timers were not armed"
    sed -n 's/.*"timers armed".*"ms":\([0-9]*\).*/\1/p' "$work/log/watchdog" | awk 'END { print $1 / 1000 }'
}

# How long COMMAND… takes to become true, in seconds.
seconds_until() {
    local began=$EPOCHREALTIME
    wait_for 300 "$@" || fail "not within 300 s: $*"
    awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $began }"
}

suite_recovery() {
    local run name before seconds
    filled "$count"
    for ((run = 1; run <= runs; run++)); do
        for name in "${daemons[@]}"; do
            kill -9 "${daemon_pid[$name]}"
            wait "${daemon_pid[$name]}" 2>/dev/null || true
            [ "$name" != watchdog ] || : >"$work/log/watchdog"
            daemon_start "$name"
            say_measure "$name killed and started, until it serves all" s "$(seconds_until serves "$name")" |
                record recovery "$count open cases" "$run"
        done
        say_measure 'watchdog, until every timer is armed' s "$(armed_s)" | record recovery "$count open cases" "$run"
        wait_for 120 derived_again 1
        sleep 3
        before=$(derived)
        redis_ask flushall >/dev/null
        seconds=$(seconds_until derived_again "$before")
        {
            say_measure 'Redis flushed, until all is there again' s "$seconds"
            say_measure 'the same for 100000 open cases' s "$(awk "BEGIN { print $seconds * 100000 / $count }")"
        } | record recovery "$count open cases" "$run"
    done
}

# As many timers as --count says lie armed while 1000 a second fall due.
suite_timers() {
    local run id due=30000 listener
    filled "$count"
    id=$(sql -c "SELECT id FROM policy WHERE name = 'bench-timers'")
    for ((run = 1; run <= runs; run++)); do
        say "timers: $due in a minute, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
        "$bin/bench_timers" --publisher "ipc://$work/run/watchdog-bench.pub" --policy "$id" --count "$due" \
            >"$work/measures" &
        listener=$!
        "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --policy bench-timers --count "$due" --rate 1000 \
            --sample 0 >/dev/null || fail "the load generator gave up"
        wait "$listener" || fail "not every timer fired: $(tr '\n' ' ' <"$work/measures")"
        {
            cat "$work/measures"
            say_measure 'armed at the same time' '' "$count"
        } | record timers '1000 a second fall due' "$run"
    done
    filled_with=0
}

# The complaints of tests/policies' journeys, as many of each policy, by turns: policy, channel, text.
mix() {
    local file=$work/mix.txt
    [ -s "$file" ] || awk '
        FNR == 1 { policy = FILENAME; sub(/.*\//, "", policy); sub(/\.yaml$/, "", policy); names[policies++] = policy }
        /^  - name:/ { channel = text = "" }
        /^    channel:/ { channel = $2 }
        /^    text:/ { text = $0; sub(/^    text: */, "", text); gsub(/^"|"$/, "", text) }
        channel != "" && text != "" { line[policy, count[policy]++] = policy "\t" channel "\t" text; channel = text = "" }
        END {
            for (i = 0; i < 24; i++) for (j = 0; j < policies; j++) print line[names[j], i % count[names[j]]]
        }' "$root"/tests/policies/*.yaml >"$file"
    printf '%s' "$file"
}

# Events of dispatch's and the watchdog's journal a life, by policy.
events_by_policy() {
    sql -F "$(printf '\t')" -c "SELECT p.name || ': events a life', '', round(count(*)::numeric / count(DISTINCT c.case_id), 1)
        FROM journal j JOIN complaint c USING (case_id) JOIN policy p ON p.id = c.policy_id GROUP BY p.name ORDER BY 1"
}

# Whole lives under all shipped policies: submitted, claimed, worked on, closed; then the archive is refolded.
suite_lives() {
    local run began seconds report=$work/lives.json
    for ((run = 1; run <= runs; run++)); do
        fresh
        filled_with=0
        cost_take "$work/before"
        say "lives: $lives of all policies, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
        began=$EPOCHREALTIME
        "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count "$lives" \
            --policy mix --texts "$(mix)" --sample 0 >"$work/measures" || fail "the load generator gave up"
        redress play --cases "$lives" --agents 100 --at-once 400 --leave 0 --json >"$report" || fail "the desk gave up"
        seconds=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
        cost_take "$work/after"
        jq -e ".closed == $lives and .stuck == 0" "$report" >/dev/null ||
            fail "not every life was closed: $(jq -c '{cases, closed, stuck, not_closed}' "$report")"
        [ "$(sql -c 'SELECT count(*) FROM complaint WHERE closed_at IS NULL')" = 0 ] || fail "the archive has open cases"
        sleep 2
        redress verify --json >"$work/verify.json" || fail "verify: $(head -c 2000 "$work/verify.json")"
        {
            say_measure 'whole lives, submission included' /s "$(awk "BEGIN { print $lives / $seconds }")"
            jq -r '"lives, from the first claim\t/s\t\(.lives_per_second)", "moves a life\t\t\(.moves / .cases)",
                "refused a life\t\t\(.refused / .cases)", (.policies | sort_by(.policy)[] |
                "\(.policy)\t/s\t\(.lives_per_second)", "\(.policy): moves a life\t\t\(.moves / .cases)")' "$report"
            events_by_policy
            cost_say "$work/before" "$work/after" "$lives"
        } | record lives "$lives lives under all policies" "$run"
    done
}

# ---- policies, calendars and clocks: one process, no server, one thread --------------------------------------------

# part SUITE CASE RUN COMMAND…: measures on stdout as name, unit and value, separated by tabs.
part() {
    local suite=$1 name=$2 run=$3
    shift 3
    say "$suite: $name, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
    "$@" >"$work/part" 2>"$work/part.err" || fail "$* failed: $(tail -n 3 "$work/part.err")"
    record "$suite" "$name" "$run" <"$work/part"
}

suite_clock() {
    local run
    for ((run = 1; run <= runs; run++)); do
        part clock 'watchdog core, ten pauses, four clocks, a calendar of three years' "$run" "$bin/bench_clock"
    done
}

# {"name":"…","unit":"/s","value":1} on lines of their own
measures_of_json() {
    "$@" | sed -n 's/^{"name":"\(.*\)","unit":"\(.*\)","value":\([0-9.]*\)}$/\1\t\2\t\3/p'
}

suite_calendar() {
    local run
    for ((run = 1; run <= runs; run++)); do
        part calendar 'a calendar of three years' "$run" measures_of_json "$bin/bench_calendar" --json
    done
}

rules_measure() {
    "$bin/bench_policy" --json |
        sed 's/.*"rules":\([0-9]*\),.*"us_per_case":\([0-9.]*\),.*/rules\t\t\1\nmatching of a case\tus\t\2/'
}

suite_policy() {
    local run
    for ((run = 1; run <= runs; run++)); do
        part policy 'factors, overrides and routes' "$run" rules_measure
    done
}

# drill_measure COUNT [OPTION…]: how long the whole command takes for so many complaints of a city.
drill_measure() {
    local n=$1 data=$root/tests/data/drill from
    shift
    [ -s "$work/drill-$n.csv" ] || awk -v n="$n" '
        NR == 1 { print; next }
        { sub(/^[^,]*/, ""); row[rows++] = $0 }
        END { for (i = 0; i < n; i++) print 100000000 + i row[i % rows] }' "$data/boston311.csv" >"$work/drill-$n.csv"
    from=$(date +%s%N)
    "$bin/redress" drill --policy "$data/boston311.yaml" --csv "$work/drill-$n.csv" --map "$data/boston311.map.yaml" \
        --json "$@" >"$work/drill.json" || return 1
    say_measure 'whole command' s "$(awk -v ns=$(($(date +%s%N) - from)) 'BEGIN { print ns / 1e9 }')"
    sed -n 's/.*"complaints":\([0-9]*\),.*"events":\([0-9]*\),.*/complaints\t\t\1\nevents\t\t\2/p' "$work/drill.json"
}

suite_drill() {
    local run
    for ((run = 1; run <= runs; run++)); do
        part drill 'as recorded, 100000 complaints' "$run" drill_measure 100000
        part drill 'with people, 100000 complaints' "$run" drill_measure 100000 \
            --staff "$root/tests/data/drill/boston311.staff.yaml"
    done
}
