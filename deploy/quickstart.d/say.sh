# Talking to people: steps, progress, failures that say what to do.  Sourced by deploy/quickstart.

current=start
step_log=
mine=no # is the state folder ours, and nobody else at work in it?

say() { printf 'quickstart: %s\n' "$*"; }

step() {
    current=$1
    step_log=
    printf '\n== %s  (%d s)\n' "$1" $((SECONDS - started))
}

# fail WHAT TO-DO [LOG]: ends with the step, the last lines of the log, what to do, and what it leaves running.
fail() {
    trap - ERR
    local log=${3:-$step_log} still='' stop=
    if [ "$mine" = yes ]; then
        mine=no # to look may fail, too
        still=$(still_running)
    fi
    [ -z "$still" ] || stop="deploy/quickstart --stop$(state_words)"
    {
        printf '\nquickstart: failed at "%s": %s\n' "$current" "$1"
        if [ -n "$log" ] && [ -s "$log" ]; then
            printf -- '--- last lines of %s\n' "$log"
            tail -n 15 "$log"
            printf -- '---\n'
        fi
        printf 'What to do: %s\n' "$2"
        [ -z "$still" ] || printf 'Still running: %s; stop with: %s\n' "${still//$'\n'/, }" "$stop"
    } >&2
    if [ "$json" = yes ]; then
        jq -cn --arg step "$current" --arg error "$1" --arg still "$still" --arg stop "$stop" '{ok: false, step: $step, error: $error}
            + if $still == "" then {} else {running: ($still | split("\n")), stop: $stop} end' >&3 2>/dev/null || true
    fi
    exit 1
}

# The trap of everything that was not foreseen.
broke() { fail "a command ended with status $1" "the log says why; mend it and run this again (it goes on where it was)"; }

# The state folder, for its owner alone.  The user postgres has to pass through it to his own part and to his log.
state_make() {
    local why part pass=700
    if [ -d "$state" ] && [ -n "$(ls -A "$state" 2>/dev/null)" ] && ! [ -e "$state/lock" ]; then
        fail "the folder $state holds something else" "give a new or empty folder with --state DIR; nothing of it was touched"
    fi
    why=$(mkdir -p "$state" 2>&1) || fail "the state folder $state cannot be used: $why" \
        "give another with --state DIR, or make this one writable for $(id -un)"
    # Whoever owns it, or the link that leads there, could put his own programs in the place of ours later: also who made
    # it a moment before us.
    for part in "$state" "$state/."; do
        if [ -e "$part" ] && [ "$(stat -c %u "$part")" -ne "$(id -u)" ]; then
            fail "the folder $state belongs to $(stat -c %U "$part")" "give one of your own with --state DIR; nothing of it was touched"
        fi
    done
    [ "$(id -u)" -ne 0 ] || pass=711
    why=$({
        chmod "$pass" "$state" && test -w "$state" && mkdir -p "$state/log" && chmod "$pass" "$state/log" || exit
        for part in run keys service redis; do
            mkdir -p "$state/$part" && chmod 700 "$state/$part" || exit
        done
        # what an earlier version left for others to read
        find "$state/log" -mindepth 1 -type f -perm /077 -exec chmod go-rwx {} + &&
            find "$state" -maxdepth 1 -type f -perm /077 -exec chmod go-rwx {} +
    } 2>&1) || fail "the state folder $state cannot be used: ${why:-it is not writable}" \
        "give another with --state DIR, or make this one writable for $(id -un)"
}

# What another user built here, or what was built elsewhere and moved, is not built upon: cmake would
# only say that it failed.
build_is_ours() {
    local part=$root/build/release deep=1 why made
    made=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$part/CMakeCache.txt" 2>/dev/null) || true
    if [ -n "$made" ] && ! [ "$made" -ef "$root" ]; then
        fail "$part was made for $made: a build does not move" "remove it: rm -r $part"
    fi
    while ! [ -e "$part" ]; do part=${part%/*} deep=0; done
    part=$(find "$part" -maxdepth "$deep" ! -writable -print -quit 2>/dev/null)
    [ -n "$part" ] || return 0
    why="build from a checkout of your own"
    ! [ -x "$bin/redress" ] || why+=", or use the programs that are built here: --no-build"
    fail "$part belongs to $(stat -c %U "$part"): $(id -un) cannot write there" "$why"
}

# One line that moves, on a terminal; every tenth line otherwise.
progress() {
    local line seen=0
    while IFS= read -r line; do
        seen=$((seen + 1))
        case $line in
        "["*"] "*)
            if [ -t 1 ]; then
                printf '\r\033[K%.100s' "$line"
            elif [ $((seen % 25)) -eq 0 ]; then
                printf '%.100s\n' "$line"
            fi
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
    ! [ -t 1 ] || printf '\r\033[K'
}

# How to name this state folder in a command again: nothing for the default.
state_words() {
    local usual=/var/lib/redress-quickstart
    [ "$(id -u)" -eq 0 ] || usual=${XDG_STATE_HOME:-$HOME/.local/state}/redress
    [ "$state" = "$usual" ] || printf ' --state %s' "$state"
}

# wait_for SECONDS COMMAND…: tries it every fifth of a second.
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
}
