#include "redis_model_private.h"

#include <assert.h>

/* One candidate of a claim: where it stands, in the order of the queues asked for. */
struct candidate {
    struct queued queued;
    size_t order;
};

static int by_score(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    if (one->queued.score != other->queued.score) {
        return one->queued.score < other->queued.score ? -1 : 1;
    }
    if (one->order != other->order) {
        return one->order < other->order ? -1 : 1;
    }
    return one->queued.case_id < other->queued.case_id ? -1 : 1;
}

/* All that stand in the queues named from argument first on; freed by the caller. */
static struct candidate *gather(const struct call *call, size_t first, size_t queues, size_t *count)
{
    const struct redis_model *model = call->model;
    struct candidate *all = calloc(model->queued.count * queues + 1, sizeof *all);
    assert(all);
    *count = 0;
    for (size_t n = 0; n < queues; n++) {
        const char *queue = text(call, first + n);
        for (uint32_t i = 0; i < model->queued.count; i++) {
            if (strcmp(model->queued.rows[i].queue, queue) == 0) {
                all[(*count)++] = (struct candidate){model->queued.rows[i], n};
            }
        }
    }
    qsort(all, *count, sizeof *all, by_score);
    return all;
}

static void lease_add(struct redis_model *model,
                      const struct queued *queued,
                      const char *token,
                      int64_t ends_ms)
{
    struct lease *lease = lease_find(model, queued->case_id);
    queue_remove(model, queued->queue, queued->case_id);
    if (!lease) {
        lease = ADD(model->leases);
    }
    lease->case_id = queued->case_id;
    lease->ends_ms = ends_ms;
    name_set(lease->token, sizeof lease->token, token);
    name_set(lease->score, sizeof lease->score, score_text(queued->score));
    name_set(lease->queue, sizeof lease->queue, queued->queue);
}

static bool is_skipped(const struct call *call, size_t first, uint64_t case_id)
{
    for (size_t i = first; i <= call->count; i++) {
        if (member_of(text(call, i)).case_id == case_id) {
            return true;
        }
    }
    return false;
}

static bool has(const struct call *call, size_t first, const char *token, size_t size)
{
    for (uint64_t i = 0; i < number(call, first); i++) {
        const char *had = text(call, first + 1 + i);
        if (strlen(had) == size && memcmp(had, token, size) == 0) {
            return true;
        }
    }
    return false;
}

/* One clause "until,token|!token": its time has come, or a token is as it asks. */
static bool clause_suits(const struct call *call, size_t first, const char *clause, size_t size)
{
    const char *comma = memchr(clause, ',', size);
    int64_t until_ms = strtoll(clause, NULL, 10);
    bool met = until_ms != 0 && until_ms <= call->now_ms;
    for (const char *at = comma + 1; at < clause + size; at++) {
        size_t length = strcspn(at, "| ");
        bool not_his = *at == '!';
        met = met || has(call, first, at + not_his, length - not_his) != not_his;
        at += length;
    }
    return met;
}

static bool suits(const struct call *call, size_t first, uint64_t case_id)
{
    const struct ask *ask = ask_find(call->model, case_id);
    for (const char *at = ask ? ask->said : ""; *at;) {
        size_t size = strcspn(at, " ");
        if (size > 0 && !clause_suits(call, first, at, size)) {
            return false;
        }
        at += size + (at[size] == ' ');
    }
    return true;
}

/* Nothing changes before the end: what is chosen and what is stale both come of one look. */
static void verb_claim(struct call *call)
{
    struct redis_model *model = call->model;
    char token[TOKEN_MAX];
    name_set(token, sizeof token, text(call, 3));
    uint64_t wanted = number(call, 5);
    uint64_t looks = number(call, 6);
    uint64_t queues = number(call, 7);
    size_t count;
    struct candidate *all = gather(call, 8, queues, &count);
    bool *chosen = calloc(count + 1, sizeof *chosen);
    bool *stale = calloc(count + 1, sizeof *stale);
    assert(chosen && stale);
    uint64_t taken = 0;
    uint64_t passed = 0;
    size_t has_at = 8 + queues;
    size_t skip_at = has_at + 1 + number(call, has_at);
    for (size_t i = 0; i < count && i < looks && taken < wanted; i++) {
        const struct queued *queued = &all[i].queued;
        bool skip = is_skipped(call, skip_at, queued->case_id);
        bool building = false;
        for (size_t j = 0; j < i; j++) {
            skip = skip || (chosen[j] && all[j].queued.case_id == queued->case_id);
        }
        bool here = strcmp(place(model, queued->case_id, &building), queued->queue) == 0;
        bool fits = suits(call, has_at, queued->case_id);
        chosen[i] = !skip && here && fits;
        passed += !skip && here && !fits;
        stale[i] = !skip && !here && !building;
        taken += chosen[i];
    }
    answer_number(call, (int64_t)passed);
    for (size_t i = 0; i < count; i++) {
        if (stale[i]) {
            queue_remove(model, all[i].queued.queue, all[i].queued.case_id);
        }
        if (chosen[i]) {
            answer_text(call, case_text(all[i].queued.case_id));
            answer_text(call, all[i].queued.queue);
            answer_text(call, score_text(all[i].queued.score));
            lease_add(model, &all[i].queued, token, call->now_ms + (int64_t)number(call, 4));
        }
    }
    free(stale);
    free(chosen);
    free(all);
}

