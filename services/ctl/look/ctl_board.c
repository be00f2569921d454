#include "ctl_board.h"

#include "ctl_policy.h"
#include "ctl_table.h"

enum {
    NAME_WIDTH = 30,
    COUNT_WIDTH = 9,
    TIME_WIDTH = 15,
    ALARMS_MAX = 3,     /* lines of them */
    FIRST_US = 5000000, /* of somebody who waits longer for figures, something is wrong */
};

/* A drawing under way: lines left, and how each ends. */
struct canvas {
    const struct ctl *ctl;
    FILE *to;
    unsigned columns;
    unsigned left;
    const char *end;
    unsigned used; /* columns of the line under way */
    const char *color;
};

enum phase board_phase_of(struct slice name)
{
    enum phase phase = PHASE_RECEIPT;
    while (phase < PHASE_COUNT && !slice_equal(name, slice_text(policy_phase_names[phase]))) {
        phase++;
    }
    return phase;
}

static const char *word(const struct canvas *canvas, enum ctl_text id)
{
    return ctl_text_in(canvas->ctl->language, id);
}

/* A line of cells of given widths, side by side; a negative width stands right. */
static void row_begin(struct canvas *canvas, const char *color)
{
    canvas->used = 0;
    canvas->color = color;
    if (canvas->left > 0) {
        (void)fputs(color, canvas->to);
    }
}

static void row_cell(struct canvas *canvas, int wanted, const char *text)
{
    char fitted[VIEW_TEXT_MAX];
    unsigned room = canvas->columns - canvas->used;
    unsigned width = (unsigned)(wanted < 0 ? -wanted : wanted);
    width = width < room ? width : room;
    size_t taken = ctl_width(text);
    if (canvas->left == 0) {
        return;
    }
    if (wanted < 0 && width > 0) { /* at least a blank before it */
        unsigned pad = taken < width ? width - (unsigned)taken : 1;
        (void)fprintf(canvas->to, "%*s%s", (int)pad, "", view_fit(text, width - pad, fitted));
    } else {
        (void)fputs(view_fit(text, width, fitted), canvas->to);
    }
    canvas->used += width;
}

static void row_end(struct canvas *canvas)
{
    if (canvas->left > 0) {
        bool colored = canvas->color[0] != '\0';
        (void)fprintf(canvas->to, "%s%s", colored ? view_color_end(canvas->ctl) : "", canvas->end);
        canvas->left--;
    }
}

static void blank(struct canvas *canvas)
{
    row_begin(canvas, "");
    row_end(canvas);
}

