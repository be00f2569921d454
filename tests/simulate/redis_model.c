#include "redis_model_private.h"

#include <assert.h>

void *redis_model_grow(void *rows, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count == *capacity) {
        *capacity = *capacity > 0 ? 2 * *capacity : 64;
        rows = realloc(rows, *capacity * size);
        assert(rows);
    }
    return rows;
}

#define COPY(to, from)                                                                             \
    do {                                                                                           \
        (to).count = 0;                                                                            \
        for (uint32_t copied = 0; copied < (from).count; copied++) {                               \
            *ADD(to) = (from).rows[copied];                                                        \
        }                                                                                          \
    } while (0)

struct redis_model *redis_model_new(const struct redis_model_settings *settings)
{
    struct redis_model *model = calloc(1, sizeof *model);
    assert(model);
    model->settings = *settings;
    return model;
}

void redis_model_free(struct redis_model **model_p)
{
    struct redis_model *model = *model_p;
    if (model) {
        free(model->heads.rows);
        free(model->olds.rows);
        free(model->entries.rows);
        free(model->queued.rows);
        free(model->leases.rows);
        free(model->asks.rows);
        free(model);
    }
    *model_p = NULL;
}

void redis_model_flush(struct redis_model *model)
{
    bool keeps = model->settings.flaws & REDIS_MODEL_FLUSH_KEEPS_GENERATION;
    model->heads.count = keeps ? model->heads.count : 0;
    model->olds.count = 0;
    model->entries.count = 0;
    model->queued.count = 0;
    model->leases.count = 0;
    model->asks.count = 0;
}

void redis_model_copy(struct redis_model *to, const struct redis_model *from)
{
    COPY(to->heads, from->heads);
    COPY(to->olds, from->olds);
    COPY(to->entries, from->entries);
    COPY(to->queued, from->queued);
    COPY(to->leases, from->leases);
    COPY(to->asks, from->asks);
}

bool redis_model_is_building(const struct redis_model *model)
{
    for (uint32_t i = 0; i < model->heads.count; i++) {
        if (model->heads.rows[i].building[0]) {
            return true;
        }
    }
    return false;
}

uint32_t redis_model_leases(const struct redis_model *model, uint32_t partition)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->leases.count; i++) {
        count += model->leases.rows[i].case_id >> 40 == partition;
    }
    return count;
}

/* ---- changes ---- */

static struct head *head_of(struct redis_model *model, const char *stream)
{
    struct head *head = head_find(model, stream);
    if (!head) {
        head = ADD(model->heads);
        name_set(head->stream, sizeof head->stream, stream);
    }
    return head;
}

static uint32_t olds_of(const struct redis_model *model, const char *stream)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->olds.count; i++) {
        count += strcmp(model->olds.rows[i].stream, stream) == 0;
    }
    return count;
}

static struct old *old_find(struct redis_model *model, const char *stream, const char *generation)
{
    for (uint32_t i = 0; i < model->olds.count; i++) {
        struct old *old = &model->olds.rows[i];
        if (strcmp(old->stream, stream) == 0 && strcmp(old->generation, generation) == 0) {
            return old;
        }
    }
    return NULL;
}

static void old_add(struct redis_model *model, const char *stream, const char *generation)
{
    if (old_find(model, stream, generation)) {
        return;
    }
    struct old *old = ADD(model->olds);
    name_set(old->stream, sizeof old->stream, stream);
    name_set(old->generation, sizeof old->generation, generation);
}

static struct entry *entry_add(struct redis_model *model,
                               const char *stream,
                               const char *generation,
                               struct member member)
{
    struct entry *entry = ADD(model->entries);
    entry->member = member;
    name_set(entry->stream, sizeof entry->stream, stream);
    name_set(entry->generation, sizeof entry->generation, generation);
    return entry;
}

/* What the case asks; "": nothing. */
static void ask_set(struct redis_model *model, uint64_t case_id, const char *said)
{
    struct ask *ask = ask_find(model, case_id);
    if (said[0] == '\0') {
        if (ask) {
            REMOVE(model->asks, ask);
        }
        return;
    }
    if (!ask) {
        ask = ADD(model->asks);
        ask->case_id = case_id;
    }
    name_set(ask->said, sizeof ask->said, said);
}

