#include "ctl_drill_chart.h"

#include "ctl_view.h"
#include "zone.h"

enum { WIDTH = 860, LEFT = 52, RIGHT = 12, TOP = 12, PLOT = 220, FOOT = 26, DAY_S = 86400 };

const char *chart_color(unsigned index)
{
    static const char *const colors[] = {
        "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c00", "#6b6b6b"};
    return colors[index % (sizeof colors / sizeof *colors)];
}

static const char *said(const struct drill_report *report, enum ctl_text id)
{
    return ctl_text_in(report->ctl->language, id);
}

static void bar_part(double x, double width, int y, const char *color, uint64_t count, FILE *out)
{
    if (width <= 0) {
        return;
    }
    (void)fprintf(out,
                  "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"22\" fill=\"%s\"/>",
                  x,
                  y,
                  width,
                  color);
    if (width > 44) {
        (void)fprintf(out,
                      "<text x=\"%.1f\" y=\"%d\" class=\"on\">%" PRIu64 "</text>",
                      x + width / 2,
                      y + 15,
                      count);
    }
}

static void bar(const struct drill_report *report,
                enum ctl_text title,
                const uint64_t counts[3],
                int y,
                FILE *out)
{
    enum { NAME = 110, SCALE = WIDTH - NAME - RIGHT };
    static const char *const colors[] = {"#009e73", "#d55e00", "#9aa0a6"};
    uint64_t whole = counts[0] + counts[1] + counts[2];
    double x = NAME;
    (void)fprintf(out, "<text x=\"0\" y=\"%d\">", y + 15);
    ctl_text_escaped(out, said(report, title));
    (void)fputs("</text>", out);
    for (int i = 0; i < 3 && whole > 0; i++) {
        double width = (double)counts[i] * SCALE / (double)whole;
        bar_part(x, width, y, colors[i], counts[i], out);
        x += width;
    }
}

void chart_verdicts(const struct drill_report *report, uint32_t clock, FILE *out)
{
    const struct drill_clock_tally *tally = &report->tally->clocks[clock];
    const uint64_t now[] = {tally->met, tally->late, tally->running};
    const uint64_t before[] = {tally->was_met, tally->was_late, tally->was_running};
    bool both = tally->judged > 0;
    (void)fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, both ? 60 : 28);
    if (both) {
        bar(report, TEXT_PAGE_BEFORE, before, 0, out);
    }
    bar(report, TEXT_PAGE_DRILL, now, both ? 32 : 2, out);
    (void)fputs("</svg>", out);
}

/* A round number not below the value. */
static uint64_t round_up(uint64_t value)
{
    static const uint64_t rounds[] = {4, 8, 12, 16, 20, 24, 32, 40}; /* quarters stay whole */
    uint64_t step = 1;
    while (step * 40 < value) {
        step *= 10;
    }
    size_t i = 0;
    while (rounds[i] * step < value) {
        i++;
    }
    return rounds[i] * step;
}

static void frame(uint64_t top, const struct drill_load *load, FILE *out)
{
    (void)fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, TOP + PLOT + FOOT);
    for (unsigned i = 0; i <= 4; i++) {
        int y = TOP + PLOT - (int)(PLOT * i / 4);
        (void)fprintf(out,
                      "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                      "<text class=\"left\" x=\"%d\" y=\"%d\">%g</text>",
                      LEFT,
                      WIDTH - RIGHT,
                      y,
                      y,
                      LEFT - 6,
                      y + 4,
                      (double)top * i / 4);
    }
    for (uint32_t i = 0; load && i < load->count; i += (load->count + 7) / 8) {
        int64_t at_s = (load->from_us + i * load->width_us) / DRILL_SECOND_US;
        int32_t date = date_of_days(at_s / DAY_S);
        (void)fprintf(out,
                      "<text x=\"%.1f\" y=\"%d\">%04d-%02d-%02d</text>",
                      LEFT + (double)i * (WIDTH - LEFT - RIGHT) / load->count,
                      TOP + PLOT + 18,
                      date / 10000,
                      date / 100 % 100,
                      date % 100);
    }
}

static double x_of(const struct drill_load *load, uint32_t bucket)
{
    uint32_t steps = load->count > 1 ? load->count - 1 : 1;
    return LEFT + (double)bucket * (WIDTH - LEFT - RIGHT) / steps;
}

static double y_of(uint64_t value, uint64_t top)
{
    return TOP + PLOT - (double)value * PLOT / (double)top;
}