static void draw_head(struct canvas *canvas, const struct board *board)
{
    char at[VIEW_TEXT_MAX];
    char age[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    int64_t age_ms = (board->now_us - board->at_us) / 1000;
    char zone[VIEW_TEXT_MAX];
    (void)view_time(board->now_us, at);
    (void)view_zone(board->now_us, zone);
    bool waits = board->at_us == 0 && board->now_us - board->began_us < FIRST_US;
    if (board->at_us == 0) {
        enum ctl_text none = waits ? TEXT_BOARD_FIRST : TEXT_BOARD_NO_DATA;
        (void)snprintf(age, sizeof age, "%s", word(canvas, none));
    } else {
        (void)snprintf(age,
                       sizeof age,
                       "%s %" PRId64 ".%" PRId64 " %s",
                       word(canvas, TEXT_BOARD_AGE),
                       age_ms / 1000,
                       age_ms % 1000 / 100,
                       word(canvas, TEXT_UNIT_SECONDS));
    }
    (void)snprintf(line, sizeof line, "Redress  %.40s  %.40s  %.120s", at, zone, age);
    row_begin(canvas,
              !waits && age_ms > 5000 ? view_color(canvas->ctl, VIEW_AT_RISK)
                                      : view_bold(canvas->ctl));
    row_cell(canvas, (int)canvas->columns, line);
    row_end(canvas);
}

/* NOLINTBEGIN(bugprone-easily-swappable-parameters): in the order of the columns */
static void draw_flow(struct canvas *canvas,
                      enum ctl_text title,
                      uint64_t total,
                      uint64_t minute,
                      const uint64_t *each,
                      unsigned count)
/* NOLINTEND(bugprone-easily-swappable-parameters) */
{
    char spark[VIEW_TEXT_MAX];
    char per_minute[64];
    unsigned room = canvas->columns > 50 ? canvas->columns - 50 : 0;
    unsigned shown = count < room ? count : room;
    (void)snprintf(
        per_minute, sizeof per_minute, "%" PRIu64 " %s", minute, word(canvas, TEXT_BOARD_MINUTE));
    row_begin(canvas, "");
    row_cell(canvas, 14, word(canvas, title));
    row_cell(canvas, -12, CTL_NUMBER_TEXT(total));
    row_cell(canvas, -20, per_minute);
    row_cell(canvas, 2, "");
    row_cell(canvas, (int)room, view_spark(each + (count - shown), shown, spark));
    row_end(canvas);
}

static void draw_stock(struct canvas *canvas, const struct board *board)
{
    row_begin(canvas, "");
    row_cell(canvas, 14, word(canvas, TEXT_BOARD_OPEN));
    row_cell(canvas, -12, CTL_NUMBER_TEXT(board->open_cases));
    row_cell(canvas, 2, "");
    row_cell(canvas, 8, word(canvas, TEXT_BOARD_CLOSED));
    row_cell(canvas, -12, CTL_NUMBER_TEXT(board->closed));
    row_cell(canvas, 2, "");
    row_cell(canvas, 10, word(canvas, TEXT_BOARD_BREACHES));
    row_cell(canvas, -12, CTL_NUMBER_TEXT(board->breached));
    row_end(canvas);
}

static void draw_alarms(struct canvas *canvas, const struct board *board)
{
    const struct ctl_alarms *alarms = &board->alarms;
    unsigned shown = alarms->count < ALARMS_MAX ? alarms->count : ALARMS_MAX;
    char more[VIEW_TEXT_MAX];
    for (unsigned i = 0; i < shown; i++) {
        row_begin(canvas, view_color(canvas->ctl, VIEW_BREACHED));
        row_cell(canvas, (int)canvas->columns, alarms->lines[i]);
        row_end(canvas);
    }
    if (alarms->count > shown) {
        row_begin(canvas, "");
        row_cell(canvas,
                 (int)canvas->columns,
                 view_text(canvas->ctl,
                           TEXT_MEASURE_ALARMS_MORE,
                           CTL_ARGS(CTL_NUMBER_TEXT(alarms->count - shown)),
                           more));
        row_end(canvas);
    }
    if (board->said[0] != '\0') {
        row_begin(canvas, "");
        row_cell(canvas, (int)canvas->columns, board->said);
        row_end(canvas);
    }
}

static void draw_clock(struct canvas *canvas, const struct board_clock *clock)
{
    char name[VIEW_TEXT_MAX];
    char bar[VIEW_TEXT_MAX];
    char percent[32];
    char counts[64];
    uint64_t judged = clock->met + clock->missed;
    double share = judged > 0 ? (double)clock->met / (double)judged : 0;
    /* Rounded down: 100 % is said only when nothing was missed. */
    uint64_t tenths = judged > 0 ? clock->met * 1000 / judged : 0;
    (void)snprintf(name, sizeof name, "%.120s", clock->clock);
    (void)snprintf(percent, sizeof percent, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
    (void)snprintf(counts, sizeof counts, "%" PRIu64 "/%" PRIu64, clock->met, judged);
    unsigned room = canvas->columns > NAME_WIDTH + 28 ? canvas->columns - NAME_WIDTH - 28 : 8;
    room = room < 40 ? room : 40;
    enum view_status status = clock->missed == 0 ? VIEW_MET
                              : share >= 0.95    ? VIEW_RUNNING
                              : share >= 0.8     ? VIEW_AT_RISK
                                                 : VIEW_BREACHED;
    row_begin(canvas, view_color(canvas->ctl, status));
    row_cell(canvas, NAME_WIDTH, name);
    row_cell(canvas, (int)room, view_bar(share, room, bar));
    row_cell(canvas, -9, percent);
    row_cell(canvas, -18, counts);
    row_end(canvas);
}

static void draw_phase(struct canvas *canvas, enum phase phase, const struct board_phase *told)
{
    char texts[3][VIEW_TEXT_MAX];
    row_begin(canvas, "");
    row_cell(canvas, NAME_WIDTH - 8, say_phase(canvas->ctl, phase));
    row_cell(canvas, -COUNT_WIDTH, CTL_NUMBER_TEXT(told->count));
    row_cell(canvas, -TIME_WIDTH, view_duration(canvas->ctl, (int64_t)told->p50_s, texts[0]));
    row_cell(canvas, -TIME_WIDTH, view_duration(canvas->ctl, (int64_t)told->p90_s, texts[1]));
    row_cell(canvas, -TIME_WIDTH, view_duration(canvas->ctl, (int64_t)told->p99_s, texts[2]));
    row_end(canvas);
}

static void draw_queue(struct canvas *canvas, const struct board *board, unsigned i)
{
    const struct ctl_queue_row *queue = &board->queues.rows[i];
    char oldest[VIEW_TEXT_MAX];
    char in_redis[24];
    (void)snprintf(in_redis, sizeof in_redis, "%" PRId64, queue->in_redis);
    row_begin(canvas, "");
    row_cell(canvas, NAME_WIDTH, board->queue_titles[i]);
    row_cell(canvas, -COUNT_WIDTH, CTL_NUMBER_TEXT(queue->waiting));
    row_cell(canvas, -COUNT_WIDTH, queue->in_redis < 0 ? "-" : in_redis);
    row_cell(canvas,
             -TIME_WIDTH,
             view_duration(canvas->ctl, (board->now_us - queue->oldest_us) / 1000000, oldest));
    row_end(canvas);
}

/* How many rows each of three lists given_to: what one does not need, the others take. */
static void share_rows(unsigned room, const unsigned wants[3], unsigned given_to[3])
{
    given_to[0] = given_to[1] = given_to[2] = 0;
    for (bool given = true; given && room > 0;) {
        given = false;
        for (unsigned i = 0; i < 3 && room > 0; i++) {
            if (given_to[i] < wants[i]) {
                given_to[i]++;
                room--;
                given = true;
            }
        }
    }
}

static void draw_queues(struct canvas *canvas, const struct board *board, unsigned rows)
{
    blank(canvas);
    row_begin(canvas, view_faint(canvas->ctl));
    row_cell(canvas, NAME_WIDTH, word(canvas, TEXT_BOARD_QUEUES));
    row_cell(canvas, -COUNT_WIDTH, word(canvas, TEXT_BOARD_WAITING));
    row_cell(canvas, -COUNT_WIDTH, "Redis");
    row_cell(canvas, -TIME_WIDTH, word(canvas, TEXT_BOARD_OLDEST));
    row_end(canvas);
    for (unsigned i = 0; i < rows && i < board->queues.count; i++) {
        draw_queue(canvas, board, i);
    }
}

static void draw_lists(struct canvas *canvas, const struct board *board)
{
    unsigned measured = 0;
    for (enum phase phase = PHASE_RECEIPT; phase < PHASE_COUNT; phase++) {
        measured += board->phases[phase].count > 0;
    }
    const unsigned wants[3] = {board->clock_count, measured, board->queues.count};
    unsigned given_to[3];
    share_rows(canvas->left > 5 ? canvas->left - 5 : 0, wants, given_to);
    row_begin(canvas, view_faint(canvas->ctl));
    row_cell(canvas, NAME_WIDTH, word(canvas, TEXT_BOARD_CLOCKS));
    row_cell(canvas, 20, word(canvas, TEXT_BOARD_IN_TIME));
    row_end(canvas);
    for (unsigned i = 0; i < given_to[0]; i++) {
        draw_clock(canvas, &board->clocks[i]);
    }
    blank(canvas);
    row_begin(canvas, view_faint(canvas->ctl));
    row_cell(canvas, NAME_WIDTH - 8, word(canvas, TEXT_BOARD_PHASES));
    row_cell(canvas, -COUNT_WIDTH, word(canvas, TEXT_COLUMN_CASES));
    row_cell(canvas, -TIME_WIDTH, "p50");
    row_cell(canvas, -TIME_WIDTH, "p90");
    row_cell(canvas, -TIME_WIDTH, "p99");
    row_end(canvas);
    unsigned drawn = 0;
    for (enum phase phase = PHASE_RECEIPT; phase < PHASE_COUNT && drawn < given_to[1]; phase++) {
        if (board->phases[phase].count > 0) {
            draw_phase(canvas, phase, &board->phases[phase]);
            drawn++;
        }
    }
    draw_queues(canvas, board, given_to[2]);
}

/* What analytics counts. */
static void draw_figures(struct canvas *canvas, const struct board *board)
{
    draw_flow(canvas,
              TEXT_BOARD_RECEIVED,
              board->received,
              board->received_last_minute,
              board->received_each,
              board->history_count);
    draw_flow(canvas,
              TEXT_BOARD_CLOSINGS,
              board->closings,
              board->closings_last_minute,
              board->closings_each,
              board->history_count);
    draw_stock(canvas, board);
}

void board_draw(const struct ctl *ctl,
                FILE *to,
                const struct board *board,
                unsigned columns,
                unsigned rows,
                const char *end)
{
    struct canvas canvas = {ctl, to, columns, rows, end, 0, ""};
    draw_head(&canvas, board);
    if (board->at_us == 0) { /* a nought would pass for a count */
        draw_alarms(&canvas, board);
        draw_queues(&canvas, board, canvas.left);
        return;
    }
    draw_figures(&canvas, board);
    draw_alarms(&canvas, board);
    blank(&canvas);
    draw_lists(&canvas, board);
}