static void place_one(struct call *call, const char *stream, const char *generation, size_t i)
{
    struct redis_model *model = call->model;
    struct member member = member_of(text(call, i));
    struct entry *entry = entry_find(model, stream, generation, member);
    struct lease *lease = lease_find(model, member.case_id);
    ask_set(model, member.case_id, text(call, i + 3));
    const char *queue = text(call, i + 1);
    const char *score = text(call, i + 2);
    if (entry && strcmp(entry->queue, queue) != 0) {
        queue_remove(model, entry->queue, member.case_id);
    }
    if (queue[0] == '\0') {
        if (entry) {
            REMOVE(model->entries, entry);
        }
        lease_drop(model, member.case_id);
        return;
    }
    entry = entry ? entry : entry_add(model, stream, generation, member);
    name_set(entry->queue, sizeof entry->queue, queue);
    if (lease) {
        name_set(lease->score, sizeof lease->score, score);
        name_set(lease->queue, sizeof lease->queue, queue);
    } else {
        queue_add(model, queue, member.case_id, strtod(score, NULL));
    }
}

static void time_one(struct call *call, const char *stream, const char *generation, size_t i)
{
    struct redis_model *model = call->model;
    struct member member = member_of(text(call, i));
    const char *due = text(call, i + 1);
    struct entry *entry = entry_find(model, stream, generation, member);
    if (due[0] == '\0') {
        if (entry) {
            REMOVE(model->entries, entry);
        }
        return;
    }
    entry = entry ? entry : entry_add(model, stream, generation, member);
    entry->due_ms = strtod(due, NULL);
}

/* The last word on a member counts: whatever was said of it before is left out. */
static bool is_last_word(const struct call *call, size_t i, size_t step)
{
    for (size_t j = i + step; j <= call->count; j += step) {
        if (call->sizes[j - 1] == call->sizes[i - 1] &&
            memcmp(call->arguments[j - 1], call->arguments[i - 1], call->sizes[i - 1]) == 0) {
            return false;
        }
    }
    return true;
}

static void change_all(struct call *call, const char *generation, size_t first)
{
    char stream[32];
    char share[TOKEN_MAX];
    name_set(stream, sizeof stream, text(call, 3));
    name_set(share, sizeof share, generation);
    size_t step = is_timers(stream) ? 2 : 4;
    for (size_t i = first; i + step - 1 <= call->count; i += step) {
        if (!is_last_word(call, i, step)) {
            continue;
        }
        if (is_timers(stream)) {
            time_one(call, stream, share, i);
        } else {
            place_one(call, stream, share, i);
        }
    }
}

/* ---- verbs of a stream ---- */

void verb_check(struct call *call)
{
    struct head *head = head_find(call->model, text(call, 3));
    uint64_t epoch = number(call, 4);
    if (head && head->epoch > epoch) {
        answer_text(call, "FENCED");
        return;
    }
    if (head && head->live[0] && head->epoch < epoch) {
        head->epoch = epoch;
    }
    if (head && head->building[0]) {
        old_add(call->model, head->stream, head->building);
        head->building[0] = '\0';
    }
    answer_text(call, "OK");
    answer_text(call, head ? head->live : "");
    answer_decimal(call, head ? head->watermark : 0);
    answer_number(call, olds_of(call->model, text(call, 3)));
}

void verb_apply(struct call *call)
{
    bool ignored = call->model->settings.flaws & REDIS_MODEL_WATERMARK_IGNORED;
    struct head *head = head_find(call->model, text(call, 3));
    if (!head || strcmp(head->live, text(call, 4)) != 0) {
        answer_text(call, "GENERATION");
        return;
    }
    if (number(call, 6) <= head->watermark && !ignored) {
        answer_text(call, "OLD");
        answer_decimal(call, head->watermark);
        return;
    }
    if (number(call, 5) != head->watermark && !ignored) {
        answer_text(call, "GAP");
        answer_decimal(call, head->watermark);
        return;
    }
    change_all(call, head->live, 7);
    head->watermark = number(call, 6) > head->watermark ? number(call, 6) : head->watermark;
    answer_text(call, "OK");
    answer_decimal(call, head->watermark);
}

void verb_forget(struct call *call)
{
    struct redis_model *model = call->model;
    struct head *head = head_find(model, text(call, 3));
    if (head && head->live[0]) {
        old_add(model, head->stream, head->live);
    }
    if (head && head->building[0]) {
        old_add(model, head->stream, head->building);
    }
    if (head) {
        REMOVE(model->heads, head);
    }
    answer_text(call, "OK");
}

