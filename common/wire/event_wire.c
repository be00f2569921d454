#include "event_wire.h"

#include "chain.h"
#include "wire_table.h"

enum { BODY_NUMBER = 13, KIND_VALUE_MAX = INT32_MAX };

/* One row a field of event.proto: what it is on the wire, and where it lies in which struct. */
/* NOLINTBEGIN(bugprone-macro-parentheses): names of members and initialisers */
#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, sizeof rows / sizeof *rows                                                           \
    }
#define ONE(what, where, member)                                                                   \
    {                                                                                              \
        .type = what, .offset = offsetof(struct where, member)                                     \
    }
#define BOUND(what, where, member, maximum)                                                        \
    {                                                                                              \
        .type = what, .offset = offsetof(struct where, member), .bound = maximum                   \
    }
#define INSIDE(inner)                                                                              \
    {                                                                                              \
        .type = FIELD_RECORD, .table = inner                                                       \
    }
#define EACH(what, where, array, counter, maximum, inner)                                          \
    {                                                                                              \
        .type = what, .offset = offsetof(struct where, array), .bound = maximum,                   \
        .count_offset = offsetof(struct where, counter),                                           \
        .size = sizeof(((struct where *)0)->array[0]), .table = inner                              \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct wire_field cause_rows[] = {
    [1] = BOUND(FIELD_ENUM, event, cause_service, SERVICE_ANALYTICS),
    [2] = ONE(FIELD_UINT64, event, cause_seq),
};
static const struct wire_table cause_table = TABLE(cause_rows);

static const struct wire_field envelope_rows[] = {
    [1] = BOUND(FIELD_ENUM, event, service, SERVICE_ANALYTICS),
    [2] = ONE(FIELD_UINT32, event, partition),
    [3] = ONE(FIELD_UINT64, event, seq),
    [4] = ONE(FIELD_UINT64, event, epoch),
    [5] = BOUND(FIELD_HASH, event, prev_hash, HASH_SIZE),
    [6] = BOUND(FIELD_ENUM, event, kind, KIND_VALUE_MAX),
    [7] = ONE(FIELD_UINT32, event, schema),
    [8] = ONE(FIELD_FIXED64, event, case_id),
    [9] = INSIDE(&cause_table),
    [10] = ONE(FIELD_INT64, event, at_us),
    [11] = {.type = FIELD_DROPPED}, /* the trace, for tools that read the stored bytes */
    [12] = ONE(FIELD_UINT32, event, key_id),
    [BODY_NUMBER] = {.type = FIELD_ASIDE},
};
static const struct wire_table envelope_table = TABLE(envelope_rows);

static const struct wire_field label_rows[] = {
    [1] = ONE(FIELD_BYTES, event_label, name),
    [2] = ONE(FIELD_UINT32, event_label, hits),
};
static const struct wire_table label_table = TABLE(label_rows);

static const struct wire_field received_rows[] = {
    [1] = ONE(FIELD_BYTES, event_received, submission_id),
    [2] = ONE(FIELD_BYTES, event_received, channel),
    [3] = ONE(FIELD_UINT32, event_received, policy_id),
    [4] = ONE(FIELD_INT64, event_received, received_at_us),
    [5] = ONE(FIELD_INT64, event_received, occurred_at_us),
    [6] = ONE(FIELD_FIXED64, event_received, customer),
    [7] = BOUND(FIELD_ENUM, event_received, language, LANGUAGE_OTHER),
    [8] = ONE(FIELD_UINT32, event_received, text_characters),
    [9] = EACH(FIELD_RECORDS, event_received, labels, label_count, EVENT_LABELS_MAX, &label_table),
    [10] = ONE(FIELD_BYTES, event_received, sealed_narrative),
    [11] = ONE(FIELD_BYTES, event_received, sealed_person),
    [12] = ONE(FIELD_BOOL, event_received, acknowledged_by_receipt),
    [13] = ONE(FIELD_BYTES, event_received, model),
    [14] = ONE(FIELD_BYTES, event_received, category_hint),
    [15] = ONE(FIELD_BYTES, event_received, product),
};
static const struct wire_table received_table = TABLE(received_rows);

static const struct wire_field factor_rows[] = {
    [1] = ONE(FIELD_BYTES, event_factor, name),
    [2] = ONE(FIELD_SINT32, event_factor, points),
};
static const struct wire_table factor_table = TABLE(factor_rows);

static const struct wire_field triaged_rows[] = {
    [1] = BOUND(FIELD_ENUM, event_triaged, founded, FOUNDED_NO),
    [2] = ONE(FIELD_BYTES, event_triaged, category),
    [3] = ONE(FIELD_SINT32, event_triaged, score),
    [4] =
        EACH(FIELD_RECORDS, event_triaged, factors, factor_count, EVENT_FACTORS_MAX, &factor_table),
    [5] = ONE(FIELD_BYTES, event_triaged, severity_class),
    [6] = ONE(FIELD_UINT32, event_triaged, priority),
    [7] = ONE(FIELD_UINT32, event_triaged, repeats),
    [8] = EACH(FIELD_FIXED64S, event_triaged, related, related_count, EVENT_RELATED_MAX, NULL),
    [9] = BOUND(FIELD_ENUM, event_triaged, language, LANGUAGE_OTHER),
    [10] = ONE(FIELD_UINT32, event_triaged, policy_id),
    [11] = ONE(FIELD_BYTES, event_triaged, channel),
    [12] = ONE(FIELD_INT64, event_triaged, received_at_us),
    [13] = ONE(FIELD_FIXED64, event_triaged, customer),
    [14] = ONE(FIELD_BOOL, event_triaged, acknowledged_by_receipt),
};
static const struct wire_table triaged_table = TABLE(triaged_rows);

static const struct wire_field asked_rows[] = {
    [1] = INSIDE(&triaged_table),
    [2] = ONE(FIELD_BYTES, event_triaged, reason),
};
static const struct wire_table asked_table = TABLE(asked_rows);

static const struct wire_field opened_rows[] = {
    [1] = ONE(FIELD_BYTES, event_opened, step),
    [2] = ONE(FIELD_BYTES, event_opened, queue),
    [3] = ONE(FIELD_UINT32, event_opened, priority),
    [4] = ONE(FIELD_BYTES, event_opened, category),
    [5] = ONE(FIELD_BYTES, event_opened, severity_class),
    [6] = ONE(FIELD_UINT32, event_opened, policy_id),
    [7] = ONE(FIELD_BYTES, event_opened, channel),
    [8] = ONE(FIELD_INT64, event_opened, received_at_us),
    [9] = ONE(FIELD_FIXED64, event_opened, customer),
    [10] = ONE(FIELD_BOOL, event_opened, acknowledged_by_receipt),
    [11] = ONE(FIELD_BOOL, event_opened, asked),
    [12] = BOUND(FIELD_ENUM, event_opened, language, LANGUAGE_OTHER),
    [13] = ONE(FIELD_SINT32, event_opened, score),
    [14] = ONE(FIELD_UINT32, event_opened, repeats),
    [15] = ONE(FIELD_BYTES, event_opened, handler),
};
static const struct wire_table opened_table = TABLE(opened_rows);

static const struct wire_field field_rows[] = {
    [1] = ONE(FIELD_BYTES, event_field, name),
    [2] = ONE(FIELD_BYTES, event_field, value),
    [3] = ONE(FIELD_BYTES, event_field, sealed),
};
static const struct wire_table field_table = TABLE(field_rows);

static const struct wire_field advanced_rows[] = {
    [1] = ONE(FIELD_BYTES, event_advanced, action),
    [2] = ONE(FIELD_BYTES, event_advanced, from_step),
    [3] = ONE(FIELD_BYTES, event_advanced, to_step),
    [4] = ONE(FIELD_BYTES, event_advanced, actor),
    [5] = ONE(FIELD_BYTES, event_advanced, role),
    [6] = ONE(FIELD_UINT32, event_advanced, version),
    [7] = ONE(FIELD_BYTES, event_advanced, queue),
    [8] = ONE(FIELD_BYTES, event_advanced, agent),
    [9] = ONE(FIELD_UINT32, event_advanced, priority),
    [10] = ONE(FIELD_BYTES, event_advanced, category),
    [11] = ONE(FIELD_BYTES, event_advanced, severity_class),
    [12] = EACH(FIELD_RECORDS, event_advanced, fields, field_count, EVENT_FIELDS_MAX, &field_table),
    [13] = ONE(FIELD_BYTES, event_advanced, sealed_note),
    [14] = ONE(FIELD_BYTES, event_advanced, command_id),
    [15] = ONE(FIELD_BYTES, event_advanced, claim_token),
    [16] = ONE(FIELD_UINT32, event_advanced, policy_id),
    [17] = ONE(FIELD_BYTES, event_advanced, channel),
    [18] = ONE(FIELD_INT64, event_advanced, from_since_us),
    [19] = BOUND(FIELD_ENUM, event_advanced, outcome, 7),
    [20] = ONE(FIELD_FIXED64, event_advanced, other_case),
    [21] = ONE(FIELD_BYTES, event_advanced, text),
    [22] = ONE(FIELD_BYTES, event_advanced, text_language),
};
static const struct wire_table advanced_table = TABLE(advanced_rows);

static const struct wire_field clock_rows[] = {
    [1] = ONE(FIELD_BYTES, event_clock, name),
    [2] = ONE(FIELD_UINT32, event_clock, generation),
    [3] = ONE(FIELD_INT64, event_clock, started_at_us),
    [4] = ONE(FIELD_INT64, event_clock, due_us),
    [5] = ONE(FIELD_INT64, event_clock, paused_at_us),
    [6] = ONE(FIELD_INT64, event_clock, used_s),
    [7] = ONE(FIELD_INT64, event_clock, target_s),
    [8] = ONE(FIELD_UINT32, event_clock, target_days),
    [9] = ONE(FIELD_BYTES, event_clock, calendar),
    [10] = ONE(FIELD_BYTES, event_clock, calendar_version),
    [11] = ONE(FIELD_BYTES, event_clock, rule),
    [12] = BOUND(FIELD_ENUM, event_clock, verdict, CLOCK_CANCELLED),
    [13] = ONE(FIELD_INT64, event_clock, late_s),
    [14] = ONE(FIELD_UINT32, event_clock, level),
    [15] = ONE(FIELD_INT64, event_clock, level_due_us),
    [16] = ONE(FIELD_BYTES, event_clock, notify_role),
    [17] = ONE(FIELD_UINT32, event_clock, raise_priority_to),
    [18] = ONE(FIELD_INT64, event_clock, paused_s),
    [19] = ONE(FIELD_UINT32, event_clock, extensions),
    [20] = ONE(FIELD_INT64, event_clock, old_due_us),
    [21] = ONE(FIELD_INT64, event_clock, old_target_s),
    [22] = ONE(FIELD_UINT32, event_clock, old_target_days),
    [23] = ONE(FIELD_BYTES, event_clock, reason),
    [24] = ONE(FIELD_UINT32, event_clock, paused_rest_us),
    [25] = ONE(FIELD_UINT32, event_clock, task),
    [26] = ONE(FIELD_BYTES, event_clock, zone_version),
};
static const struct wire_table clock_table = TABLE(clock_rows);

static const struct wire_field clocks_rows[] = {
    [1] = EACH(FIELD_RECORDS, event_clocks, clocks, count, EVENT_CLOCKS_MAX, &clock_table),
    [2] = ONE(FIELD_UINT32, event_clocks, policy_id),
    [3] = ONE(FIELD_BYTES, event_clocks, channel),
    [4] = ONE(FIELD_BYTES, event_clocks, category),
};
static const struct wire_table clocks_table = TABLE(clocks_rows);

/* The table of a kind's body, which lies at event->received; NULL for a kind this build does not
 * know. */
static const struct wire_table *body_table(enum event_kind kind)
{
    switch (event_kind_service(kind)) {
    case SERVICE_INTAKE:
        return &received_table;
    case SERVICE_TRIAGE:
        return kind == EVENT_TRIAGED ? &triaged_table : &asked_table;
    case SERVICE_DISPATCH:
        return kind == EVENT_OPENED ? &opened_table : &advanced_table;
    case SERVICE_WATCHDOG:
        return &clocks_table;
    default:
        return NULL;
    }
}

bool event_encode(const struct event *event,
                  struct arena *arena,
                  struct slice *bytes,
                  struct error *error)
{
    const struct wire_table *table = body_table(event->kind);
    if (!table) {
        return error_set(error, ERROR_REJECT, "no event has the kind %u", (unsigned)event->kind);
    }
    if (!wire_table_fits(table, &event->received)) {
        return error_set(
            error, ERROR_REJECT, "%s: too many elements", event_kind_name(event->kind));
    }
    size_t body_size = wire_table_size(table, &event->received);
    size_t size =
        wire_table_size(&envelope_table, event) + 1 + wire_varint_size(body_size) + body_size;
    if (size > EVENT_SIZE_MAX) {
        return error_set(error,
                         ERROR_REJECT,
                         "%s of %zu bytes, at most %d are stored",
                         event_kind_name(event->kind),
                         size,
                         EVENT_SIZE_MAX);
    }
    uint8_t *start = arena_take(arena, size);
    if (!start) {
        return error_set(error, ERROR_RETRY, "no room for %zu bytes in the arena", size);
    }
    uint8_t *at = wire_table_write(&envelope_table, event, start);
    *at++ = BODY_NUMBER << 3 | WIRE_BYTES;
    at = wire_varint_write(at, body_size);
    (void)wire_table_write(table, &event->received, at);
    *bytes = slice_of(start, size);
    return true;
}

/* Everything but the body and the hash, into a cleared event. */
static bool
header_read(struct slice bytes, struct event *event, struct slice *body, struct error *error)
{
    const char *why = NULL;
    if (bytes.size > EVENT_SIZE_MAX) {
        return error_set(error, ERROR_REJECT, "event of %zu bytes", bytes.size);
    }
    if (!wire_table_read(&envelope_table, bytes, event, body, &why)) {
        return error_set(error, ERROR_REJECT, "event of %zu bytes has %s", bytes.size, why);
    }
    enum service_id writer = event_kind_service(event->kind);
    if (event->service == SERVICE_NONE || event->kind == EVENT_NONE ||
        (writer != SERVICE_NONE && writer != event->service)) {
        return error_set(error,
                         ERROR_REJECT,
                         "event of kind %u by service %u",
                         (unsigned)event->kind,
                         (unsigned)event->service);
    }
    if (event->partition >= PARTITION_MAX || event->seq == 0) {
        return error_set(error,
                         ERROR_REJECT,
                         "event %llu of partition %u",
                         (unsigned long long)event->seq,
                         event->partition);
    }
    return true;
}

static bool body_read(struct slice body, struct event *event, struct error *error)
{
    const struct wire_table *table = body_table(event->kind);
    const char *why = NULL;
    if (table && !wire_table_read(table, body, &event->received, NULL, &why)) {
        return error_set(
            error, ERROR_REJECT, "body of %s has %s", event_kind_name(event->kind), why);
    }
    return true;
}

bool event_decode(struct slice bytes, struct arena *arena, struct event *event, struct error *error)
{
    memset(event, 0, sizeof *event);
    struct slice body = {NULL, 0};
    if (!header_read(bytes, event, &body, error)) {
        return false;
    }
    chain_hash(bytes, event->hash);
    if (!body_table(event->kind)) {
        return true;
    }
    void *copy = arena_copy(arena, body.bytes, body.size);
    if (!copy) {
        return error_set(error, ERROR_RETRY, "no room for %zu bytes in the arena", body.size);
    }
    return body_read(slice_of(copy, body.size), event, error);
}

bool event_decode_lent(struct slice bytes,
                       const uint8_t hash[HASH_SIZE],
                       struct event *event,
                       struct error *error)
{
    memset(event, 0, sizeof *event);
    struct slice body = {NULL, 0};
    if (!header_read(bytes, event, &body, error)) {
        return false;
    }
    memcpy(event->hash, hash, HASH_SIZE);
    return body_read(body, event, error);
}

bool event_decode_header(struct slice bytes, struct event *event, struct error *error)
{
    memset(event, 0, offsetof(struct event, received));
    struct slice body = {NULL, 0};
    if (!header_read(bytes, event, &body, error)) {
        return false;
    }
    chain_hash(bytes, event->hash);
    return true;
}