void chart_load(const struct drill_report *report, FILE *out)
{
    const struct drill_load *load = &report->tally->load;
    const struct policy *policy = &report->run->object->policy;
    uint64_t base[DRILL_BUCKETS_MAX] = {0};
    uint64_t highest = 1;
    for (uint32_t i = 0; i < load->count; i++) {
        uint64_t sum = 0;
        for (uint16_t q = 0; q < policy->queue_count; q++) {
            sum += load->open[q][i];
        }
        highest = sum > highest ? sum : highest;
    }
    uint64_t top = round_up(highest);
    frame(top, load, out);
    for (uint16_t q = 0; q < policy->queue_count; q++) {
        (void)fprintf(out, "<polygon fill=\"%s\" fill-opacity=\"0.85\" points=\"", chart_color(q));
        for (uint32_t i = 0; i < load->count; i++) {
            (void)fprintf(out, "%.1f,%.1f ", x_of(load, i), y_of(base[i] + load->open[q][i], top));
        }
        for (uint32_t i = load->count; i-- > 0;) {
            (void)fprintf(out, "%.1f,%.1f ", x_of(load, i), y_of(base[i], top));
            base[i] += load->open[q][i];
        }
        (void)fputs("\"><title>", out);
        ctl_text_escaped(out, view_title(report->ctl, &policy->queues[q].title));
        (void)fputs("</title></polygon>", out);
    }
    (void)fputs("</svg><p class=\"key\">", out);
    for (uint16_t q = 0; q < policy->queue_count; q++) {
        (void)fprintf(out, "<span><i style=\"background:%s\"></i>", chart_color(q));
        ctl_text_escaped(out, view_title(report->ctl, &policy->queues[q].title));
        (void)fputs("</span>", out);
    }
    (void)fputs("</p>", out);
}

void chart_flow(const struct drill_report *report, FILE *out)
{
    const struct drill_load *load = &report->tally->load;
    uint64_t highest = 1;
    for (uint32_t i = 0; i < load->count; i++) {
        highest = load->came[i] > highest ? load->came[i] : highest;
        highest = load->went[i] > highest ? load->went[i] : highest;
    }
    uint64_t top = round_up(highest);
    frame(top, load, out);
    double wide = load->count > 0 ? (double)(WIDTH - LEFT - RIGHT) / load->count : 1;
    for (uint32_t i = 0; i < load->count; i++) {
        double x = LEFT + i * wide;
        double y = y_of(load->came[i], top);
        (void)fprintf(out,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                      "fill=\"#56b4e9\"/>",
                      x + wide * 0.08,
                      y,
                      wide * 0.42,
                      TOP + PLOT - y);
        y = y_of(load->went[i], top);
        (void)fprintf(out,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                      "fill=\"#009e73\"/>",
                      x + wide * 0.5,
                      y,
                      wide * 0.42,
                      TOP + PLOT - y);
    }
    (void)fputs("</svg><p class=\"key\"><span><i style=\"background:#56b4e9\"></i>", out);
    ctl_text_escaped(out, said(report, TEXT_PAGE_CAME));
    (void)fputs("</span><span><i style=\"background:#009e73\"></i>", out);
    ctl_text_escaped(out, said(report, TEXT_PAGE_WENT));
    (void)fputs("</span></p>", out);
}

void chart_need(const struct drill_report *report, const struct drill_need *need, FILE *out)
{
    enum { NEED_WIDTH = 300, NEED_HEIGHT = 120, MARGIN = 34, LOW = 18 };
    double most = need->points > 0 ? need->tried[need->points - 1] : 1;
    double wide = NEED_WIDTH - MARGIN - 10;
    double high = NEED_HEIGHT - LOW - 8;
    double target_y = 8 + high * (1 - report->search->target);
    (void)fprintf(out,
                  "<svg class=\"need\" viewBox=\"0 0 %d %d\" role=\"img\">"
                  "<line class=\"target\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  "<text class=\"left\" x=\"%d\" y=\"%.1f\">%.4g%%</text>"
                  "<text class=\"left\" x=\"%d\" y=\"%d\">0</text>"
                  "<text class=\"left\" x=\"%d\" y=\"%d\">%.0f</text><polyline points=\"",
                  NEED_WIDTH,
                  NEED_HEIGHT,
                  MARGIN,
                  NEED_WIDTH - 10,
                  target_y,
                  target_y,
                  MARGIN - 4,
                  target_y + 4,
                  100 * report->search->target,
                  MARGIN - 4,
                  NEED_HEIGHT - LOW + 4,
                  NEED_WIDTH - 4,
                  NEED_HEIGHT - 4,
                  most);
    for (uint32_t i = 0; i < need->points; i++) {
        (void)fprintf(out,
                      "%.1f,%.1f ",
                      MARGIN + wide * need->tried[i] / most,
                      8 + high * (1 - need->shares[i]));
    }
    (void)fputs("\"/>", out);
    for (uint32_t i = 0; i < need->points; i++) {
        bool here = need->tried[i] == need->needed;
        (void)fprintf(out,
                      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" class=\"%s\"/>",
                      MARGIN + wide * need->tried[i] / most,
                      8 + high * (1 - need->shares[i]),
                      here ? 5 : 3,
                      here ? "hit" : "dot");
    }
    (void)fputs("</svg>", out);
}
