# Private servers and the five daemons in a folder of their own.  Sourced by tests/bench/run.
#
# Wants: $work (the folder), $bin (programs), $root (the tree).  Ends only what it started, by process id.

daemons=(intake triage dispatch watchdog analytics)
declare -A daemon_pid=()
redis_pid='' redis_port=${redis_port:-0} pg_up=no
ticks=$(getconf CLK_TCK)
pg_programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
export PGHOST=$work/pg PGUSER=redress PGDATABASE=redress PGOPTIONS='-c search_path=redress,public'
unset PGPORT PGSERVICE PGPASSWORD

as_pg() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
redis_ask() { redis-cli -s "$work/redis/sock" "$@"; }
# Without PGUSER every daemon and verb comes in the role of its own.
redress() { env -u PGUSER "$bin/redress" --config "$work/redress.yaml" "$@" </dev/null; }

# wait_for SECONDS COMMAND…
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

# The files of the log are made once, as on a server that has run for an hour; else every run pays for making them,
# ours as well as the bare path.
wal_prepare() {
    local i
    for ((i = 0; i < 200; i++)); do echo "SELECT pg_logical_emit_message(false, 'bench', ''); SELECT pg_switch_wal();"; done |
        sql -d postgres >/dev/null
    sql -d postgres -c CHECKPOINT
}

servers_up() {
    [ -x "$pg_programs/postgres" ] || fail "no PostgreSQL under /usr/lib/postgresql"
    chmod 755 "$work"
    mkdir -p "$work"/{pg,redis,run,keys,log}
    chmod 700 "$work"/{pg,run,keys}
    [ "$(id -u)" -ne 0 ] || chown postgres "$work/pg"
    as_pg "$pg_programs/initdb" -D "$work/pg/data" -U redress --auth-local=trust --auth-host=reject -E UTF8 \
        --locale=C.UTF-8 >"$work/log/initdb" 2>&1 || fail "initdb failed: $work/log/initdb"
    as_pg tee -a "$work/pg/data/postgresql.conf" >/dev/null <<END
listen_addresses = ''
unix_socket_directories = '$work/pg'
shared_buffers = 1GB
max_wal_size = 8GB
min_wal_size = 4GB
checkpoint_timeout = 15min
max_connections = 200
timezone = 'UTC'
END
    (cd / && as_pg "$pg_programs/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" -w -t 60 start </dev/null >/dev/null) ||
        fail "PostgreSQL did not start: $work/pg/log"
    pg_up=yes
    wal_prepare
    redis-server --port "$redis_port" --bind 127.0.0.1 --unixsocket "$work/redis/sock" --dir "$work/redis" --appendonly yes \
        --appendfsync everysec --save '' --notify-keyspace-events Kh --maxmemory-policy noeviction </dev/null >"$work/log/redis" 2>&1 &
    redis_pid=$!
    wait_for 20 redis_ask ping || fail "Redis does not answer: $work/log/redis"
    cat >"$work/redress.yaml" <<END
database: host=$work/pg dbname=redress
redis: $work/redis/sock
run_dir: $work/run
key_file: $work/keys/seal.key
receipt_key_file: $work/keys/receipt.key
END
}

