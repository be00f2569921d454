# Settings, archive, keys, and the five daemons under runit's supervision.  Sourced by deploy/quickstart.

supervisor_pid=$state/service.pid

redress() { "$bin/redress" --config "$state/redress.yaml" "$@" </dev/null; }

settings_write() {
    local memory
    memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024 / 4) }' /proc/meminfo)
    cat >"$state/redress.yaml" <<END
# Written by deploy/quickstart at every start.  What may stand here: redress-intake --help
# No user: each daemon comes in its own role of the archive, the command as redress_reader or redress_policy.
database: host=$pg_socket dbname=redress
redis: $redis_socket
redis_user: redress
redis_password_file: $state/keys/redis.password
run_dir: $state/run
instance: quickstart
key_file: $state/keys/seal.key
receipt_key_file: $state/keys/receipt.key
memory_max: $((memory < 512 ? 512 : memory < 2048 ? memory : 2048))
END
}

keys_make() {
    step_log=$state/log/keys.log
    [ -s "$state/keys/seal.key" ] && [ -s "$state/keys/receipt.key" ] && [ -s "$state/keys/receipt.key.pub" ] && return
    sql -c 'SELECT 1' >/dev/null 2>"$step_log" || # else it would be made without having asked what is sealed
        fail "the archive does not say whether complaints are sealed with an earlier seal.key" "see what it answered; no key was made"
    redress keys create >"$step_log" 2>&1 ||
        fail "the keys could not be made" "put back what is missing from your copy; or begin afresh: give another folder with --state DIR"
    say "keys in $state/keys (whoever has seal.key can read personal data; without it nobody can)"
}

