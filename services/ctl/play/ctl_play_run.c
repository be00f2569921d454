/* Many lives at a time: cases are claimed, worked on and closed, as the answers come in. */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_names.h"
#include "ctl_play.h"
#include "scope.h"

enum {
    READ_EVERY_US = 1000000,
    WAIT_MS = 20,
};

/* ---- what there is to do ---- */

static int book_of_queue(struct play *play, const struct ctl_queue_row *row, unsigned *book)
{
    const char *slash = strchr(row->name, '/');
    size_t length = slash ? (size_t)(slash - row->name) : 0;
    for (unsigned i = 0; i < play->book_count; i++) {
        const char *name = play->books[i].policy->name;
        if (strlen(name) == length && strncmp(name, row->name, length) == 0) {
            *book = i;
            return CTL_OK;
        }
    }
    if (play->book_count == PLAY_POLICIES_MAX) {
        *book = PLAY_POLICIES_MAX;
        return CTL_OK;
    }
    const char *const parameters[] = {CTL_NUMBER_TEXT(row->policy_id)};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(play->ctl,
                         "SELECT name || '@' || version FROM policy WHERE id = $1::bigint",
                         parameters,
                         1,
                         &rows);
    if (code == CTL_OK && PQntuples(rows) == 1) {
        *book = play->book_count;
        code = play_book_open(play->ctl, PQgetvalue(rows, 0, 0), &play->books[*book]);
        play->book_count += code == CTL_OK;
    }
    return code;
}

/* The queue of that name; a new one's policy is opened.  NULL: of too many policies. */
static int queue_of(struct play *play, const struct ctl_queue_row *row, struct play_queue **queue)
{
    unsigned at = 0;
    while (at < play->queue_count && strcmp(play->queues[at].name, row->name) != 0) {
        at++;
    }
    *queue = &play->queues[at];
    if (at < play->queue_count) {
        return CTL_OK;
    }
    unsigned book = 0;
    int code = book_of_queue(play, row, &book);
    if (code != CTL_OK || book == PLAY_POLICIES_MAX) {
        *queue = NULL;
        return code;
    }
    const struct policy *of = play->books[book].policy;
    **queue = (struct play_queue){.book = book, .role = of->steps[of->first_step].owner_role};
    (void)snprintf((*queue)->name, sizeof(*queue)->name, "%s", row->name);
    play->queue_count++;
    return CTL_OK;
}

/* Counts of queues that are known are renewed. */
static int queues_read(struct play *play, const char *policy)
{
    static struct ctl_queues found;
    int code = ctl_queues_read(play->ctl, &found);
    size_t length = policy ? strlen(policy) : 0;
    play->read_us = clock_monotonic_us();
    for (unsigned i = 0; i < play->queue_count; i++) {
        play->queues[i].waiting = 0;
    }
    for (uint32_t i = 0; code == CTL_OK && i < found.count; i++) {
        const struct ctl_queue_row *row = &found.rows[i];
        struct play_queue *queue = NULL;
        if (!policy || (strncmp(row->name, policy, length) == 0 && row->name[length] == '/')) {
            code = queue_of(play, row, &queue);
        }
        if (queue) {
            queue->waiting = (int64_t)row->waiting;
        }
    }
    return code;
}

/* The queues of the policy by its id or title; CTL_NOT_FOUND after saying that nothing waits, or
 * that nobody knows the policy. */
