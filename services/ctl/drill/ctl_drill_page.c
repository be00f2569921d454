/* The page of a drill: what a quality manager reads, from top to bottom. */
#include "ctl_drill_chart.h"
#include "ctl_view.h"
#include "zone.h"

enum { DAY_S = 86400 };

static const char style[] =
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#1c2733;"
    "background:#f4f6f8;margin:0}main{max-width:1000px;margin:0 auto;padding:28px 24px 60px}"
    "h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:0 0 10px}.sub{color:#5a6875;"
    "margin:0 0 20px}section{background:#fff;border:1px solid #dfe5ea;border-radius:10px;"
    "padding:18px 22px;margin:0 0 18px;break-inside:avoid}.cards{display:grid;gap:14px;"
    "grid-template-columns:repeat(auto-fit,minmax(200px,1fr));margin:0 0 "
    "18px}.card{background:#fff;"
    "border:1px solid #dfe5ea;border-radius:10px;padding:14px 18px}.card b{display:block;"
    "font-size:30px;line-height:1.25}.card span{color:#5a6875;font-size:13px}.up{color:#00734f}"
    ".down{color:#b34700}svg{width:100%;height:auto;display:block}svg text{font-size:12px;"
    "fill:#5a6875}svg .on{fill:#fff;text-anchor:middle;font-weight:600}svg .left{text-anchor:end}"
    ".grid{stroke:#e6eaee}.key span{margin-right:16px;font-size:13px;color:#5a6875;"
    "white-space:nowrap}.key i{display:inline-block;width:11px;height:11px;border-radius:3px;"
    "margin-right:5px}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th{font-weight:600;font-size:12.5px;color:#5a6875;text-align:right;padding:4px 8px;"
    "border-bottom:1px solid #dfe5ea}td{text-align:right;padding:6px 8px;white-space:nowrap;"
    "border-bottom:1px solid "
    "#eef1f4}th:first-child,td:first-child{text-align:left}.meter{display:inline-block;width:64px;"
    "height:9px;border-radius:5px;background:#f0c9ae;margin-right:8px;vertical-align:middle;"
    "overflow:hidden}.meter i{display:block;height:100%;background:#009e73}.needs{display:grid;"
    "gap:14px;grid-template-columns:repeat(auto-fit,minmax(270px,1fr))}.needs h3{font-size:14px;"
    "margin:0}.needs p{margin:0 0 4px}.need polyline{fill:none;stroke:#0072b2;stroke-width:2}"
    ".need .dot{fill:#0072b2}.need .hit{fill:#009e73}.target{stroke:#d55e00;stroke-dasharray:4 3}"
    "h3{font-size:15px;margin:14px 0 6px}.notes{color:#5a6875;font-size:13px}"
    "@media print{body{background:#fff}section,.card{border-color:#bbb}}";

/* ---- small things ------------------------------------------------------------------------- */

static void text(const struct drill_report *report, enum ctl_text id, FILE *out)
{
    ctl_text_escaped(out, ctl_text_in(report->ctl->language, id));
}

static void
said(const struct drill_report *report, enum ctl_text id, const char *const *args, FILE *out)
{
    char phrase[SAY_MAX];
    ctl_text_escaped(out, say_text(report->ctl, phrase, id, args));
}

static void heading(const struct drill_report *report, enum ctl_text id, FILE *out)
{
    (void)fputs("<section><h2>", out);
    text(report, id, out);
    (void)fputs("</h2>", out);
}

