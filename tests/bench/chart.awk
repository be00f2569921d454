# Results as pictures: awk -f chart.awk -v folder=DIR results.tsv writes one SVG file a picture into DIR.
#
# A bar is the median over the runs, the line through it reaches from the least to the most.

BEGIN {
    FS = "\t"
    left = 330
    right = 150
    width = 960
    line = 30
    hues = split("#2b6cb0 #c05621 #2f855a #6b46c1 #b7791f #c53030 #4a5568 #319795 #97266d #718096", hue, " ")
}

{
    key = $1 FS $2 FS $4
    if (!(key in runs)) {
        order[keys++] = key
        unit[key] = $5
    }
    values[key, runs[key]++] = $6 + 0
    if (!(($1, $2) in known)) {
        known[$1, $2] = 1
        cases[$1, count[$1]++] = $2
    }
}

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

function text(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    return s
}

function short(x) {
    if (x >= 100000) return sprintf("%.0f k", x / 1000)
    if (x >= 100 || x == int(x)) return sprintf("%.0f", x)
    return sprintf(x >= 10 ? "%.1f" : "%.2f", x)
}

function open_svg(name, title, height) {
    file = folder "/" name ".svg"
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"14\">\n", width, height, width, height >file
    printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n<text x=\"20\" y=\"32\" font-size=\"19\" font-weight=\"bold\" fill=\"#1a202c\">%s</text>\n", text(title) >file
}

function close_svg() {
    print "</svg>" >file
    close(file)
}

# A step of 1, 2 or 5 times a power of ten, so that about five of them reach most.
function step_of(most,    power, rest) {
    power = 10 ^ int(log(most / 5) / log(10) - (most < 5 ? 1 : 0))
    rest = most / 5 / power
    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10)
}

function axis(most, what, top, bottom,    step, x, at) {
    step = step_of(most)
    for (at = 0; at <= most * 1.0001; at += step) {
        x = left + at / most * (width - left - right)
        printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#e2e8f0\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#4a5568\">%s</text>\n", x, top, x, bottom, x, bottom + 18, short(at) >file
    }
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#4a5568\">%s</text>\n", width - 20, bottom + 18, text(what) >file
}

function bar(y, label, colour, most,    scale) {
    scale = (width - left - right) / most
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#1a202c\">%s</text>\n", left - 12, y + 16, text(label) >file
    printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"20\" fill=\"%s\"/>\n", left, y, middle * scale, colour >file
    printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#1a202c\" stroke-width=\"2\"/>\n", left + least * scale, y + 10, left + largest(most_of_bar, 0) * scale, y + 10 >file
    printf "<text x=\"%.1f\" y=\"%d\" fill=\"#1a202c\">%s</text>\n", left + most_of_bar * scale + 8, y + 16, short(middle) >file
}

function largest(a, b) { return a > b ? a : b }

# bars(NAME, TITLE, UNIT): one bar a wanted key; wanted[0 … n - 1], labels[…].
function bars(name, title, what, n,    i, most) {
    if (n == 0) return
    for (i = 0; i < n; i++) {
        settle(wanted[i])
        top_of[i] = most_value = sorted[runs[wanted[i]] - 1]
        most = largest(most, most_value)
    }
    if (most <= 0) return
    open_svg(name, title, 90 + n * line)
    axis(most, what, 50, 56 + n * line)
    for (i = 0; i < n; i++) {
        settle(wanted[i])
        most_of_bar = top_of[i]
        bar(54 + i * line, labels[i], hue[i % hues + 1], most)
    }
    close_svg()
}

# Measures of one name over all cases of the suites named in a list.
function over_cases(name, title, measure, what, list,    n, i, s, k, part, suites) {
    n = 0
    s = split(list, suites, " ")
    for (k = 1; k <= s; k++)
        for (i = 0; i < count[suites[k]]; i++) {
            part = suites[k] FS cases[suites[k], i] FS measure
            if (part in runs && cases[suites[k], i] !~ / a second$/) {
                wanted[n] = part
                labels[n++] = (suites[k] == "limits" ? "" : "Redress, ") cases[suites[k], i]
            }
        }
    bars(name, title, what, n)
}

