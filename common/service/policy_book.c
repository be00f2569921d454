#include "policy_book.h"

#include "clock.h"
#include "log.h"
#include "patterns_process.h"

#include <malloc.h>

enum {
    YEARS_BACK = 2,
    YEARS_AHEAD = 3,
    YEARS_MORE = 1, /* of who judges, either way */
    YEAR_DAYS = 365,
    WANTED_MAX = 64,
    BAD_MAX = 256,
    RESTS_AFTER_US = 600 * 1000000, /* patterns of a policy that is not asked for */
};

struct entry {
    struct policy_object *object;
    int64_t pinned_from_us; /* monotonic, as the next */
    int64_t used_us;
    uint64_t held_by; /* the last batch it was lent to */
};

struct policy_book {
    struct entry entries[POLICY_BOOK_MAX];
    uint32_t count;
    int32_t wanted[WANTED_MAX];
    uint32_t wanted_count;
    uint32_t asked_count;  /* the first so many of them were in the question under way */
    uint32_t bad[BAD_MAX]; /* not in the archive, or do not compile; the oldest is forgotten */
    uint32_t bad_count;
    uint32_t bad_next;
    int64_t now_us; /* monotonic, of the last look */
    uint64_t batch; /* how many have begun */
    bool holding;   /* the last of them is under way */
    struct pg_array known;
    struct pg_array asked_for;
    struct pg_array passed_over;
    bool asked;
    struct pg *pg;
    struct event_base *compiles_on;    /* NULL: it reads no text */
    struct policy_object *compiling;   /* NULL: none is being compiled */
    int64_t compiling_from_us;         /* from when it is pinned */
    struct patterns_process *compiler; /* of that one */
    int years_more;
    bool complete; /* an answer has brought nothing new */
    bool loaded;   /* the last one has */
    bool stuck;    /* no room was found for the last one, told */
};

struct policy_book *policy_book_new(struct event_base *compiles_on, bool judges)
{
    struct policy_book *book = calloc(1, sizeof *book);
    if (book) {
        book->compiles_on = compiles_on;
        book->years_more = judges ? YEARS_MORE : 0;
    }
    return book;
}

void policy_book_free(struct policy_book **book_p)
{
    struct policy_book *book = *book_p;
    if (book) {
        patterns_process_free(&book->compiler);
        policy_object_free(&book->compiling);
        for (uint32_t i = 0; i < book->count; i++) {
            policy_object_free(&book->entries[i].object);
        }
        pg_array_done(&book->known);
        pg_array_done(&book->asked_for);
        pg_array_done(&book->passed_over);
        free(book);
        *book_p = NULL;
    }
}

static bool is_bad(const struct policy_book *book, uint32_t id)
{
    for (uint32_t i = 0; i < book->bad_count; i++) {
        if (book->bad[i] == id) {
            return true;
        }
    }
    return false;
}

static void bad_add(struct policy_book *book, uint32_t id)
{
    book->bad[book->bad_next] = id;
    book->bad_next = (book->bad_next + 1) % BAD_MAX;
    book->bad_count += book->bad_count < BAD_MAX;
}

static int wanted_find(const struct policy_book *book, uint32_t id)
{
    for (uint32_t i = 0; i < book->wanted_count; i++) {
        if ((uint32_t)book->wanted[i] == id) {
            return (int)i;
        }
    }
    return -1;
}

static void wanted_drop(struct policy_book *book, uint32_t i)
{
    book->wanted_count--;
    memmove(
        book->wanted + i, book->wanted + i + 1, (book->wanted_count - i) * sizeof *book->wanted);
}

bool policy_book_want(struct policy_book *book, uint32_t id)
{
    if (id == 0 || is_bad(book, id)) {
        return false;
    }
    if (wanted_find(book, id) < 0 && book->wanted_count < WANTED_MAX) {
        book->wanted[book->wanted_count++] = (int32_t)id;
    }
    return true;
}

/* New cases pin another version by now. */
static bool is_outdated(const struct policy_book *book, const struct entry *entry)
{
    const struct policy *policy = &entry->object->policy;
    for (uint32_t i = 0; i < book->count; i++) {
        const struct policy *other = &book->entries[i].object->policy;
        if (other->version > policy->version && strcmp(other->name, policy->name) == 0 &&
            book->entries[i].pinned_from_us <= book->now_us) {
            return true;
        }
    }
    return false;
}

void policy_book_hold(struct policy_book *book)
{
    book->batch++;
    book->holding = true;
}

void policy_book_let_go(struct policy_book *book)
{
    book->holding = false;
}