static const char *date_text(int64_t at_us, char into[16])
{
    int32_t date = date_of_days(at_us / DRILL_SECOND_US / DAY_S);
    (void)snprintf(into, 16, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
    return into;
}

static double share(uint64_t part, uint64_t rest)
{
    return part + rest == 0 ? 0 : 100.0 * (double)part / (double)(part + rest);
}

static const char *
clock_title(const struct drill_report *report, uint32_t clock, char into[VIEW_TEXT_MAX])
{
    return view_clock(report->ctl,
                      &report->run->object->policy,
                      slice_text(report->book->names.ids[clock]),
                      into);
}

static void cell(const char *value, FILE *out)
{
    (void)fputs("<td>", out);
    ctl_text_escaped(out, value);
    (void)fputs("</td>", out);
}

static void
header(const struct drill_report *report, const enum ctl_text *ids, size_t count, FILE *out)
{
    (void)fputs("<table><tr>", out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs("<th>", out);
        text(report, ids[i], out);
        (void)fputs("</th>", out);
    }
    (void)fputs("</tr>", out);
}

/* ---- the parts ---------------------------------------------------------------------------- */

static void head(const struct drill_report *report, FILE *out)
{
    const char *title = view_title(report->ctl, &report->run->object->policy.title);
    char from[16];
    char to[16];
    (void)fprintf(out,
                  "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\"><title>",
                  ctl_language_tag(report->ctl->language));
    said(report, TEXT_PAGE_TITLE, CTL_ARGS(title), out);
    (void)fprintf(out, "</title><style>%s</style></head><body><main><h1>", style);
    said(report, TEXT_PAGE_TITLE, CTL_ARGS(title), out);
    (void)fputs("</h1><p class=\"sub\">", out);
    const struct drill_load *load = &report->tally->load;
    int64_t end_us = load->from_us + (int64_t)load->count * load->width_us;
    said(report,
         TEXT_PAGE_SPAN,
         CTL_ARGS(CTL_NUMBER_TEXT(report->book->count),
                  date_text(load->from_us, from),
                  date_text(end_us - DRILL_SECOND_US, to)),
         out);
    (void)fputs(" · ", out);
    text(report, report->staff_name ? TEXT_PAGE_SIMULATED : TEXT_PAGE_RECORDED, out);
    (void)fputs(" · ", out);
    said(report,
         report->against_name ? TEXT_DRILL_AGAINST : TEXT_DRILL_AGAINST_RECORD,
         CTL_ARGS(report->against_name),
         out);
    (void)fputs("</p>", out);
}

static void cards(const struct drill_report *report, FILE *out)
{
    (void)fputs("<div class=\"cards\">", out);
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        const struct drill_clock_tally *tally = &report->tally->clocks[i];
        char title[VIEW_TEXT_MAX];
        double now = share(tally->met, tally->late);
        if (tally->met + tally->late == 0) {
            continue;
        }
        (void)fputs("<div class=\"card\"><span>", out);
        ctl_text_escaped(out, clock_title(report, i, title));
        (void)fprintf(out, "</span><b>%.1f %%</b><span>", now);
        text(report, TEXT_PAGE_IN_TIME, out);
        if (tally->gained + tally->lost > 0) {
            (void)fprintf(out,
                          " · <span class=\"up\">▲ %" PRIu64 "</span> "
                          "<span class=\"down\">▼ %" PRIu64 "</span>",
                          tally->gained,
                          tally->lost);
        }
        (void)fputs("</span></div>", out);
    }
    (void)fputs("</div>", out);
}

static void clocks(const struct drill_report *report, FILE *out)
{
    heading(report, TEXT_PAGE_CLOCKS, out);
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        const struct drill_clock_tally *tally = &report->tally->clocks[i];
        char title[VIEW_TEXT_MAX];
        (void)fputs("<h3>", out);
        ctl_text_escaped(out, clock_title(report, i, title));
        (void)fputs("</h3>", out);
        chart_verdicts(report, i, out);
        if (tally->judged > 0) {
            (void)fputs("<p class=\"sub\" style=\"margin:4px 0 0\">", out);
            said(report,
                 TEXT_PAGE_COMPARED,
                 CTL_ARGS(CTL_NUMBER_TEXT(tally->judged),
                          CTL_NUMBER_TEXT(tally->gained),
                          CTL_NUMBER_TEXT(tally->lost),
                          CTL_NUMBER_TEXT(tally->same)),
                 out);
            (void)fputs("</p>", out);
        }
    }
    static const char *const colors[] = {"#009e73", "#d55e00", "#9aa0a6"};
    static const enum ctl_text words[] = {TEXT_PAGE_MET, TEXT_PAGE_LATE, TEXT_PAGE_RUNNING};
    (void)fputs("<p class=\"key\">", out);
    for (size_t i = 0; i < 3; i++) {
        (void)fprintf(out, "<span><i style=\"background:%s\"></i>", colors[i]);
        text(report, words[i], out);
        (void)fputs("</span>", out);
    }
    (void)fputs("</p></section>", out);
}

static void queue_row(const struct drill_report *report, uint16_t queue, FILE *out)
{
    const struct drill_queue_tally *tally = &report->tally->queues[queue];
    char wait[3][VIEW_TEXT_MAX];
    const int64_t waits[] = {tally->wait_median_s, tally->wait_p90_s, tally->wait_p99_s};
    (void)fputs("<tr>", out);
    cell(view_title(report->ctl, &report->run->object->policy.queues[queue].title), out);
    cell(CTL_NUMBER_TEXT(tally->cases), out);
    cell(CTL_NUMBER_TEXT(tally->open), out);
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        double percent = share(tally->met[i], tally->late[i]);
        if (tally->met[i] + tally->late[i] == 0) {
            cell("–", out);
            continue;
        }
        (void)fprintf(out,
                      "<td><span class=\"meter\"><i style=\"width:%.1f%%\"></i></span>%.1f %%</td>",
                      percent,
                      percent);
    }
    for (size_t i = 0; i < 3; i++) {
        cell(tally->waited > 0 ? view_duration(report->ctl, waits[i], wait[i]) : "–", out);
    }
    (void)fputs("</tr>", out);
}

