/* `redress play`: people claim cases and work on them to their end, under any policy. */
#include "ctl_play.h"

#include "ctl_script.h"
#include "ctl_table.h"
#include "scope.h"

static double seconds_of(const struct play *play)
{
    return (double)(play->ended_us - play->begun_us) / 1e6;
}

/* Lives a second, had all of the desk worked on cases of this policy: its share of the time. */
static double rate_of(const struct play *play, const struct play_count *count)
{
    int64_t all_us = 0;
    for (unsigned i = 0; i < play->book_count; i++) {
        all_us += play->counts[i].us;
    }
    double seconds = all_us > 0 ? seconds_of(play) * (double)count->us / (double)all_us : 0;
    return seconds > 0 ? (double)count->closed / seconds : 0;
}

static json_t *policies_json(const struct play *play)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < play->book_count; i++) {
        const struct play_count *count = &play->counts[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:f}",
                                              "policy",
                                              play->books[i].policy->name,
                                              "cases",
                                              (json_int_t)count->begun,
                                              "closed",
                                              (json_int_t)count->closed,
                                              "left",
                                              (json_int_t)count->left,
                                              "moves",
                                              (json_int_t)count->moves,
                                              "refused",
                                              (json_int_t)count->refused,
                                              "lives_per_second",
                                              rate_of(play, count)));
    }
    return list;
}

static json_t *left_json(const struct play *play)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < play->left_count; i++) {
        const struct play_left *left = &play->left[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s, s:s}",
                                              "case",
                                              left->number,
                                              "policy",
                                              play->books[left->book].policy->name,
                                              "step",
                                              left->step,
                                              "why",
                                              left->why));
    }
    return list;
}

static void report_json(const struct play *play)
{
    double seconds = seconds_of(play);
    json_t *value = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:o}",
                              "cases",
                              (json_int_t)play->begun,
                              "closed",
                              (json_int_t)play->closed,
                              "left",
                              (json_int_t)(play->begun - play->closed),
                              "stuck",
                              (json_int_t)play->stuck,
                              "moves",
                              (json_int_t)play->moves,
                              "refused",
                              (json_int_t)play->refused,
                              "seconds",
                              seconds,
                              "lives_per_second",
                              seconds > 0 ? (double)play->closed / seconds : 0,
                              "policies",
                              policies_json(play),
                              "not_closed",
                              left_json(play));
    ctl_print_json(play->ctl, &value);
}

/* A row a policy. */
static void table_print(const struct play *play)
{
    static const struct ctl_column columns[] = {
        {"policy", TEXT_COLUMN_POLICY, CTL_COLUMN_TEXT,   false},
        {"cases",  TEXT_COLUMN_CASES,  CTL_COLUMN_NUMBER, false},
        {"closed", TEXT_COLUMN_CLOSED, CTL_COLUMN_NUMBER, false},
        {"moves",  TEXT_COLUMN_MOVES,  CTL_COLUMN_NUMBER, false},
        {"rate",   TEXT_COLUMN_RATE,   CTL_COLUMN_NUMBER, false},
    };
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(play->ctl, columns, sizeof columns / sizeof *columns);
    for (unsigned i = 0; table && i < play->book_count; i++) {
        const struct play_count *count = &play->counts[i];
        char moves[32];
        double each = count->begun > 0 ? (double)count->moves / (double)count->begun : 0;
        (void)snprintf(moves, sizeof moves, "%.1f", each);
        ctl_table_add(table,
                      (const char *const[]){play->books[i].policy->name,
                                            CTL_NUMBER_TEXT(count->begun),
                                            CTL_NUMBER_TEXT(count->closed),
                                            moves,
                                            CTL_NUMBER_TEXT(rate_of(play, count))});
    }
    if (table) {
        ctl_table_print(table);
    }
}

static void report(const struct play *play)
{
    const struct ctl *ctl = play->ctl;
    if (ctl->json) {
        report_json(play);
        return;
    }
    double seconds = seconds_of(play);
    if (!ctl->quiet) {
        table_print(play);
    }
    ctl_print(ctl,
              TEXT_PLAY_DONE,
              CTL_ARGS(CTL_NUMBER_TEXT(play->begun),
                       CTL_NUMBER_TEXT(play->closed),
                       CTL_NUMBER_TEXT(play->begun - play->closed),
                       CTL_NUMBER_TEXT(play->moves),
                       CTL_NUMBER_TEXT(play->refused),
                       CTL_NUMBER_TEXT(seconds > 0 ? (double)play->closed / seconds : 0)));
    for (unsigned i = 0; i < play->left_count; i++) {
        const struct play_left *left = &play->left[i];
        const char *policy = play->books[left->book].policy->name;
        ctl_note(ctl, TEXT_PLAY_STUCK, CTL_ARGS(left->number, policy, left->step, left->why));
    }
}

int ctl_play(struct ctl *ctl)
{
    static struct play play; /* too large for the stack */
    int64_t at_once = ctl_option_number(ctl, "at-once");
    if (ctl_option_text(ctl, "script")) {
        return ctl_script_play(ctl, ctl_option_text(ctl, "script"));
    }
    play = (struct play){.ctl = ctl,
                         .seed = ctl_option_number(ctl, "seed"),
                         .leave_percent = ctl_option_number(ctl, "leave"),
                         .cases = ctl_option_number(ctl, "cases"),
                         .agents = (unsigned)ctl_option_number(ctl, "agents")};
    int code = play_open(&play,
                         ctl_option_text(ctl, "policy"),
                         at_once > 0 ? (unsigned)at_once : play.agents,
                         ctl_option_number(ctl, "timeout"));
    if (code == CTL_OK) {
        code = play_run(&play);
        report(&play);
    }
    play_done(&play);
    return code;
}
