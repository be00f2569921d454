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
    load_warm
    cost_take "$work/before"
    say "$suite: $name, run $run, load average $(cut -d' ' -f1 /proc/loadavg)"
    "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count "$n" "$@" \
        >"$work/measures" || fail "the load generator gave up; logs in $work/log (use --keep)"
    cost_take "$work/after"
    { cat "$work/measures" && cost_say "$work/before" "$work/after" "$n"; } | record "$suite" "$name" "$run"
}

# Connections, plans and pages are there before the clock starts.
load_warm() {
    "$bin/bench_load" --endpoint "ipc://$work/run/intake-bench.req" --redis "$work/redis/sock" --count 2000 --rate 1000 \
        --sample 0 >/dev/null || fail "no warm-up"
}

suite_pipeline() {
    local run
    for ((run = 1; run <= runs; run++)); do
        load pipeline 'full speed, 300 bytes' "$run" "$count" --bytes 300
        load pipeline 'full speed, narratives' "$run" "$count" --texts "$(narratives)"
        load pipeline '1000 a second' "$run" 10000 --rate 1000 --sample 1
        load pipeline '10000 a second' "$run" 100000 --rate 10000 --sample 10
    done
}
