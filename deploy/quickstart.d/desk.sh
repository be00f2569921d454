# Complaints go in, people at the desk work on them, and the archive is asked whether all of it is there.
# Sourced by deploy/quickstart.

desk_cases=24
receipts=$state/receipts.tsv
import_report=$state/import.json
desk_closed=0

import_sample() {
    step_log=$state/log/import.log
    # Progress on stderr, one JSON object on stdout, a line a receipt in the file.
    redress import --map "$root/tests/data/cfpb.map.yaml" --count "$count" --receipts "$receipts" --json \
        "$root/tests/data/cfpb.csv.gz" >"$import_report" 2> >(tee "$step_log" >&2) ||
        fail "the import ended early" "run it again: what was accepted counts as a duplicate then"
    jq -r '"\(.accepted) accepted, \(.duplicates) of them known before, \(.refused) refused; \(.seconds) s"' "$import_report"
    local language
    for language in zh-CN zh-TW; do
        redress import --map "$root/tests/data/complaints-zh.map.yaml" --json \
            "$root/tests/data/complaints-$language.jsonl" >/dev/null 2>>"$step_log" ||
            fail "the import of complaints-$language.jsonl ended early" "the log says why"
    done
}

# The first queue in which somebody waits.
busiest_queue() { redress status --json | jq -r '[.queues[] | select(.waiting > 0)] | max_by(.waiting) | .queue // empty'; }

# What a person would type into a field an action asks for.
field_value() {
    case $1 in
    category) echo other ;;
    *amount* | *cost* | *number* | *days*) echo 20 ;;
    *) echo "tried at the quickstart's desk" ;;
    esac
}

# act_on REPLY AGENT ACTION: prints the new reply; false when it was refused.
act_on() {
    local reply=$1 agent=$2 action=$3 need answer fields=()
    while read -r need; do
        [ -z "$need" ] || fields+=(--field "$need=$(field_value "$need")")
    done < <(jq -r '.needs[]?' <<<"$action")
    answer=$(redress act --actor "$agent" --role "$(jq -r '.roles[0] // "agent"' <<<"$action")" \
        --version "$(jq -r .version <<<"$reply")" --json "${fields[@]}" \
        "$(jq -r .case_number <<<"$reply")" "$(jq -r .action <<<"$action")") || return 1
    [ "$(jq -r .outcome <<<"$answer")" = "done" ] && printf '%s' "$answer"
}

# desk_case AGENT: claims the best case and walks it towards its end as a person at the screen would: the first
# permitted action that leads to a step not yet seen, and the next one when it is refused.
desk_case() {
    local agent=$1 queue reply next action seen=' ' moves=0
    queue=$(busiest_queue)
    [ -n "$queue" ] || return 1
    reply=$(redress claim --actor "$agent" --role agent --json "$queue") || return 1
    [ -n "$(jq -r '.case_number // empty' <<<"$reply")" ] || return 1
    while [ "$moves" -lt 12 ]; do
        seen+="$(jq -r .step <<<"$reply") "
        next=
        while read -r action; do
            if next=$(act_on "$reply" "$agent" "$action"); then break; fi
            next=
        done < <(jq -c --arg seen "$seen" '.allowed[]? | select(.to_step as $to | $seen | contains(" \($to) ") | not)' <<<"$reply")
        [ -n "$next" ] || break
        reply=$next
        moves=$((moves + 1))
    done
    printf '  %s  %s  %d steps, now at %s\n' "$agent" "$(jq -r .case_number <<<"$reply")" "$moves" "$(jq -r .step <<<"$reply")"
    [ "$(jq -r .step <<<"$reply")" != closed ] || desk_closed=$((desk_closed + 1))
}

desk_play() {
    local i worked=0
    step_log=$state/log/desk.log
    for ((i = 0; i < desk_cases; i++)); do
        if desk_case "agent-$((i % 3 + 1))" 2>>"$step_log"; then worked=$((worked + 1)); fi
    done
    [ "$worked" -gt 0 ] || fail "no case could be claimed" "what waits: redress status; what was refused: the log"
    say "$worked cases were worked on"
}

# Every receipt against the archive: the event it names must be there, byte for byte by its hash.
check_archive() {
    step_log=
    archived=$(sql -c 'SELECT count(*) FROM redress.journal WHERE service = 1')
    lost=$(
        sql <<END
CREATE TEMP TABLE receipt (submission_id text, case_number text, case_id bigint, partition integer, seq bigint, hash text);
\\copy receipt FROM '$receipts'
SELECT count(*) FROM receipt r WHERE NOT EXISTS (
    SELECT 1 FROM redress.journal j WHERE j.service = 1 AND j.partition = r.partition AND j.seq = r.seq
        AND j.case_id = r.case_id AND j.hash = decode(r.hash, 'hex'));
END
    )
    [ "$(wc -l <"$receipts")" -eq "$(jq .accepted "$import_report")" ] ||
        fail "the import says it was given $(jq .accepted "$import_report") receipts, its file has $(wc -l <"$receipts")" \
            "keep $state and report this"
    [ "$lost" = 0 ] || fail "$lost receipts name events that are not in the archive" "keep $state and report this"
    say "$(wc -l <"$receipts") receipts, all of them in the archive; $archived complaints there in all"
}

report_json() {
    jq -c --argjson archived "$archived" --argjson lost "$lost" --argjson desk "$desk_cases" --argjson closed "$desk_closed" \
        --argjson build "$build_seconds" --argjson seconds $((SECONDS - started)) --arg state "$state" \
        '{ok: true, accepted, duplicates, refused, archived: $archived, lost: $lost, import_seconds: .seconds,
          desk_cases: $desk, closed: $closed, build_seconds: $build, seconds: $seconds, state: $state}' "$import_report"
}