bool policy_book_is_full(const struct policy_book *book)
{
    return book->count == POLICY_BOOK_MAX;
}

static const struct policy_object *lend(const struct policy_book *book, struct entry *entry)
{
    entry->used_us = clock_monotonic_us();
    entry->held_by = book->batch;
    return entry->object;
}

/* Where one more can go, in the place of the outdated one nobody has used for longest; NULL: all
 * are needed. */
static struct entry *place_make(struct policy_book *book)
{
    if (book->count < POLICY_BOOK_MAX) {
        return &book->entries[book->count++];
    }
    struct entry *oldest = NULL;
    for (uint32_t i = 0; i < book->count; i++) {
        struct entry *entry = &book->entries[i];
        bool held = book->holding && entry->held_by == book->batch;
        if (!held && (!oldest || entry->used_us < oldest->used_us) && is_outdated(book, entry)) {
            oldest = entry;
        }
    }
    if (oldest) {
        policy_object_free(&oldest->object);
    }
    return oldest;
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

static void entry_put(struct policy_book *book, struct policy_object *object, int64_t from_us)
{
    struct entry *entry = place_make(book);
    log_info("policy ready",
             LOG_NUMBER("policy", object->policy.id),
             LOG_TEXT("name", object->policy.name));
    if (entry) {
        *entry = (struct entry){
            .object = object, .pinned_from_us = from_us, .used_us = clock_monotonic_us()};
        book->stuck = false;
        return;
    }
    book->complete = true; /* as far as it can be */
    if (!book->stuck) {
        book->stuck = true;
        log_warn("too many versions of policies at work",
                 LOG_NUMBER("policy", object->policy.id),
                 LOG_NUMBER("max", POLICY_BOOK_MAX));
    }
    policy_object_free(&object); /* asked for again as long as somebody wants it */
}

/* A policy that once loaded and now does not is an operator's matter: it is skipped in the open. */
static void
does_not_compile(struct policy_book *book, uint32_t id, const char *name, const char *report)
{
    bad_add(book, id);
    log_error("policy does not compile",
              LOG_NUMBER("policy", id),
              LOG_TEXT("name", name),
              LOG_TEXT("report", report));
}

static void patterns_give_up(struct policy_book *book, const char *why)
{
    does_not_compile(book, book->compiling->policy.id, book->compiling->policy.name, why);
    patterns_process_free(&book->compiler);
    policy_object_free(&book->compiling);
}

/* Out of their file; compiled here where no file can be kept, or to be told why they do not. */
static void patterns_try(struct policy_book *book)
{
    struct policy_object *object = book->compiling;
    struct error error = {0};
    if (!classifier_wake(object->classifier, &error)) {
        patterns_give_up(book, error.text);
        return;
    }
    book->compiling = NULL;
    patterns_process_free(&book->compiler);
    classifier_rest(object->classifier);
    entry_put(book, object, book->compiling_from_us);
}

static void go_on(struct policy_book *book)
{
    if (!book->stuck) { /* else when a batch asks again, or the second hand */
        policy_book_poll(book, book->pg);
    }
}

static void patterns_ended(void *self, enum patterns_end end)
{
    struct policy_book *book = self;
    if (end == PATTERNS_DONE) {
        patterns_try(book);
    } else { /* here it would fare no better, and everything else would wait for it */
        patterns_give_up(book,
                         end == PATTERNS_KILLED ? "what compiled its patterns was killed"
                                                : "its patterns take too long to compile");
    }
    go_on(book);
}

static void patterns_compile(struct policy_book *book, struct policy_object *object)
{
    book->compiling = object;
    book->compiler =
        classifier_is_uncompiled(object->classifier)
            ? patterns_process_new(book->compiles_on, object->classifier, patterns_ended, book)
            : NULL;
    if (!book->compiler) {
        patterns_try(book);
    }
}

/* Compiles one row. */
static void row_add(struct policy_book *book, const PGresult *rows, int row)
{
    uint32_t id = (uint32_t)pg_int4(rows, row, 0);
    char name[POLICY_NAME_MAX];
    struct slice text = pg_bytes(rows, row, 1);
    (void)snprintf(name, sizeof name, "%.*s", (int)text.size, (const char *)text.bytes);
    int year = year_of(pg_time(rows, row, 4)); /* a clock here may be years off */
    struct policy_report report = {0};
    struct policy_object *object = (book->compiles_on ? policy_load_resting : policy_load_blind)(
        name,
        pg_bytes(rows, row, 2),
        year - YEARS_BACK - book->years_more,
        year + YEARS_AHEAD + book->years_more,
        &report);
    book->compiling_from_us = clock_monotonic_us() + settles_for_us(rows, row);
    if (!object) {
        does_not_compile(book, id, name, report.text);
    } else {
        object->policy.id = id;
        if (object->classifier) {
            patterns_compile(book, object);
        } else {
            entry_put(book, object, book->compiling_from_us);
        }
    }
    policy_report_done(&report);
}

/* Those asked for come first: when another row comes, or none, the archive has none of them. */
static void wanted_settle(struct policy_book *book, const PGresult *rows)
{
    int found = PQntuples(rows) > 0 ? wanted_find(book, (uint32_t)pg_int4(rows, 0, 0)) : -1;
    if (found >= 0) {
        wanted_drop(book, (uint32_t)found);
        return;
    }
    for (; book->asked_count > 0; book->asked_count--) {
        log_error("policy is not in the archive", LOG_NUMBER("policy", book->wanted[0]));
        bad_add(book, (uint32_t)book->wanted[0]);
        wanted_drop(book, 0);
    }
}

/* Nothing new has come. */
static void settle_down(struct policy_book *book)
{
    for (uint32_t i = 0; i < book->count; i++) {
        struct entry *entry = &book->entries[i];
        if (entry->object->classifier && book->now_us - entry->used_us > RESTS_AFTER_US) {
            classifier_rest(entry->object->classifier);
        }
    }
    if (book->loaded) {
        book->loaded = false;
        (void)malloc_trim(0); /* compiling needs megabytes, patterns tens, and leaves them */
    }
    book->complete = true;
}

static void answered(void *context, const struct pg_answer *answer)
{
    struct policy_book *book = context;
    book->asked = false;
    if (answer->status != PG_OK) {
        return;
    }
    const PGresult *rows = answer->results[0];
    wanted_settle(book, rows);
    if (PQntuples(rows) == 0) {
        settle_down(book);
        return;
    }
    book->loaded = true;
    row_add(book, rows, 0);
    if (!book->compiling) {
        go_on(book);
    }
}

void policy_book_poll(struct policy_book *book, struct pg *pg)
{
    struct error error = {0};
    if (book->asked || book->compiling || pg_current_state(pg) != PG_READY) {
        return;
    }
    book->pg = pg;
    book->now_us = clock_monotonic_us();
    pg_array_begin(&book->known, PG_INT4);
    for (uint32_t i = 0; i < book->count; i++) {
        pg_array_int4(&book->known, (int32_t)book->entries[i].object->policy.id);
    }
    pg_array_begin(&book->passed_over, PG_INT4);
    for (uint32_t i = 0; i < book->bad_count; i++) {
        pg_array_int4(&book->known, (int32_t)book->bad[i]);
        pg_array_int4(&book->passed_over, (int32_t)book->bad[i]);
    }
    pg_array_begin(&book->asked_for, PG_INT4);
    book->asked_count = book->wanted_count;
    for (uint32_t i = 0; i < book->wanted_count; i++) {
        pg_array_int4(&book->asked_for, book->wanted[i]);
    }
    pg_begin(pg);
    pg_call(pg, "policy_new");
    pg_bind_array(pg, &book->known);
    pg_bind_array(pg, &book->asked_for);
    pg_bind_array(pg, &book->passed_over);
    book->asked = pg_send(pg, answered, book, &error);
}

bool policy_book_ready(const struct policy_book *book)
{
    return book->complete;
}

const struct policy_object *policy_book_by_id(struct policy_book *book, uint32_t id)
{
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->entries[i].object->policy.id == id) {
            return lend(book, &book->entries[i]);
        }
    }
    return NULL;
}

const struct policy_object *policy_book_nth(const struct policy_book *book, uint32_t n)
{
    return n < book->count ? book->entries[n].object : NULL;
}

const struct policy_object *
policy_book_by_name(struct policy_book *book, struct slice name, int64_t mono_us)
{
    struct entry *newest = NULL;
    for (uint32_t i = 0; i < book->count; i++) {
        struct entry *entry = &book->entries[i];
        bool fits = slice_equal(name, slice_text(entry->object->policy.name)) &&
                    entry->pinned_from_us <= mono_us;
        if (fits && (!newest || newest->object->policy.version < entry->object->policy.version)) {
            newest = entry;
        }
    }
    return newest ? lend(book, newest) : NULL;
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
    return book->compiling || (book->loaded && !book->stuck); /* it may be that one, or the next */
}