static int queues_named(struct play *play, const char *policy)
{
    static struct ctl_named named; /* the play is lent the id */
    int code = queues_read(play, policy);
    if (code != CTL_OK || play->queue_count > 0) {
        return code;
    }
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(play->ctl);
    named = (struct ctl_named){.naming = NAMING_POLICY, .word = policy};
    code = policies ? ctl_names_known(play->ctl, policies, &named, 1, NULL)
                    : ctl_fail(play->ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code == CTL_OK && policy && strcmp(policy, named.id) != 0) {
        play->policy = named.id;
        code = queues_read(play, named.id);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code == CTL_OK && play->queue_count == 0
               ? ctl_fail(play->ctl, CTL_NOT_FOUND, TEXT_PLAY_NOTHING, NULL)
               : code;
}

int play_open(struct play *play, const char *policy, unsigned at_once, int64_t timeout_ms)
{
    play->random = (uint64_t)play->seed;
    play->life_count = at_once;
    play->lives = calloc(at_once, sizeof *play->lives);
    play->books = calloc(PLAY_POLICIES_MAX, sizeof *play->books);
    if (!play->lives || !play->books) {
        return ctl_fail(play->ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    for (unsigned i = 0; i < at_once; i++) {
        play->lives[i].place = i;
    }
    play->policy = policy;
    int code = queues_named(play, policy);
    return code == CTL_OK ? ctl_line_open(play->ctl, at_once, timeout_ms, &play->line) : code;
}

void play_done(struct play *play)
{
    ctl_line_free(&play->line);
    for (unsigned i = 0; i < play->book_count; i++) {
        play_book_done(&play->books[i]);
    }
    free(play->books);
    free(play->lives);
    play->books = NULL;
    play->lives = NULL;
}

static bool is_named(const struct play_queue *queue, const char *policy, struct slice name)
{
    size_t length = strlen(policy);
    return strncmp(queue->name, policy, length) == 0 && queue->name[length] == '/' &&
           slice_equal(slice_text(queue->name + length + 1), name);
}

void play_waits(struct play *play, struct play_life *life, struct slice queue)
{
    const char *policy = play_policy(play, life)->name;
    struct play_queue *waits_in = NULL;
    for (unsigned i = 0; queue.size > 0 && i < play->queue_count && !waits_in; i++) {
        struct play_queue *at = &play->queues[i];
        waits_in = at->book == life->book && is_named(at, policy, queue) ? at : NULL;
    }
    if (life->waits_in) {
        life->waits_in->ours--;
    }
    if (waits_in) {
        waits_in->ours++;
    }
    life->waits_in = waits_in;
}

/* How many wait, as far as is known; free: where a claim brings a case that is in nobody's hands
 * (those that came back to a queue are often its first). */
static int64_t waiting(const struct play *play, bool free)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < play->queue_count; i++) {
        sum += free && play->queues[i].ours > 0 ? 0 : play->queues[i].waiting;
    }
    return sum;
}

/* By chance, longer queues more often.  NULL: nobody waits that nobody has in hand. */
static struct play_queue *queue_choose(struct play *play)
{
    int64_t sum = waiting(play, true);
    if (sum == 0) {
        return NULL;
    }
    int64_t at = (int64_t)play_random(&play->random, (uint64_t)sum);
    unsigned i = 0;
    while (play->queues[i].ours > 0 || at >= play->queues[i].waiting) {
        at -= play->queues[i].ours > 0 ? 0 : play->queues[i].waiting;
        i++;
    }
    return &play->queues[i];
}

bool play_begin(struct play *play, struct play_life *life)
{
    struct play_queue *queue =
        play->begun + play->claiming < play->cases ? queue_choose(play) : NULL;
    if (!queue) {
        return false;
    }
    unsigned place = life->place;
    *life = (struct play_life){.place = place,
                               .book = queue->book,
                               .queue = queue,
                               .random = play_random(&play->random, UINT64_MAX),
                               .begun_us = clock_monotonic_us(),
                               .leave_after = PLAY_MOVES_MAX};
    if ((int64_t)play_random(&life->random, 100) < play->leave_percent) {
        life->leave_after = (unsigned)play_random(&life->random, 8);
        life->leaves = true;
    }
    queue->waiting--;
    play->claiming++;
    const struct play_person who = {.role = queue->role};
    struct ctl_command command = {.queue = queue->name};
    play_ask(play, life, PLAY_ASK_QUEUE, &who, &command);
    return life->busy;
}

/* ---- all of it ---- */

static void progress_show(const struct play *play, struct ctl_progress *progress)
{
    if (!ctl_progress_due(progress, clock_monotonic_us())) {
        return;
    }
    double seconds = (double)(clock_monotonic_us() - play->begun_us) / 1e6;
    ctl_progress_show(play->ctl,
                      progress,
                      (double)play->closed / (double)play->cases,
                      TEXT_PLAY_PROGRESS,
                      CTL_ARGS(CTL_NUMBER_TEXT(play->begun),
                               CTL_NUMBER_TEXT(play->closed),
                               CTL_NUMBER_TEXT(play->moves),
                               CTL_NUMBER_TEXT((double)play->closed / seconds)));
}

/* How many lives are under way, after idle people have looked for work. */
static unsigned lives_begin(struct play *play)
{
    unsigned busy = 0;
    bool more = true;
    for (unsigned i = 0; i < play->life_count; i++) {
        struct play_life *life = &play->lives[i];
        more = more && (life->busy || play_begin(play, life));
        busy += life->busy;
    }
    return busy;
}

int play_run(struct play *play)
{
    struct ctl_progress progress;
    ctl_progress_begin(play->ctl, &progress);
    play->begun_us = clock_monotonic_us();
    int code = CTL_OK;
    bool dry = false;
    while (code == CTL_OK) {
        unsigned busy = lives_begin(play);
        int64_t now_us = clock_monotonic_us();
        bool more = play->begun + play->claiming < play->cases;
        if (busy == 0 && (!more || dry)) {
            break;
        }
        if (more && waiting(play, false) == 0 &&
            (busy == 0 || now_us - play->read_us > READ_EVERY_US)) {
            code = queues_read(play, play->policy);
            dry = busy == 0 && waiting(play, false) == 0;
            continue;
        }
        code = ctl_line_turn(play->line, WAIT_MS, play_answered, play);
        if (play->strangers) {
            code = ctl_fail(play->ctl, CTL_FAILED, TEXT_PLAY_STRANGERS, NULL);
        }
        progress_show(play, &progress);
    }
    play->ended_us = clock_monotonic_us();
    ctl_progress_clear(play->ctl, &progress);
    return code;
}
