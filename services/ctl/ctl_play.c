/* `redress play`: agents claim cases and work on them, so that a fresh system has something to
 * show. */
#include "ctl_play.h"

#include "clock.h"
#include "ctl_database.h"
#include "scope.h"

enum { TRIES_MAX = 8 };

static const char first_role[] =
    "agent"; /* tried first; which role may is learnt from the answers */

static int queues_find(struct play *play, const char *policy)
{
    static struct ctl_queues queues;
    static struct play_queue found[CTL_QUEUES_MAX];
    int code = ctl_queues_read(play->ctl, &queues);
    play->queues = found;
    for (uint32_t i = 0; code == CTL_OK && i < queues.count; i++) {
        const struct ctl_queue_row *row = &queues.rows[i];
        size_t length = policy ? strlen(policy) : 0;
        if (!policy || (strncmp(row->name, policy, length) == 0 && row->name[length] == '/')) {
            struct play_queue *queue = &found[play->queue_count++];
            *queue = (struct play_queue){.waiting = (int64_t)row->waiting};
            (void)snprintf(queue->name, sizeof queue->name, "%s", row->name);
        }
    }
    return code;
}

static int categories_find(struct play *play, const char *policy)
{
    const char *const parameters[] = {policy};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(play->ctl,
                         "SELECT DISTINCT c.category FROM complaint c "
                         "JOIN policy p ON p.id = c.policy_id "
                         "WHERE c.category <> '' AND ($1::text IS NULL OR p.name = $1) "
                         "ORDER BY 1 LIMIT 64",
                         parameters,
                         1,
                         &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        (void)snprintf(play->categories[play->category_count++],
                       PLAY_NAME_MAX,
                       "%s",
                       PQgetvalue(rows, row, 0));
    }
    return code;
}

/* By chance, longer queues more often.  NULL: nobody waits. */
static struct play_queue *queue_choose(struct play *play)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < play->queue_count; i++) {
        sum += play->queues[i].waiting;
    }
    if (sum == 0) {
        return NULL;
    }
    int64_t at = (int64_t)play_random(play, (uint64_t)sum);
    unsigned i = 0;
    while (at >= play->queues[i].waiting) {
        at -= play->queues[i++].waiting;
    }
    return &play->queues[i];
}

static void
begin(struct play *play, struct player *player, const ctl_reply *reply, const char *role)
{
    player->busy = true;
    player->moves = player->refused = player->seen_count = player->stays = 0;
    json_decref(player->state);
    player->state = NULL;
    play_state_take(play, player, reply);
    (void)snprintf(player->holder_role, PLAY_NAME_MAX, "%s", role);
    bool leaves = (int64_t)play_random(play, 100) < play->leave_percent;
    player->leave_after = leaves ? (unsigned)play_random(play, 8) : PLAY_MOVES_MAX;
    play->begun++;
}

static bool code_is(const ctl_reply *reply, const char *code)
{
    return slice_equal(slice_of(reply->code.data, reply->code.len), slice_text(code));
}

/* Roles that appear in a refusal may do what the refused one may not. */
static void roles_learn(struct play *play, const ctl_reply *reply)
{
    for (size_t i = 0; i < reply->n_allowed; i++) {
        for (size_t r = 0; r < reply->allowed[i]->n_roles; r++) {
            char name[PLAY_NAME_MAX];
            ProtobufCBinaryData role = reply->allowed[i]->roles[r];
            (void)snprintf(name, sizeof name, "%.*s", (int)role.len, (const char *)role.data);
            play_role_add(play, name);
        }
    }
}

/* Tries the role that is known for the queue, or all in turn. */
static int claim_from(struct play *play, struct player *player, struct play_queue *queue)
{
    for (unsigned i = 0; i < play->role_count; i++) {
        const char *role = queue->role[0] != '\0' ? queue->role : play->roles[i];
        struct ctl_command command = {.queue = queue->name, .actor = player->name, .role = role};
        const ctl_reply *reply = NULL;
        int code = ctl_desk_ask(play->desk, &command, &reply);
        if (code != CTL_OK) {
            return code;
        }
        if (ctl_reply_code(reply) == CTL_OK) {
            queue->waiting--;
            begin(play, player, reply, role);
            if (queue->role[0] == '\0') {
                (void)snprintf(queue->role, PLAY_NAME_MAX, "%s", role);
            }
            return CTL_OK;
        }
        if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY) {
            queue->waiting = 0;
            return CTL_OK;
        }
        if (code_is(reply, "no_capacity")) {
            player->full = true;
            return CTL_OK;
        }
        play->refused++;
        queue->role[0] = '\0';
        roles_learn(play, reply);
    }
    queue->waiting = 0; /* for none of the roles we know */
    return CTL_OK;
}

