/* The verb top: the figures of analytics and the work queues, once a second, until q. */
#include "clock.h"
#include "ctl_board.h"
#include "ctl_database.h"
#include "ctl_listen.h"
#include "scope.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum {
    COLUMNS_USUAL = 80,
    ROWS_USUAL = 24,
    FRAME_US = 1000000,
    FOLLOW_US = 3000000,
    QUEUES_US = 3000000,
    ALARMS_US = 60000000,
    ASKED_SHARE = 20,  /* the archive is asked at most one part in so many of the time */
    ONCE_US = 5000000, /* how long --once waits for figures */
};

struct top {
    struct ctl *ctl;
    struct view_policies *policies;
    struct ctl_listen *listen;
    struct redisContext *redis;
    int64_t follow_us, queues_us, alarms_us, frame_us; /* when next */
    uint64_t received_before, closings_before;
    int unasked; /* why the alarms could not be asked for */
    struct ctl_away away;
    char *heard; /* what was said on stderr while the board has the screen */
    size_t heard_size;
    struct board board;
};

static const char enter[] = "\033[?1049h\033[?25l";
static const char leave[] = "\033[?25h\033[?1049l";

/* ---- what is shown ---- */

static const struct policy *policy_by_name(struct top *top, struct slice name)
{
    static struct {
        char name[POLICY_NAME_MAX];
        uint32_t id;
    } known[32];
    static unsigned count;
    char text[VIEW_TEXT_MAX];
    (void)view_plain(name, text);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(known[i].name, text) == 0) {
            return view_policy(top->policies, known[i].id);
        }
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {text};
    if (count == sizeof known / sizeof *known ||
        ctl_query(top->ctl, "SELECT max(id) FROM policy WHERE name = $1", parameters, 1, &rows) !=
            CTL_OK) {
        return NULL;
    }
    (void)snprintf(known[count].name, sizeof known[count].name, "%s", text);
    known[count].id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    return view_policy(top->policies, known[count++].id);
}

static struct slice data(ProtobufCBinaryData bytes)
{
    return slice_of(bytes.data, bytes.len);
}

static int busier(const void *a, const void *b)
{
    const struct board_clock *x = a;
    const struct board_clock *y = b;
    uint64_t m = x->met + x->missed;
    uint64_t n = y->met + y->missed;
    return m != n ? (m < n ? 1 : -1) : strcmp(x->clock, y->clock);
}

static void take_clocks(struct top *top, const Redress__Live__V1__Figures *figures)
{
    struct board *board = &top->board;
    board->clock_count = 0;
    for (size_t i = 0; i < figures->n_clocks && board->clock_count < BOARD_CLOCKS_MAX; i++) {
        const Redress__Live__V1__ClockShare *share = figures->clocks[i];
        struct board_clock *clock = &board->clocks[board->clock_count++];
        const struct policy *policy = policy_by_name(top, data(share->policy));
        *clock = (struct board_clock){.met = share->met, .missed = share->missed};
        if (top->ctl->json) { /* ids, so that programs do not depend on a language */
            (void)view_plain(data(share->clock), clock->clock);
        } else {
            (void)view_clock(top->ctl, policy, data(share->clock), clock->clock);
        }
        (void)view_plain(data(share->policy), clock->policy);
    }
    qsort(board->clocks, board->clock_count, sizeof *board->clocks, busier);
}

static void take_history(struct top *top, const Redress__Live__V1__Figures *figures)
{
    struct board *board = &top->board;
    if (board->at_us != 0) {
        if (board->history_count == BOARD_HISTORY) {
            memmove(board->received_each,
                    board->received_each + 1,
                    (BOARD_HISTORY - 1) * sizeof *board->received_each);
            memmove(board->closings_each,
                    board->closings_each + 1,
                    (BOARD_HISTORY - 1) * sizeof *board->closings_each);
            board->history_count--;
        }
        unsigned last = board->history_count++;
        board->received_each[last] =
            figures->received > top->received_before ? figures->received - top->received_before : 0;
        board->closings_each[last] =
            figures->closed > top->closings_before ? figures->closed - top->closings_before : 0;
    }
    top->received_before = figures->received;
    top->closings_before = figures->closed;
}

static void take(struct top *top, const Redress__Live__V1__Figures *figures)
{
    struct board *board = &top->board;
    take_history(top, figures);
    board->at_us = figures->at_us;
    board->received = figures->received;
    board->opened = figures->opened;
    board->closings = figures->closed;
    board->open_cases = figures->open_cases;
    /* One closed, reopened and closed again is one case; the figures may be of a torn moment. */
    board->closed =
        figures->opened > figures->open_cases ? figures->opened - figures->open_cases : 0;
    board->breached = figures->breached;
    board->received_last_minute = figures->received_last_minute;
    board->closings_last_minute = figures->closed_last_minute;
    memset(board->phases, 0, sizeof board->phases);
    for (size_t i = 0; i < figures->n_phases; i++) {
        const Redress__Live__V1__Quantiles *told = figures->phases[i];
        enum phase phase = board_phase_of(data(told->phase));
        if (phase < PHASE_COUNT) {
            board->phases[phase] =
                (struct board_phase){told->count, told->p50_s, told->p90_s, told->p99_s};
        }
    }
    take_clocks(top, figures);
}