ready() { curl -fsS --max-time 2 --unix-socket "$work/run/$1-bench.admin" http://localhost/readyz; }

daemon_start() {
    env -u PGUSER "$bin/redress-$1" --config "$work/redress.yaml" --instance bench </dev/null >>"$work/log/$1" 2>&1 &
    daemon_pid[$1]=$!
}

daemons_start() {
    local name
    for name in "${daemons[@]}"; do daemon_start "$name"; done
    for name in "${daemons[@]}"; do
        wait_for 60 ready "$name" || fail "redress-$name is not ready: $(tail -n 1 "$work/log/$name")"
    done
}

daemons_stop() {
    local name
    [ ${#daemon_pid[@]} -eq 0 ] || kill "${daemon_pid[@]}" 2>/dev/null || true
    for name in "${!daemon_pid[@]}"; do wait "${daemon_pid[$name]}" 2>/dev/null || true; done
    daemon_pid=()
}

# fresh [POLICY…]: an empty archive, an empty Redis, five daemons that serve.
fresh() {
    daemons_stop
    sql -d postgres -c 'SET client_min_messages = error' -c 'DROP DATABASE IF EXISTS redress WITH (FORCE)' \
        -c 'CREATE DATABASE redress'
    redis_ask flushall >/dev/null
    "$bin/redress" --config "$work/redress.yaml" archive create >"$work/log/archive" 2>&1 || fail "no archive: $work/log/archive"
    redress keys create >"$work/log/keys" 2>&1 || fail "no keys: $work/log/keys"
    redress policy load "$root"/deploy/policies/*.yaml "$@" >"$work/log/policies" 2>&1 ||
        fail "a policy was refused: $work/log/policies"
    sql -c "UPDATE policy SET loaded_at = loaded_at - interval '1 min'" -c CHECKPOINT # a new one counts after seconds
    daemons_start
}

rig_down() {
    daemons_stop
    if [ -n "$redis_pid" ]; then
        kill "$redis_pid" 2>/dev/null || true
        wait "$redis_pid" 2>/dev/null || true
    fi
    if [ "$pg_up" = yes ]; then
        (cd / && as_pg "$pg_programs/pg_ctl" -D "$work/pg/data" -m immediate -w stop >/dev/null 2>&1) || true
    fi
    pg_up=no redis_pid=''
}

# ---- what it costs: processor time from /proc, WAL from the archive, batches from the daemons ----------------------

# ticks_of PID…: user and system time, with that of ended children.
ticks_of() {
    local pid
    for pid in "$@"; do cat "/proc/$pid/stat" 2>/dev/null || true; done |
        awk '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 } END { print sum + 0 }'
}

# cost_take FILE: name and ticks of every process we pay for, and counters.
cost_take() {
    local name postmaster
    postmaster=$(head -n 1 "$work/pg/data/postmaster.pid")
    {
        for name in "${daemons[@]}"; do
            [ -z "${daemon_pid[$name]:-}" ] || echo "cpu $name $(ticks_of "${daemon_pid[$name]}")"
        done
        echo "cpu redis $(ticks_of "$redis_pid")"
        # shellcheck disable=SC2046
        echo "cpu postgres $(ticks_of "$postmaster" $(pgrep -P "$postmaster"))"
        sql -d postgres -c "SELECT application_name, pid FROM pg_stat_activity WHERE application_name <> 'psql' AND backend_type = 'client backend'" |
            while IFS='|' read -r name pid; do echo "pg $name $(ticks_of "$pid")"; done
        echo "wal all $(sql -d postgres -c "SELECT pg_current_wal_lsn() - '0/0'")"
        for name in "${daemons[@]}"; do
            curl -fsS --max-time 2 --unix-socket "$work/run/$name-bench.admin" http://localhost/metrics 2>/dev/null |
                awk -v name="$name" '$1 ~ /redress_(commits|events|inputs|journal_read_events|stream_gaps)_total$/ {
                    sub(/redress_/, "", $1); sub(/_total/, "", $1); print $1, name, $2 }' || true
        done
    } >"$1"
}

# cost_say BEFORE AFTER COUNT [MORE_US]: measures per item, one a line: name, unit, value.
cost_say() {
    awk -v count="$3" -v sum="${4:-0}" -v tick_us="$((1000000 / ticks))" -v OFS='\t' '
        { key = $1 " " $2 }
        FNR == NR { before[key] += $3; next }
        { if (!(key in after)) order[n++] = key; after[key] += $3 }
        END {
            for (i = 0; i < n; i++) {
                key = order[i]
                split(key, part, " ")
                grown = after[key] - before[key]
                if (part[1] == "cpu") {
                    print "cpu " part[2], "us", grown * tick_us / count
                    sum += grown * tick_us / count
                } else if (part[1] == "pg") {
                    print "cpu postgres for " part[2], "us", grown * tick_us / count
                } else if (part[1] == "wal") {
                    print "wal", "bytes", grown / count
                } else if (part[1] == "commits" && grown > 0) {
                    items = part[2] == "intake" || part[2] == "dispatch" ? "events" : "inputs"
                    print "batch " part[2], "", (after[items " " part[2]] - before[items " " part[2]]) / grown
                } else if (part[1] == "journal_read_events") {
                    print "read again by " part[2], "", grown / count
                }
            }
            print "cpu without generator", "us", sum
        }' "$1" "$2"
}
