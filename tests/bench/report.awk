# Results as a table for people or as one JSON document: awk -f report.awk -v form=table|json results.tsv
#
# Every cell: median (least - most) over the runs.

BEGIN { FS = "\t" }

{
    key = $1 FS $2 FS $4 FS $5
    if (!(key in runs)) order[rows++] = key
    values[key, runs[key]++] = $6 + 0
}

function number(x) {
    if (x >= 1000 || x <= -1000 || x == int(x)) return sprintf("%.0f", x)
    return sprintf(x >= 100 ? "%.1f" : "%.2f", x)
}

# Sorts the values of a key; sets least, middle, most.
function settle(key,    n, i, j, t) {
    n = runs[key]
    for (i = 0; i < n; i++) sorted[i] = values[key, i]
    for (i = 1; i < n; i++) {
        t = sorted[i]
        for (j = i - 1; j >= 0 && sorted[j] > t; j--) sorted[j + 1] = sorted[j]
        sorted[j + 1] = t
    }
    least = sorted[0]
    most = sorted[n - 1]
    middle = n % 2 ? sorted[(n - 1) / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2
}

function table(    i, part, title) {
    for (i = 0; i < rows; i++) {
        split(order[i], part, FS)
        settle(order[i])
        if (part[1] ": " part[2] != title) {
            title = part[1] ": " part[2]
            printf "\n%s\n", title
        }
        printf "  %-46s %12s %-7s", part[3], number(middle), part[4]
        if (runs[order[i]] > 1) printf " (%s - %s)  n=%d", number(least), number(most), runs[order[i]]
        printf "\n"
    }
}

function quoted(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return "\"" s "\""
}

function json(    i, j, part) {
    printf "{\"machine\": %s, \"measures\": [", quoted(machine)
    for (i = 0; i < rows; i++) {
        split(order[i], part, FS)
        settle(order[i])
        printf "%s\n  {\"suite\": %s, \"case\": %s, \"name\": %s, \"unit\": %s, \"median\": %.6g, \"least\": %.6g, \"most\": %.6g, \"values\": [",
            (i ? "," : ""), quoted(part[1]), quoted(part[2]), quoted(part[3]), quoted(part[4]), middle, least, most
        for (j = 0; j < runs[order[i]]; j++) printf "%s%.6g", (j ? ", " : ""), values[order[i], j]
        printf "]}"
    }
    printf "\n]}\n"
}

END {
    if (form == "json") json()
    else table()
}