/* When to ask again for what it took from began_us until now to ask for. */
static int64_t asked_next(int64_t began_us, int64_t pause_us)
{
    int64_t share_us = (clock_monotonic_us() - began_us) * ASKED_SHARE;
    return began_us + (share_us > pause_us ? share_us : pause_us);
}

static void alarms_take(struct top *top)
{
    int64_t began_us = clock_monotonic_us();
    json_decref(top->board.alarms.rows);
    top->board.said[0] = '\0';
    top->unasked = ctl_alarms_read(top->ctl, top->policies, &top->board.alarms);
    top->alarms_us = asked_next(began_us, ALARMS_US);
}

static int queues_take(struct top *top)
{
    char why[256];
    struct ctl *ctl = top->ctl;
    struct board *board = &top->board;
    int64_t began_us = clock_monotonic_us();
    int code = ctl_queues_read(ctl, &board->queues);
    top->queues_us = asked_next(began_us, QUEUES_US);
    if (!top->redis) {
        top->redis = ctl_redis_open(ctl, why);
    }
    ctl_queues_redis(ctl, top->redis, &board->queues);
    if (board->queues.count > 0 && board->queues.rows[0].in_redis < 0) {
        ctl_redis_close(&top->redis);
    }
    struct view_zones zones = {0};
    for (uint32_t i = 0; code == CTL_OK && i < board->queues.count; i++) {
        const struct ctl_queue_row *queue = &board->queues.rows[i];
        view_zones_add(&zones, view_policy(top->policies, queue->policy_id));
        const char *slash = strchr(queue->name, '/');
        char title[VIEW_TEXT_MAX];
        (void)view_queue(ctl,
                         view_policy(top->policies, queue->policy_id),
                         slice_text(slash ? slash + 1 : queue->name),
                         title);
        (void)snprintf(board->queue_titles[i], sizeof board->queue_titles[i], "%s", title);
    }
    view_zones_take(&zones);
    return code;
}

/* ---- the loop ---- */

/* What the archive is asked for when it is time. */
static int ask(struct top *top)
{
    int64_t now_us = clock_monotonic_us();
    int code = CTL_OK;
    if (now_us >= top->follow_us) {
        top->follow_us = now_us + FOLLOW_US;
        code = ctl_listen_follow(top->ctl, top->listen, 1U << SERVICE_ANALYTICS);
    }
    if (code == CTL_OK && now_us >= top->queues_us) {
        code = queues_take(top);
    }
    if (code == CTL_OK && now_us >= top->alarms_us) {
        alarms_take(top);
    }
    return code;
}

static int turn(struct top *top, int input, int wait_ms)
{
    int code = ctl_is_away(top->ctl, &top->away) ? CTL_OK : ask(top);
    const Redress__Live__V1__Live *live = ctl_listen_next(top->listen, input, wait_ms);
    if (live && live->figures) {
        take(top, live->figures);
    }
    return code;
}

static void frame(struct top *top)
{
    struct winsize size = {0};
    struct ctl *ctl = top->ctl;
    bool known = ioctl(fileno(ctl->out), TIOCGWINSZ, &size) == 0 && size.ws_col >= BOARD_WIDTH_MIN;
    top->board.now_us = clock_now_us();
    (void)fputs("\033[H", ctl->out);
    board_draw(ctl,
               ctl->out,
               &top->board,
               known ? size.ws_col : COLUMNS_USUAL,
               known && size.ws_row > 1 ? size.ws_row - 1U : ROWS_USUAL - 1,
               "\033[K\r\n");
    (void)fprintf(ctl->out, "\033[K%s\033[J", ctl_text_in(ctl->language, TEXT_BOARD_KEYS));
    (void)fflush(ctl->out);
}

/* What was said since the last frame is shown by it: elsewhere it would stand across the board. */
static void hear(struct top *top, FILE *heard)
{
    (void)fflush(heard);
    if (top->heard_size > 1) {
        top->heard[top->heard_size - 1] = '\0';
        const char *line = strrchr(top->heard, '\n'); /* the last */
        (void)view_plain(slice_text(line ? line + 1 : top->heard), top->board.said);
        rewind(heard);
    }
}

static bool wants_to_leave(int input)
{
    char key = 0;
    return read(input, &key, 1) == 1 && (key == 'q' || key == 'Q' || key == 3 || key == 27);
}