static void queues(const struct drill_report *report, FILE *out)
{
    static const enum ctl_text first[] = {TEXT_PAGE_QUEUE, TEXT_PAGE_CASES, TEXT_PAGE_OPEN};
    static const enum ctl_text waits[] = {TEXT_PAGE_WAIT, TEXT_PAGE_P90, TEXT_PAGE_P99};
    const struct policy *policy = &report->run->object->policy;
    heading(report, TEXT_PAGE_QUEUES, out);
    (void)fputs("<table><tr>", out);
    for (size_t i = 0; i < 3; i++) {
        (void)fputs("<th>", out);
        text(report, first[i], out);
        (void)fputs("</th>", out);
    }
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        char title[VIEW_TEXT_MAX];
        (void)fputs("<th>", out);
        ctl_text_escaped(out, clock_title(report, i, title));
        (void)fputs("</th>", out);
    }
    for (size_t i = 0; i < 3; i++) {
        (void)fputs("<th>", out);
        text(report, waits[i], out);
        (void)fputs("</th>", out);
    }
    (void)fputs("</tr>", out);
    for (uint16_t i = 0; i < policy->queue_count; i++) {
        queue_row(report, i, out);
    }
    (void)fputs("</table></section>", out);
}

static void needs(const struct drill_report *report, FILE *out)
{
    static const enum ctl_text titles[] = {
        TEXT_PAGE_TEAM, TEXT_PAGE_AGENTS, TEXT_PAGE_IN_TIME, TEXT_PAGE_NEEDED};
    const struct drill_search *search = report->search;
    const struct policy *policy = &report->run->object->policy;
    char target[VIEW_TEXT_MAX];
    char title[VIEW_TEXT_MAX];
    (void)snprintf(target, sizeof target, "%.4g %%", 100 * search->target);
    (void)fputs("<section><h2>", out);
    said(report, TEXT_PAGE_NEEDS, CTL_ARGS(target, clock_title(report, search->clock, title)), out);
    (void)fputs("</h2>", out);
    header(report, titles, sizeof titles / sizeof *titles, out);
    for (uint32_t i = 0; i < search->count; i++) {
        const struct drill_need *need = &search->needs[i];
        char now[VIEW_TEXT_MAX];
        char best[VIEW_TEXT_MAX];
        char no[SAY_MAX];
        (void)snprintf(now, sizeof now, "%.1f %%", 100 * need->share_now);
        (void)snprintf(best, sizeof best, "%.1f %%", 100 * need->share_best);
        (void)fputs("<tr>", out);
        cell(view_title(report->ctl, &policy->queues[search->staff->teams[i].queues[0]].title),
             out);
        cell(CTL_NUMBER_TEXT(need->agents), out);
        cell(now, out);
        cell(need->needed > 0 ? CTL_NUMBER_TEXT(need->needed)
                              : say_text(report->ctl, no, TEXT_DRILL_UNREACHABLE, CTL_ARGS(best)),
             out);
        (void)fputs("</tr>", out);
    }
    (void)fputs("</table><div class=\"needs\">", out);
    for (uint32_t i = 0; i < search->count; i++) {
        (void)fputs("<div><h3>", out);
        ctl_text_escaped(
            out, view_title(report->ctl, &policy->queues[search->staff->teams[i].queues[0]].title));
        (void)fputs("</h3>", out);
        chart_need(report, &search->needs[i], out);
        (void)fputs("</div>", out);
    }
    (void)fputs("</div></section>", out);
}

static void notes(const struct drill_report *report, FILE *out)
{
    const struct drill_run *run = report->run;
    const struct {
        enum ctl_text id;
        uint64_t count;
    } rows[] = {
        {TEXT_DRILL_RECLASSIFIED, run->reclassified    },
        {TEXT_DRILL_STEPS,        run->steps_unknown   },
        {TEXT_DRILL_UNKNOWN,      run->clocks_unknown  },
        {TEXT_DRILL_SKIPPED,      report->book->skipped},
    };
    heading(report, TEXT_PAGE_HOW, out);
    (void)fputs("<p class=\"notes\">", out);
    text(report, report->staff_name ? TEXT_PAGE_HOW_SIMULATED : TEXT_PAGE_HOW_RECORDED, out);
    (void)fputs("</p>", out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].count > 0) {
            (void)fputs("<p class=\"notes\">", out);
            said(report, rows[i].id, CTL_ARGS(CTL_NUMBER_TEXT(rows[i].count)), out);
            (void)fputs("</p>", out);
        }
    }
    (void)fputs("</section>", out);
}

void drill_page(const struct drill_report *report, FILE *out)
{
    head(report, out);
    cards(report, out);
    clocks(report, out);
    if (report->search) {
        needs(report, out);
    }
    queues(report, out);
    heading(report, TEXT_PAGE_LOAD, out);
    chart_load(report, out);
    (void)fputs("</section>", out);
    heading(report, TEXT_PAGE_FLOW, out);
    chart_flow(report, out);
    (void)fputs("</section>", out);
    notes(report, out);
    (void)fputs("</main></body></html>\n", out);
}