# Measures of one case that match a pattern.
function of_case(name, title, suite, which, pattern, what,    n, i, part) {
    n = 0
    for (i = 0; i < keys; i++) {
        split(order[i], part, FS)
        if (part[1] == suite && part[2] == which && part[3] ~ pattern && unit[order[i]] == what) {
            wanted[n] = order[i]
            labels[n] = part[3]
            sub(/^cpu /, "", labels[n])
            n++
        }
    }
    bars(name, title, what == "us" ? "µs" : what, n)
}

# Latency as curves over the share of complaints, both axes as people think of them: one curve a case.
function curves(name, title, suite, measure, pattern,    i, j, n, most, key, y, x, points, shares, share, which, scale) {
    split("p50 p99 p99.9 max", share, " ")
    most = 0
    for (i = 0; i < count[suite]; i++)
        for (j = 1; j <= 4; j++) {
            key = suite FS cases[suite, i] FS measure " " share[j]
            if (cases[suite, i] ~ pattern && key in runs) {
                settle(key)
                most = largest(most, middle)
                n++
            }
        }
    if (n == 0 || most <= 0) return
    open_svg(name, title, 440)
    scale = log(most / 0.1) / log(10)
    for (x = 0.1; x <= most * 1.0001; x *= 10) {
        y = 380 - log(x / 0.1) / log(10) / scale * 300
        printf "<line x1=\"90\" y1=\"%.1f\" x2=\"700\" y2=\"%.1f\" stroke=\"#e2e8f0\"/><text x=\"80\" y=\"%.1f\" text-anchor=\"end\" fill=\"#4a5568\">%s ms</text>\n", y, y, y + 5, short(x) >file
    }
    for (j = 1; j <= 4; j++)
        printf "<text x=\"%d\" y=\"404\" text-anchor=\"middle\" fill=\"#4a5568\">%s</text>\n", 120 + (j - 1) * 180, share[j] >file
    which = 0
    for (i = 0; i < count[suite]; i++) {
        if (cases[suite, i] !~ pattern) continue
        points = ""
        for (j = 1; j <= 4; j++) {
            key = suite FS cases[suite, i] FS measure " " share[j]
            if (!(key in runs)) continue
            settle(key)
            y = 380 - log(largest(middle, 0.1) / 0.1) / log(10) / scale * 300
            points = points sprintf("%d,%.1f ", 120 + (j - 1) * 180, y)
            printf "<circle cx=\"%d\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/><text x=\"%d\" y=\"%.1f\" fill=\"#1a202c\">%s</text>\n", 120 + (j - 1) * 180, y, hue[which % hues + 1], 128 + (j - 1) * 180, y - 7, short(middle) >file
        }
        if (points == "") continue
        printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/><rect x=\"720\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/><text x=\"742\" y=\"%d\" fill=\"#1a202c\">%s</text>\n", points, hue[which % hues + 1], 60 + which * 24, hue[which % hues + 1], 72 + which * 24, text(cases[suite, i]) >file
        which++
    }
    close_svg()
}

END {
    over_cases("throughput", "Complaints a second, submitted to visible in a work queue", "visible", "/s", "limits pipeline")
    of_case("cpu", "Processor time of one complaint of 300 bytes, full speed", "pipeline", "full speed, 300 bytes", "^cpu [a-z]+$", "us")
    of_case("cpu-postgres", "PostgreSQL's part of it, by the service it worked for", "pipeline", "full speed, 300 bytes", "^cpu postgres for ", "us")
    curves("latency", "From submitting to visible in a work queue", "pipeline", "visible", " a second$")
    curves("latency-receipt", "From submitting to the receipt", "pipeline", "receipt", " a second$")
    over_cases("claims", "Claims a second, committed, 200 agents", "claims", "/s", "claims")
    curves("timers", "How late a timer is decided", "timers", "decided late", ".")
    for (i = 0; i < count["memory"]; i++)
        of_case("memory-" i, "Memory: " cases["memory", i], "memory", cases["memory", i], "", "MiB")
    for (i = 0; i < count["recovery"]; i++)
        of_case("recovery-" i, "Recovery with " cases["recovery", i], "recovery", cases["recovery", i], "", "s")
}