static int claim(struct play *play, struct player *player)
{
    for (int i = 0; i < TRIES_MAX && !player->busy && !player->full; i++) {
        struct play_queue *queue = queue_choose(play);
        if (!queue) {
            return CTL_OK;
        }
        int code = claim_from(play, player, queue);
        if (code != CTL_OK) {
            return code;
        }
    }
    return CTL_OK;
}

static void progress_show(const struct play *play, struct ctl_progress *progress, int64_t cases)
{
    if (ctl_progress_due(progress, clock_monotonic_us())) {
        ctl_progress_show(play->ctl,
                          progress,
                          (double)(play->closed + play->left) / (double)cases,
                          TEXT_PLAY_PROGRESS,
                          CTL_ARGS(CTL_NUMBER_TEXT(play->begun),
                                   CTL_NUMBER_TEXT(play->closed),
                                   CTL_NUMBER_TEXT(play->moves)));
    }
}

/* Turn by turn, so that several cases are under way at a time. */
static int play_run(struct play *play, struct player *players, unsigned count, int64_t cases)
{
    struct ctl_progress progress;
    ctl_progress_begin(play->ctl, &progress);
    int code = CTL_OK;
    bool any = true;
    while (any && code == CTL_OK) {
        any = false;
        for (unsigned i = 0; i < count && code == CTL_OK; i++) {
            struct player *player = &players[i];
            if (player->busy) {
                code = play_move(play, player);
                any = true;
            } else if (play->begun < cases) {
                code = claim(play, player);
                any = any || player->busy;
            }
        }
        progress_show(play, &progress, cases);
    }
    ctl_progress_clear(play->ctl, &progress);
    return code;
}

static void report(const struct play *play)
{
    const struct ctl *ctl = play->ctl;
    char left[512] = "";
    size_t used = 0;
    json_t *steps = json_object();
    for (unsigned i = 0; i < play->left_count && used < sizeof left; i++) {
        used += (size_t)snprintf(
            left + used, sizeof left - used, "%s%s", i > 0 ? ", " : "", play->left_in[i].step);
        (void)json_object_set_new(
            steps, play->left_in[i].step, json_integer(play->left_in[i].count));
    }
    if (ctl->json) {
        json_t *value = json_pack("{s:I, s:I, s:I, s:o, s:I, s:I}",
                                  "cases",
                                  (json_int_t)play->begun,
                                  "closed",
                                  (json_int_t)play->closed,
                                  "left",
                                  (json_int_t)play->left,
                                  "left_in",
                                  steps,
                                  "moves",
                                  (json_int_t)play->moves,
                                  "refused",
                                  (json_int_t)play->refused);
        ctl_print_json(ctl, &value);
        return;
    }
    json_decref(steps);
    ctl_print(ctl,
              TEXT_PLAY_DONE,
              CTL_ARGS(CTL_NUMBER_TEXT(play->begun),
                       CTL_NUMBER_TEXT(play->closed),
                       CTL_NUMBER_TEXT(play->left),
                       used > 0 ? left : "–",
                       CTL_NUMBER_TEXT(play->moves),
                       CTL_NUMBER_TEXT(play->refused)));
}

int ctl_play(struct ctl *ctl)
{
    static struct player players[PLAY_AGENTS_MAX];
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    const char *policy = ctl_option_text(ctl, "policy");
    unsigned agents = (unsigned)ctl_option_number(ctl, "agents");
    struct play play = {.ctl = ctl,
                        .random = (uint64_t)ctl_option_number(ctl, "seed"),
                        .leave_percent = ctl_option_number(ctl, "leave")};
    int code = queues_find(&play, policy);
    code = code == CTL_OK ? categories_find(&play, policy) : code;
    if (code == CTL_OK && play.queue_count == 0) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_PLAY_NOTHING, NULL);
    }
    code = code == CTL_OK ? ctl_desk_open(ctl, ctl_option_number(ctl, "timeout"), &desk) : code;
    if (code != CTL_OK) {
        return code;
    }
    play.desk = desk;
    play_role_add(&play, first_role);
    for (unsigned i = 0; i < agents; i++) {
        players[i] = (struct player){0};
        (void)snprintf(players[i].name, PLAY_NAME_MAX, "agent-%u", i + 1);
    }
    code = play_run(&play, players, agents, ctl_option_number(ctl, "cases"));
    for (unsigned i = 0; i < agents; i++) {
        json_decref(players[i].state);
        players[i].state = NULL;
    }
    report(&play);
    return code;
}