static void verb_undo(struct call *call)
{
    struct lease *lease = lease_find(call->model, member_of(text(call, 3)).case_id);
    bool was = lease && strcmp(lease->token, text(call, 4)) == 0;
    if (was) {
        give_back(call->model, lease);
    }
    answer_alone(call, was);
}

static struct lease *first_ended(const struct call *call)
{
    struct lease *first = NULL;
    for (uint32_t i = 0; i < call->model->leases.count; i++) {
        struct lease *lease = &call->model->leases.rows[i];
        bool sooner = !first || lease->ends_ms < first->ends_ms ||
                      (lease->ends_ms == first->ends_ms && lease->case_id < first->case_id);
        if (lease->ends_ms <= call->now_ms && sooner) {
            first = lease;
        }
    }
    return first;
}

static void verb_expire(struct call *call)
{
    uint64_t limit = number(call, 3);
    uint64_t ended = 0;
    const struct lease *lease;
    bool forever = call->model->settings.flaws & REDIS_MODEL_LEASES_FOREVER;
    while (!forever && ended < limit && (lease = first_ended(call)) != NULL) {
        give_back(call->model, lease);
        ended++;
    }
    answer_alone(call, (int64_t)ended);
}

struct redisReply *redis_model_call(struct redis_model *model,
                                    const char *const *arguments,
                                    const size_t *sizes,
                                    size_t count,
                                    int64_t now_ms)
{
    static const struct {
        const char *name;
        void (*run)(struct call *call);
    } verbs[] = {
        {"check",  verb_check },
        {"apply",  verb_apply },
        {"forget", verb_forget},
        {"begin",  verb_begin },
        {"feed",   verb_feed  },
        {"flip",   verb_flip  },
        {"clean",  verb_clean },
        {"claim",  verb_claim },
        {"undo",   verb_undo  },
        {"expire", verb_expire},
    };
    struct call call = {model, arguments, sizes, count, now_ms, NULL};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(text(&call, 2), verbs[i].name) == 0) {
            verbs[i].run(&call);
            return call.answer;
        }
    }
    assert(false); /* the script has no such verb */
    return NULL;
}

/* ---- dumps ---- */

static void dump_heads(const struct redis_model *model, redis_model_line_fn *fn, void *self)
{
    char line[256];
    for (uint32_t i = 0; i < model->heads.count; i++) {
        const struct head *head = &model->heads.rows[i];
        (void)snprintf(line, sizeof line, "s:%s e %" PRIu64, head->stream, head->epoch);
        fn(self, line);
        if (head->building[0]) {
            (void)snprintf(line, sizeof line, "s:%s b %s", head->stream, head->building);
            fn(self, line);
        }
        if (head->live[0]) {
            (void)snprintf(line, sizeof line, "s:%s g %s", head->stream, head->live);
            fn(self, line);
            (void)snprintf(line, sizeof line, "s:%s w %" PRIu64, head->stream, head->watermark);
            fn(self, line);
        }
    }
    for (uint32_t i = 0; i < model->olds.count; i++) {
        const struct old *old = &model->olds.rows[i];
        (void)snprintf(line, sizeof line, "o:%s %s", old->stream, old->generation);
        fn(self, line);
    }
}

void redis_model_dump(const struct redis_model *model, redis_model_line_fn *fn, void *self)
{
    char line[320];
    dump_heads(model, fn, self);
    for (uint32_t i = 0; i < model->entries.count; i++) {
        const struct entry *entry = &model->entries.rows[i];
        (void)snprintf(line,
                       sizeof line,
                       "share:%s:%s %s %s",
                       entry->stream,
                       entry->generation,
                       member_text(entry->member),
                       is_timers(entry->stream) ? score_text(entry->due_ms) : entry->queue);
        fn(self, line);
    }
    for (uint32_t i = 0; i < model->queued.count; i++) {
        const struct queued *queued = &model->queued.rows[i];
        (void)snprintf(line,
                       sizeof line,
                       "q:%s %s %s",
                       queued->queue,
                       case_text(queued->case_id),
                       score_text(queued->score));
        fn(self, line);
    }
    for (uint32_t i = 0; i < model->leases.count; i++) {
        const struct lease *lease = &model->leases.rows[i];
        (void)snprintf(line,
                       sizeof line,
                       "lease %s %s %s %s",
                       case_text(lease->case_id),
                       lease->token,
                       lease->score,
                       lease->queue);
        fn(self, line);
        (void)snprintf(line, sizeof line, "expiry %s", case_text(lease->case_id));
        fn(self, line);
    }
    for (uint32_t i = 0; i < model->asks.count; i++) {
        const struct ask *ask = &model->asks.rows[i];
        (void)snprintf(line, sizeof line, "ask %s %s", case_text(ask->case_id), ask->said);
        fn(self, line);
    }
}
