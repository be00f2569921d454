# Talking to people: steps, progress, failures that say what to do.  Sourced by deploy/quickstart.

current=start
step_log=

say() { printf 'quickstart: %s\n' "$*"; }

step() {
    current=$1
    step_log=
    printf '\n== %s  (%d s)\n' "$1" $((SECONDS - started))
}

# fail WHAT TO-DO [LOG]: ends with the step, the last lines of the log, and what to do.
fail() {
    trap - ERR
    local log=${3:-$step_log}
    {
        printf '\nquickstart: failed at "%s": %s\n' "$current" "$1"
        if [ -n "$log" ] && [ -s "$log" ]; then
            printf -- '--- last lines of %s\n' "$log"
            tail -n 15 "$log"
            printf -- '---\n'
        fi
        printf 'What to do: %s\n' "$2"
    } >&2
    if [ "$json" = yes ]; then
        jq -cn --arg step "$current" --arg error "$1" '{ok: false, step: $step, error: $error}' >&3 2>/dev/null || true
    fi
    exit 1
}

# The trap of everything that was not foreseen.
broke() { fail "a command ended with status $1" "the log says why; mend it and run this again (it goes on where it was)"; }

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
