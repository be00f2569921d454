# A PostgreSQL and a Redis of our own, on sockets inside the state folder.  Sourced by deploy/quickstart.

pg_data=$state/pg/data
pg_socket=$state/pg
redis_socket=$state/redis/redis.sock

pg_bin() {
    local folder
    folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$folder/postgres" ] || fail "no PostgreSQL in $folder" "deploy/install-packages run"
    printf '%s' "$folder"
}

# PostgreSQL refuses root; as root it runs as the user postgres of its package.
as_pg() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$pg_socket" -U redress -d redress "$@"; }

pg_runs() { [ -s "$pg_data/postmaster.pid" ] && as_pg "$(pg_bin)/pg_ctl" -D "$pg_data" status >/dev/null 2>&1; }

# A quarter of what is there, at most MAX: megabytes_of HAVE MAX.
megabytes_of() { echo $(($1 / 4 < $2 ? $1 / 4 : $2)); }

pg_configure() {
    local memory disk
    memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
    disk=$(df -Pm "$state" | awk 'NR == 2 { print $4 }')
    cat <<END
# Written by deploy/quickstart when the cluster was made; change it as you like and restart.
listen_addresses = ''
unix_socket_directories = '$pg_socket'
unix_socket_permissions = 0700
shared_buffers = $(megabytes_of "$memory" 1024)MB
max_wal_size = $(megabytes_of "$disk" 8192)MB
checkpoint_timeout = 15min
timezone = 'UTC'
END
}

postgres_start() {
    local programs
    programs=$(pg_bin)
    step_log=$state/log/postgresql.log
    mkdir -p "$pg_socket"
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres "$pg_socket"
        touch "$step_log"
        chown postgres "$step_log"
        as_pg test -x "$pg_socket" ||
            fail "the user postgres cannot reach $pg_socket" "give a folder every user may pass through: --state DIR"
    fi
    chmod 700 "$pg_socket"
    if [ ! -s "$pg_data/PG_VERSION" ]; then
        say "making a cluster in $pg_data"
        as_pg "$programs/initdb" -D "$pg_data" -U redress --auth-local=trust --auth-host=reject --encoding=UTF8 \
            --locale=C.UTF-8 >>"$step_log" 2>&1 || fail "initdb failed" "remove $pg_data and run this again"
        pg_configure | as_pg tee "$pg_data/redress.conf" >/dev/null
        echo "include = 'redress.conf'" | as_pg tee -a "$pg_data/postgresql.conf" >/dev/null
    fi
    if pg_runs; then
        say "already running"
    else
        (cd / && as_pg "$programs/pg_ctl" -D "$pg_data" -l "$step_log" -w -t 60 start 3>&- 4>&- 9>&- </dev/null) >/dev/null 2>&1 ||
            fail "PostgreSQL did not start" "the log says why; too little memory or disk?"
    fi
    psql -X -q -A -t -h "$pg_socket" -U redress -d postgres -c \
        "SELECT 1 FROM pg_database WHERE datname = 'redress'" | grep -q 1 ||
        psql -X -q -h "$pg_socket" -U redress -d postgres -c 'CREATE DATABASE redress'
    say "PostgreSQL $(sql -c 'SHOW server_version') on $pg_socket"
}

# The keeper of Redis may ping and stop it, and see no key; redress may use its own keys; nobody else may do anything.
redis_ask() {
    REDISCLI_AUTH=$(cat "$state/keys/redis-keeper.password" 2>/dev/null) redis-cli -s "$redis_socket" --user keeper "$@" 2>/dev/null
}
redis_commands='+auth +ping +role +script|load +evalsha +time +exists +unlink +scan +hdel +hexists +hget +hlen +hmget +hscan +hset
    +sadd +scard +srandmember +srem +zadd +zcard +zcount +zrange +zrangebyscore +zrem +zscore'

# password_make NAME: once, for nobody else to read.
password_make() {
    [ -s "$state/keys/$1.password" ] || head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$state/keys/$1.password"
}
password_hash() { printf '%s' "$(cat "$state/keys/$1.password")" | sha256sum | cut -d ' ' -f 1; }
redis_runs() { [ -S "$redis_socket" ] && [ "$(redis_ask PING)" = PONG ]; }

redis_start() {
    step_log=$state/log/redis.log
    password_make redis
    password_make redis-keeper
    # one that was started before it had users is started anew
    [ "$(redis-cli -s "$redis_socket" PING 2>/dev/null)" != PONG ] || redis-cli -s "$redis_socket" SHUTDOWN >/dev/null 2>&1 || true
    if redis_runs; then
        say "already running"
        return
    fi
    cat >"$state/redis/redis.conf" <<END
# Written by deploy/quickstart at every start.  Redis holds only what can be derived again, yet a restart should be quick.
port 0
unixsocket $redis_socket
unixsocketperm 700
dir $state/redis
daemonize yes
pidfile $state/redis/redis.pid
logfile $step_log
appendonly yes
appendfsync everysec
save ""
maxmemory 512mb
maxmemory-policy noeviction
user default off
user keeper on #$(password_hash redis-keeper) resetkeys resetchannels -@all +ping +info +shutdown
user redress on #$(password_hash redis) ~redress:* resetchannels -@all $(echo $redis_commands)
END
    redis-server "$state/redis/redis.conf" 3>&- 4>&- 9>&- </dev/null >>"$step_log" 2>&1 || fail "Redis did not start" "the log says why"
    wait_for 20 redis_runs || fail "Redis does not answer on $redis_socket" "the log says why"
    say "Redis $(redis_ask INFO server | sed -n 's/^redis_version:\([0-9.]*\).*/\1/p') on $redis_socket"
}

postgres_stop() {
    if ! pg_runs; then
        say "PostgreSQL was not running"
    elif (cd / && as_pg "$(pg_bin)/pg_ctl" -D "$pg_data" -m fast -w -t 60 stop) >/dev/null; then
        say "PostgreSQL ended"
    else
        say "PostgreSQL did not end within a minute; its log: $state/log/postgresql.log"
        return 1
    fi
}

redis_gone() { ! redis_runs; }

redis_stop() {
    if ! redis_runs; then
        say "Redis was not running"
        return
    fi
    redis_ask SHUTDOWN >/dev/null || true
    if wait_for 20 redis_gone; then
        say "Redis ended"
    else
        say "Redis did not end within 20 s; its log: $state/log/redis.log"
        return 1
    fi
}
