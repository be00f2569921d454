#include "redis_model_private.h"

#include <assert.h>

/* ---- arguments and answers ---- */

/* The ith ARGV of the script, from 1; of a static buffer for each i modulo a few. */
const char *text(const struct call *call, size_t i)
{
    static char buffers[4][PROJECTION_ASK_MAX];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    size_t size = i <= call->count ? call->sizes[i - 1] : 0;
    assert(size < sizeof buffers[0]);
    if (size > 0) {
        memcpy(buffer, call->arguments[i - 1], size);
    }
    buffer[size] = '\0';
    return buffer;
}

uint64_t number(const struct call *call, size_t i)
{
    return strtoull(text(call, i), NULL, 10);
}

struct member member_of(const char *said)
{
    char *end = NULL;
    struct member member = {strtoull(said, &end, 16), NO_CLOCK};
    if (*end == ':') {
        member.clock = (uint32_t)strtoul(end + 1, NULL, 16);
    }
    return member;
}

const char *member_text(struct member member)
{
    static char said[32];
    if (member.clock == NO_CLOCK) {
        (void)snprintf(said, sizeof said, "%016" PRIx64, member.case_id);
    } else {
        (void)snprintf(said, sizeof said, "%016" PRIx64 ":%x", member.case_id, member.clock);
    }
    return said;
}

const char *case_text(uint64_t case_id)
{
    return member_text((struct member){case_id, NO_CLOCK});
}

const char *score_text(double score)
{
    static char said[40];
    (void)snprintf(said, sizeof said, "%.17g", score);
    return said;
}

static redisReply *answer_add(struct call *call, int type)
{
    void *(*take)(size_t) = call->model->settings.take;
    if (!call->answer) {
        call->answer = take(sizeof *call->answer);
        call->answer->type = REDIS_REPLY_ARRAY;
        call->answer->element = take(ANSWER_MAX * sizeof(redisReply *));
    }
    assert(call->answer->elements < ANSWER_MAX);
    redisReply *element = take(sizeof *element);
    element->type = type;
    call->answer->element[call->answer->elements++] = element;
    return element;
}

void answer_text(struct call *call, const char *said)
{
    redisReply *element = answer_add(call, REDIS_REPLY_STRING);
    element->str = call->model->settings.take(strlen(said) + 1);
    memcpy(element->str, said, strlen(said));
    element->len = strlen(said);
}

void answer_number(struct call *call, int64_t said)
{
    answer_add(call, REDIS_REPLY_INTEGER)->integer = said;
}

/* Not in a list: the whole answer. */
void answer_alone(struct call *call, int64_t said)
{
    answer_number(call, said);
    call->answer = call->answer->element[0];
}

void answer_decimal(struct call *call, uint64_t said)
{
    char decimal[24];
    (void)snprintf(decimal, sizeof decimal, "%" PRIu64, said);
    answer_text(call, decimal);
}

void name_set(char *name, size_t size, const char *said)
{
    (void)snprintf(name, size, "%s", said);
}

/* ---- looking ---- */

bool is_timers(const char *stream)
{
    return strncmp(stream, "watchdog.", 9) == 0;
}

struct head *head_find(const struct redis_model *model, const char *stream)
{
    for (uint32_t i = 0; i < model->heads.count; i++) {
        if (strcmp(model->heads.rows[i].stream, stream) == 0) {
            return &model->heads.rows[i];
        }
    }
    return NULL;
}

struct entry *entry_find(const struct redis_model *model,
                         const char *stream,
                         const char *generation,
                         struct member member)
{
    for (uint32_t i = 0; generation[0] && i < model->entries.count; i++) {
        struct entry *entry = &model->entries.rows[i];
        if (entry->member.case_id == member.case_id && entry->member.clock == member.clock &&
            strcmp(entry->generation, generation) == 0 && strcmp(entry->stream, stream) == 0) {
            return entry;
        }
    }
    return NULL;
}

struct ask *ask_find(const struct redis_model *model, uint64_t case_id)
{
    for (uint32_t i = 0; i < model->asks.count; i++) {
        if (model->asks.rows[i].case_id == case_id) {
            return &model->asks.rows[i];
        }
    }
    return NULL;
}

struct lease *lease_find(const struct redis_model *model, uint64_t case_id)
{
    for (uint32_t i = 0; i < model->leases.count; i++) {
        if (model->leases.rows[i].case_id == case_id) {
            return &model->leases.rows[i];
        }
    }
    return NULL;
}

void lease_drop(struct redis_model *model, uint64_t case_id)
{
    struct lease *lease = lease_find(model, case_id);
    if (lease) {
        REMOVE(model->leases, lease);
    }
}

struct queued *queued_find(const struct redis_model *model, const char *queue, uint64_t case_id)
{
    for (uint32_t i = 0; i < model->queued.count; i++) {
        struct queued *queued = &model->queued.rows[i];
        if (queued->case_id == case_id && strcmp(queued->queue, queue) == 0) {
            return queued;
        }
    }
    return NULL;
}

void queue_remove(struct redis_model *model, const char *queue, uint64_t case_id)
{
    struct queued *queued = queued_find(model, queue, case_id);
    if (queued) {
        REMOVE(model->queued, queued);
    }
}

void queue_add(struct redis_model *model, const char *queue, uint64_t case_id, double score)
{
    struct queued *queued = queued_find(model, queue, case_id);
    if (!queued) {
        queued = ADD(model->queued);
        queued->case_id = case_id;
        name_set(queued->queue, sizeof queued->queue, queue);
    }
    queued->score = score;
}

/* Where the share says the case is ("": nowhere), and whether another share is being built. */
const char *place(const struct redis_model *model, uint64_t case_id, bool *building)
{
    char stream[32];
    (void)snprintf(stream, sizeof stream, "dispatch.%" PRIu64, case_id >> 40);
    const struct head *head = head_find(model, stream);
    const struct entry *entry =
        head ? entry_find(model, stream, head->live, (struct member){case_id, NO_CLOCK}) : NULL;
    *building = head && head->building[0];
    return entry ? entry->queue : "";
}

void give_back(struct redis_model *model, const struct lease *lease)
{
    struct lease was = *lease;
    bool building;
    lease_drop(model, was.case_id);
    if (strcmp(place(model, was.case_id, &building), was.queue) == 0 || building) {
        queue_add(model, was.queue, was.case_id, strtod(was.score, NULL));
    }
}