void verb_begin(struct call *call)
{
    const char *stream = text(call, 3);
    uint64_t epoch = number(call, 5);
    struct head *head = head_of(call->model, stream);
    if (head->epoch > epoch) {
        answer_text(call, "FENCED");
        return;
    }
    if (head->building[0] && strcmp(head->building, text(call, 4)) != 0) {
        old_add(call->model, stream, head->building);
    }
    name_set(head->building, sizeof head->building, text(call, 4));
    head->epoch = epoch;
    answer_text(call, "OK");
}

void verb_feed(struct call *call)
{
    const struct head *head = head_find(call->model, text(call, 3));
    if (!head || strcmp(head->building, text(call, 4)) != 0) {
        answer_text(call, "GENERATION");
        return;
    }
    change_all(call, head->building, 5);
    answer_text(call, "OK");
}

void verb_flip(struct call *call)
{
    const char *stream = text(call, 3);
    struct head *head = head_find(call->model, stream);
    if (!head || strcmp(head->building, text(call, 4)) != 0) {
        answer_text(call, "GENERATION");
        return;
    }
    if (head->live[0]) {
        old_add(call->model, stream, head->live);
    }
    name_set(head->live, sizeof head->live, head->building);
    head->building[0] = '\0';
    head->watermark = number(call, 5);
    answer_text(call, "OK");
    answer_number(call, olds_of(call->model, stream));
}

/* The nth generation to be cleaned away, or NULL. */
static struct old *old_of(struct redis_model *model, const char *stream, uint64_t n)
{
    for (uint32_t i = 0; i < model->olds.count; i++) {
        if (strcmp(model->olds.rows[i].stream, stream) == 0 && n-- == 0) {
            return &model->olds.rows[i];
        }
    }
    return NULL;
}

/* Whether the share of that generation puts the case somewhere, and whether there. */
static bool
says(const struct redis_model *model, const struct entry *entry, const char *generation, bool *same)
{
    const struct entry *other = entry_find(model, entry->stream, generation, entry->member);
    *same = other && strcmp(other->queue, entry->queue) == 0;
    return other;
}

/* One entry of an old share is gone, and what only it stood for with it. */
static void clean_entry(struct redis_model *model, const struct head *head, struct entry *entry)
{
    bool here_same;
    bool soon_same;
    bool here = says(model, entry, head->live, &here_same);
    bool soon = says(model, entry, head->building, &soon_same);
    if (!is_timers(entry->stream) && !here_same && !soon_same) {
        queue_remove(model, entry->queue, entry->member.case_id);
    }
    if (!is_timers(entry->stream) && !here && !soon) {
        lease_drop(model, entry->member.case_id);
        ask_set(model, entry->member.case_id, "");
    }
    REMOVE(model->entries, entry);
}

void verb_clean(struct call *call)
{
    struct redis_model *model = call->model;
    char stream[32];
    name_set(stream, sizeof stream, text(call, 3));
    uint32_t olds = olds_of(model, stream);
    static const struct head nothing;
    struct head *head = head_find(model, stream);
    const char *chosen = head ? head->cleaning : "";
    if (chosen[0] == '\0' && olds > 0) {
        chosen = old_of(model, stream, model->settings.chance(olds))->generation;
    }
    char generation[TOKEN_MAX];
    name_set(generation, sizeof generation, chosen);
    uint32_t left = model->settings.slice > 0 ? model->settings.slice : UINT32_MAX;
    for (uint32_t i = model->entries.count; generation[0] && left > 0 && i-- > 0;) {
        struct entry *entry = &model->entries.rows[i];
        if (strcmp(entry->generation, generation) == 0 && strcmp(entry->stream, stream) == 0) {
            clean_entry(model, head ? head : &nothing, entry);
            left--;
        }
    }
    struct old *done = left > 0 ? old_find(model, stream, generation) : NULL;
    if (done) {
        REMOVE(model->olds, done);
    }
    if (head && generation[0]) {
        name_set(head->cleaning, sizeof head->cleaning, left > 0 ? "" : generation);
    }
    answer_text(call, "OK");
    answer_number(call, olds_of(model, stream));
}
