# Complaints go in, people at the desk work on them, and the archive is asked whether all of it is there.
# Sourced by deploy/quickstart.

desk_cases=40
chinese=60 # complaints in each of the two Chinese files
receipts=$state/receipts.tsv
import_report=$state/import.json
desk_closed=0

# import_file NAME MAP DATA [OPTION…]: progress on stderr; NAME.json gets the counts, NAME.tsv a line a receipt.
import_file() {
    local name=$1 map=$2 data=$3
    shift 3
    redress import --map "$root/tests/data/$map" --receipts "$state/$name.tsv" --json "$@" "$root/tests/data/$data" \
        >"$state/$name.json" 2> >(tee -a "$step_log" >&2) ||
        fail "the import of $data ended early" "run it again: what was accepted counts as a duplicate then"
}

# $count complaints in all: real ones in English and, when there is room, ours in Chinese of both writings.
import_sample() {
    step_log=$state/log/import.log
    : >"$step_log"
    local real=$count parts=(import-en)
    if [ "$count" -ge $((4 * chinese)) ]; then
        real=$((count - 2 * chinese))
        parts+=(import-zh-CN import-late)
        import_file import-zh-CN complaints-zh.map.yaml complaints-zh-CN.jsonl
        # These lay in a spool for a day: deadlines that have passed can be seen.  Once: their times are of that instant.
        if [ ! -s "$state/late.done" ]; then
            import_file import-late complaints-late.map.yaml complaints-zh-TW.jsonl
            echo done >"$state/late.done"
        else # what its report says of the run that imported them
            jq '.duplicates = .accepted' "$state/import-late.json" >"$state/import-late.new"
            mv "$state/import-late.new" "$state/import-late.json"
        fi
    fi
    import_file import-en cfpb.map.yaml cfpb.csv.gz --count "$real"
    (cd "$state" && cat "${parts[@]/%/.tsv}" >"$receipts" && jq -s '{accepted: map(.accepted) | add, duplicates: map(.duplicates) | add,
        refused: map(.refused) | add, seconds: map(.seconds) | add}' "${parts[@]/%/.json}" >"$import_report")
    jq -r '"\(.accepted) accepted, \(if .duplicates == .accepted then "all of them known before: nothing was imported again"
        else "\(.duplicates) of them known before, \(.accepted - .duplicates) new" end), \(.refused) refused; \(.seconds * 10 | round / 10) s"' "$import_report"
}

# Once: four people claim cases and walk them through the steps of their policy; a few are left on the way.
desk_play() {
    step_log=$state/log/desk.log
    local report=$state/desk.json
    if [ -n "$(redress org show --json 2>"$step_log")" ]; then # who works is known, and the played people do not
        echo '{"cases": 0, "closed": 0, "moves": 0}' >"$report"
        desk_cases=0 desk_closed=0
        say "an organisation is applied (redress org show): its own people work, nothing is played"
        return
    fi
    if [ -e "$state/desk.done" ]; then
        echo '{"cases": 0, "closed": 0, "moves": 0}' >"$report" # what waits now may be somebody's own
        desk_cases=0 desk_closed=0
        say "the desk has been played before: what waits is left to whoever works here now"
        return
    fi
    redress play --cases "$desk_cases" --agents 4 --json >"$report" 2> >(tee "$step_log" >&2) ||
        fail "the desk could not work" "what waits: redress status; what was refused: the log"
    desk_closed=$(jq -r .closed "$report")
    : >"$state/desk.done"
    say "$(jq -r '"\(.cases) cases were worked on, \(.closed) of them to their end, in \(.moves) moves"' "$report")"
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
    redress verify --quiet >"$state/log/verify.log" || fail "the archive does not agree with itself" "what differs: $state/log/verify.log"
    say "$(wc -l <"$receipts") receipts, all of them in the archive; $archived complaints there in all; chain and tables verified"
}

report_json() {
    jq -c --argjson archived "$archived" --argjson lost "$lost" --argjson desk "$desk_cases" --argjson closed "$desk_closed" \
        --argjson build "$build_seconds" --argjson seconds $((SECONDS - started)) --arg state "$state" \
        '{ok: true, accepted, duplicates, refused, archived: $archived, lost: $lost, import_seconds: .seconds,
          desk_cases: $desk, closed: $closed, build_seconds: $build, seconds: $seconds, state: $state}' "$import_report"
}