static int loop(struct top *top, int input, FILE *heard)
{
    int code = CTL_OK;
    while (code == CTL_OK && !ctl_listen_stopped() && !(input >= 0 && wants_to_leave(input))) {
        int64_t now_us = clock_monotonic_us();
        if (now_us >= top->frame_us) {
            top->frame_us = now_us + FRAME_US;
            hear(top, heard);
            frame(top);
        }
        code = turn(top, input, (int)((top->frame_us - now_us) / 1000) + 1);
        code = ctl_away_take(top->ctl, &top->away, code);
        if (top->away.pause_ms != 0) {
            top->alarms_us = 0; /* what they say is old when it is back */
        }
    }
    return code;
}

static int live(struct top *top)
{
    struct ctl *ctl = top->ctl;
    FILE *err = ctl->err;
    FILE *heard = open_memstream(&top->heard, &top->heard_size);
    if (!heard) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int input = fileno(stdin);
    struct termios before;
    bool raw = tcgetattr(input, &before) == 0;
    if (raw) {
        struct termios now = before;
        now.c_lflag &= (tcflag_t) ~(ECHO | ICANON);
        now.c_cc[VMIN] = 0;
        now.c_cc[VTIME] = 0;
        (void)tcsetattr(input, TCSANOW, &now);
    }
    (void)fputs(enter, ctl->out);
    ctl->err = heard;
    int code = loop(top, raw ? input : -1, heard);
    (void)fclose(heard);
    ctl->err = err;
    (void)fputs(leave, ctl->out);
    (void)fflush(ctl->out);
    if (code != CTL_OK) { /* why it ends */
        (void)fwrite(top->heard, 1, top->heard_size, err);
    }
    free(top->heard);
    if (raw) {
        (void)tcsetattr(input, TCSANOW, &before);
    }
    return code;
}

/* Null where no figures came: a nought would pass for a count. */
static json_t *count_json(const struct board *board, uint64_t count)
{
    return board->at_us != 0 ? json_integer((json_int_t)count) : json_null();
}

static json_t *board_json(const struct board *board)
{
    json_t *clocks = board->at_us != 0 ? json_array() : json_null();
    for (unsigned i = 0; i < board->clock_count; i++) {
        (void)json_array_append_new(clocks,
                                    json_pack("{s:s,s:s,s:I,s:I}",
                                              "policy",
                                              board->clocks[i].policy,
                                              "clock",
                                              board->clocks[i].clock,
                                              "met",
                                              (json_int_t)board->clocks[i].met,
                                              "missed",
                                              (json_int_t)board->clocks[i].missed));
    }
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
                     "at",
                     view_time_json(board->at_us),
                     "received",
                     count_json(board, board->received),
                     "opened",
                     count_json(board, board->opened),
                     "closed",
                     count_json(board, board->closed),
                     "closings",
                     count_json(board, board->closings),
                     "open",
                     count_json(board, board->open_cases),
                     "breached",
                     count_json(board, board->breached),
                     "received_last_minute",
                     count_json(board, board->received_last_minute),
                     "closings_last_minute",
                     count_json(board, board->closings_last_minute),
                     "clocks",
                     clocks,
                     "alarms",
                     board->alarms.rows ? json_incref(board->alarms.rows) : json_null());
}

static int once(struct top *top)
{
    int64_t until_us = clock_monotonic_us() + ONCE_US;
    int code = CTL_OK;
    while (code == CTL_OK && top->board.at_us == 0 && clock_monotonic_us() < until_us &&
           !ctl_listen_stopped()) {
        code = turn(top, -1, 100);
    }
    if (code != CTL_OK) {
        return code;
    }
    top->board.now_us = clock_now_us();
    if (top->ctl->json) {
        json_t *value = board_json(&top->board);
        ctl_print_json(top->ctl, &value);
    } else {
        board_draw(top->ctl, top->ctl->out, &top->board, COLUMNS_USUAL, UINT16_MAX, "\n");
    }
    return top->board.at_us != 0 ? top->unasked : CTL_TRY_AGAIN;
}

int ctl_top(struct ctl *ctl)
{
    static struct top top;
    top = (struct top){.ctl = ctl, .board.began_us = clock_now_us()};
    ctl_listen_catch();
    top.policies = view_policies_new(ctl);
    top.listen = ctl_listen_open(ctl);
    int code = CTL_FAILED;
    if (top.policies && top.listen) {
        ctl_listen_subscribe(top.listen, "figures");
        bool terminal = isatty(fileno(ctl->out)) == 1 && isatty(fileno(stdin)) == 1;
        code = ctl_option_flag(ctl, "once") || ctl->json || !terminal ? once(&top) : live(&top);
    }
    ctl_listen_close(&top.listen);
    ctl_redis_close(&top.redis);
    json_decref(top.board.alarms.rows);
    view_policies_free(&top.policies);
    return code;
}