# Every file of deploy/schema that the archive has not had yet, in order; each says in the archive that it was applied.
archive_make() {
    local file number have=0
    step_log=$state/log/schema.log
    if [ "$(sql -c "SELECT to_regclass('redress.archive') IS NULL")" = f ]; then
        have=$(sql -c 'SELECT file FROM redress.archive' 2>>"$step_log") ||
            fail "the archive in $state is of a version before files of the schema were counted" \
                "go on with that version, or begin afresh: give another folder with --state DIR"
    fi
    for file in "$root"/deploy/schema/[0-9]*.sql; do
        number=$((10#$(basename "$file" | grep -oE '^[0-9]+')))
        [ "$number" -gt "$have" ] || continue
        sql -v partitions="$partitions" -f "$file" >>"$step_log" 2>&1 ||
            fail "schema $(basename "$file") was refused" "the log says which line"
        [ "$(sql -c 'SELECT file FROM redress.archive')" = "$number" ] ||
            fail "schema $(basename "$file") does not say that it was applied" "it has to end with: UPDATE redress.archive SET file = $number"
        say "archive: $(basename "$file")"
    done
    sql -c "ALTER DATABASE redress SET search_path TO redress, public"
}

policies_load() {
    step_log=$state/log/policies.log
    redress policy load "$root"/deploy/policies/*.yaml >"$step_log" 2>&1 ||
        fail "a policy was refused" "the log names file, line and column, or the version to raise"
    sed "s|^$root/||" "$step_log"
}

# runit_write NAME: its run script, one that writes into its log how it ended, and one for that log (ten files of a
# megabyte).
runit_write() {
    local folder=$state/service/$1
    mkdir -p "$folder/log" "$state/log/$1"
    printf '#!/bin/sh\nexec 2>&1\nexec "%s" --config "%s"\n' "$bin/redress-$1" "$state/redress.yaml" >"$folder/run.new"
    cat >"$folder/finish.new" <<END
#!/bin/sh
# runit tells the exit status; or -1 and the signal, with 128 more if there is a core.
level=error
[ "\$1" -ne 0 ] || level=info
if [ "\$1" -ge 0 ]; then how='"status":'\$1; else how='"signal":'\$((\$2 & 127)); fi
printf '{"at":"%s","level":"%s","service":"$1","msg":"ended",%s}\n' "\$(date -u +%Y-%m-%dT%H:%M:%SZ)" "\$level" "\$how"
END
    printf '#!/bin/sh\nexec svlogd -tt "%s"\n' "$state/log/$1" >"$folder/log/run"
    printf 's1000000\nn10\n' >"$state/log/$1/config"
    chmod 755 "$folder/run.new" "$folder/finish.new" "$folder/log/run"
    mv "$folder/finish.new" "$folder/finish"
    mv "$folder/run.new" "$folder/run" # last and at once: runsvdir may be looking
}

# runs FILE WORDS: is the process of the pid file the one with these words, and no other that got its number later?
runs() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] &&
        tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$2"
}
supervisor_runs() { runs "$supervisor_pid" "runsvdir -P $state/service"; }
daemon_runs() { runs "$state/service/$1/supervise/pid" "redress-$1 --config $state/redress.yaml"; }
# sv can talk to runsv (status 0 or 1 with a report) as long as there is one.
supervised() { sv status "$state/service/$1" 2>&1 | grep -qE '^(run|down|finish|want)'; }

ready() { curl -fsS --max-time 2 --unix-socket "$state/run/$1-quickstart.admin" http://localhost/readyz; }

# A minute, and as long again as it still says what it is at: a busy machine compiles the patterns of 24 policies for longer.
ready_in_time() {
    local minute
    for minute in 1 2 3 4 5; do
        if wait_for 60 ready "$1"; then return 0; fi
        if [ -z "$(find "$state/log/$1/current" -newermt '-30 seconds')" ]; then return 1; fi
        say "redress-$1 is not ready after ${minute} min and still at it"
    done
    return 1
}

daemons_start() {
    local name
    for name in "${daemons[@]}"; do runit_write "$name"; done
    step_log=$state/log/runit.log
    if supervisor_runs; then
        say "already running"
        # A new build is a new program: each takes over from itself.
        for name in "${daemons[@]}"; do
            if [ "$bin/redress-$name" -nt "$state/service/$name/supervise/pid" ]; then
                sv restart "$state/service/$name" >>"$step_log" 2>&1 || true
            fi
        done
    else
        daemons_gone || daemons_stop # what a supervisor that was killed has left
        setsid runsvdir -P "$state/service" </dev/null >>"$step_log" 2>&1 3>&- 4>&- 9>&- &
        echo $! >"$supervisor_pid"
        disown
    fi
    for name in "${daemons[@]}"; do
        if ! ready_in_time "$name"; then
            curl -sS --max-time 2 --unix-socket "$state/run/$name-quickstart.admin" http://localhost/readyz >&2 || true
            fail "redress-$name is not ready after a minute and more" "its log says why" "$state/log/$name/current"
        fi
        say "redress-$name is ready"
    done
}

daemons_gone() {
    local name
    for name in "${daemons[@]}"; do
        ! supervised "$name" && ! daemon_runs "$name" || return 1
    done
}

daemons_stop() {
    local name
    if ! supervisor_runs && daemons_gone; then
        say "the daemons were not running"
        rm -f "$supervisor_pid"
        return
    fi
    # HUP: runsvdir ends every runsv, which ends its daemon with TERM; it hands its partitions over.
    if supervisor_runs; then
        kill -HUP "$(cat "$supervisor_pid")"
    else
        sv exit "$state"/service/* >/dev/null 2>&1 || true
    fi
    for name in "${daemons[@]}"; do
        if ! supervised "$name" && daemon_runs "$name"; then kill "$(cat "$state/service/$name/supervise/pid")" || true; fi
    done
    if ! wait_for 20 daemons_gone; then
        say "some daemons take their time; ending them"
        sv -w 5 force-shutdown "$state"/service/* >/dev/null 2>&1 || true
    fi
    if wait_for 10 daemons_gone; then
        rm -f "$supervisor_pid"
        say "the daemons ended"
    else
        say "some daemons did not end: sv status $state/service/*"
        return 1
    fi
}

# A line each.
still_running() {
    local name
    ! pg_runs || echo PostgreSQL
    ! redis_runs || echo Redis
    ! supervisor_runs || echo runsvdir
    for name in "${daemons[@]}"; do
        ! daemon_runs "$name" || echo "redress-$name"
    done
}

stop_all() {
    local rc=0
    if [ ! -d "$state" ]; then
        say "nothing of ours in $state"
        return
    fi
    daemons_stop || rc=1
    redis_stop || rc=1
    postgres_stop || rc=1
    say "the data stay in $state; to begin afresh remove that folder"
    exit "$rc"
}

# With --json one object: each part, and what the command redress says of all of them.
status_all() {
    local name rc=0 parts='{}'
    tell() { # NAME WORD
        printf '%-22s %s\n' "$1" "$2"
        [ "$2" = running ] || rc=3
        [ "$json" = no ] || parts=$(jq -c --arg name "$1" --arg word "$2" '.[$name] = $word' <<<"$parts")
    }
    word_of() { if "$@" >/dev/null 2>&1; then echo running; else echo not running; fi; }
    tell PostgreSQL "$(word_of pg_runs)"
    tell Redis "$(word_of redis_runs)"
    tell runsvdir "$(word_of supervisor_runs)" # without it nobody starts again what ends
    for name in "${daemons[@]}"; do
        if ! ready "$name" >/dev/null 2>&1 && daemon_runs "$name"; then
            tell "redress-$name" 'running, not ready'
        else
            tell "redress-$name" "$(word_of ready "$name")"
        fi
    done
    if [ "$json" = yes ]; then
        local said=null
        [ "$rc" -ne 0 ] || said=$(redress status --json) || rc=$?
        jq -cn --argjson parts "$parts" --argjson status "${said:-null}" --argjson rc "$rc" '{ok: ($rc == 0), parts: $parts, status: $status}' >&3
    elif [ "$rc" -eq 0 ]; then
        redress status || rc=$?
    fi
    return "$rc"
}
