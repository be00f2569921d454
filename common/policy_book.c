#include "policy_book.h"

#include "clock.h"
#include "log.h"

enum {
    YEARS_BACK = 2,
    YEARS_AHEAD = 3,
    YEAR_DAYS = 365,
    SEEN_MAX = 4 * POLICY_BOOK_MAX,
};

struct entry {
    struct policy_object *object;
    int64_t pinned_from_us; /* monotonic */
};

struct policy_book {
    struct entry entries[POLICY_BOOK_MAX];
    uint32_t count;
    uint32_t seen_count;
    int32_t seen[SEEN_MAX]; /* also those that do not compile */
    struct pg_array asked_but;
    bool asked;
    struct pg *pg;
    bool reads_text;
    bool complete; /* an answer has brought nothing new */
};

struct policy_book *policy_book_new(bool reads_text)
{
    struct policy_book *book = calloc(1, sizeof *book);
    if (book) {
        book->reads_text = reads_text;
    }
    return book;
}

void policy_book_free(struct policy_book **book_p)
{
    struct policy_book *book = *book_p;
    if (book) {
        for (uint32_t i = 0; i < book->count; i++) {
            policy_object_free(&book->entries[i].object);
        }
        pg_array_done(&book->asked_but);
        free(book);
        *book_p = NULL;
    }
}

static int year_of(int64_t at_us)
{
    return 1970 + (int)(at_us / 1000000 / 86400 / YEAR_DAYS);
}

/* How long it has still to settle.  Never longer than that takes: it may have been loaded in the
 * future, before the archive's clock was set back. */
static int64_t settles_for_us(const PGresult *rows, int row)
{
    int64_t rest_us = pg_time(rows, row, 3) + POLICY_SETTLE_US - pg_time(rows, row, 4);
    return rest_us < 0 ? 0 : rest_us > POLICY_SETTLE_US ? POLICY_SETTLE_US : rest_us;
}

/* Compiles one row.  A policy that once loaded and now does not is an operator's matter: it is
 * skipped in the open. */
static void row_add(struct policy_book *book, const PGresult *rows, int row)
{
    int32_t id = pg_int4(rows, row, 0);
    book->seen[book->seen_count++] = id;
    if (book->count == POLICY_BOOK_MAX) {
        log_error(
            "too many policies", LOG_NUMBER("policy", id), LOG_NUMBER("max", POLICY_BOOK_MAX));
        return;
    }
    char name[POLICY_NAME_MAX];
    struct slice text = pg_bytes(rows, row, 1);
    (void)snprintf(name, sizeof name, "%.*s", (int)text.size, (const char *)text.bytes);
    int year = year_of(pg_time(rows, row, 4)); /* a clock here may be years off */
    struct policy_report report = {0};
    /* compiling patterns is what takes long: only for who sees texts */
    struct policy_object *object = (book->reads_text ? policy_load : policy_load_blind)(
        name, pg_bytes(rows, row, 2), year - YEARS_BACK, year + YEARS_AHEAD, &report);
    if (!object) {
        log_error("policy does not compile",
                  LOG_NUMBER("policy", id),
                  LOG_TEXT("name", name),
                  LOG_TEXT("report", report.text));
    } else {
        object->policy.id = (uint32_t)id;
        book->entries[book->count++] =
            (struct entry){object, clock_monotonic_us() + settles_for_us(rows, row)};
        log_info("policy ready", LOG_NUMBER("policy", id), LOG_TEXT("name", name));
    }
    policy_report_done(&report);
}

static void answered(void *context, const struct pg_answer *answer)
{
    struct policy_book *book = context;
    book->asked = false;
    if (answer->status != PG_OK) {
        return;
    }
    int count = PQntuples(answer->results[0]);
    for (int row = 0; row < count && book->seen_count < SEEN_MAX; row++) {
        row_add(book, answer->results[0], row);
    }
    book->complete = book->complete || count == 0 || book->seen_count == SEEN_MAX;
    if (count > 0) {
        policy_book_poll(book, book->pg);
    }
}

void policy_book_poll(struct policy_book *book, struct pg *pg)
{
    struct error error = {0};
    if (book->asked || pg_current_state(pg) != PG_READY || book->seen_count == SEEN_MAX) {
        return;
    }
    book->pg = pg;
    pg_array_begin(&book->asked_but, PG_INT4);
    for (uint32_t i = 0; i < book->seen_count; i++) {
        pg_array_int4(&book->asked_but, book->seen[i]);
    }
    pg_begin(pg);
    pg_call(pg, "policy_new");
    pg_bind_array(pg, &book->asked_but);
    book->asked = pg_send(pg, answered, book, &error);
}

bool policy_book_ready(const struct policy_book *book)
{
    return book->complete;
}

const struct policy_object *policy_book_by_id(const struct policy_book *book, uint32_t id)
{
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->entries[i].object->policy.id == id) {
            return book->entries[i].object;
        }
    }
    return NULL;
}

const struct policy_object *
policy_book_by_name(const struct policy_book *book, struct slice name, int64_t mono_us)
{
    const struct policy_object *newest = NULL;
    for (uint32_t i = 0; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        bool fits = slice_equal(name, slice_text(entry->object->policy.name)) &&
                    entry->pinned_from_us <= mono_us;
        if (fits && (!newest || newest->policy.version < entry->object->policy.version)) {
            newest = entry->object;
        }
    }
    return newest;
}

int32_t policy_book_missing_year(const struct policy_book *book, int64_t now_us, char which[160])
{
    for (uint32_t i = 0; i < book->count; i++) {
        const struct policy *policy = &book->entries[i].object->policy;
        for (uint16_t j = 0; j < policy->calendar_count; j++) {
            int32_t year = calendar_missing_year(&policy->calendars[j], now_us / 1000000);
            if (year > 0) {
                (void)snprintf(which, 160, "%s, %s", policy->name, policy->calendars[j].name);
                return year;
            }
        }
    }
    return 0;
}

bool policy_book_settles(const struct policy_book *book, struct slice name)
{
    for (uint32_t i = 0; i < book->count; i++) {
        if (slice_equal(name, slice_text(book->entries[i].object->policy.name))) {
            return true;
        }
    }
    return false;
}
