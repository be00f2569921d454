/* Complaints of a file, by a mapping: a row becomes the events that would have told of it. */
#include "ctl_drill.h"
#include "ctl_map_facts.h"
#include "ctl_source.h"
#include "scope.h"
#include "text.h"
#include "zone.h"

enum { ARENA_SIZE = 512 * 1024, INSTANT_SIZE = 32 };

/* A file being read. */
struct reading {
    struct ctl *ctl;
    const struct ctl_map *map;
    struct ctl_source *source;
    struct arena *arena; /* of one row */
    struct drill_span span;
    struct drill_book *book;
};

static bool keep(struct reading *reading, const struct event *event)
{
    struct error error = {0};
    struct slice bytes;
    return event_encode(event, reading->arena, &bytes, &error) &&
           drill_book_add(reading->book, bytes, event->at_us);
}

static struct event event_of(const struct reading *reading, enum event_kind kind, int64_t at_us)
{
    const struct drill_record *record = &reading->book->records[reading->book->count - 1];
    return (struct event){.service = event_kind_service(kind),
                          .kind = kind,
                          .schema = EVENT_SCHEMA,
                          .case_id = record->case_id,
                          .partition = case_partition(record->case_id),
                          .seq = record->count + 1,
                          .epoch = 1,
                          .at_us = at_us};
}

/* An instant as fields hold it, in the arena. */
static struct slice instant_text(struct arena *arena, int64_t at_us)
{
    int64_t at_s = at_us / DRILL_SECOND_US;
    int64_t days = at_s / 86400 - (at_s % 86400 < 0);
    int32_t date = date_of_days(days);
    int64_t of_day = at_s - days * 86400;
    char *text = arena_take(arena, INSTANT_SIZE);
    if (!text) {
        return slice_of(NULL, 0);
    }
    (void)snprintf(text,
                   INSTANT_SIZE,
                   "%04d-%02d-%02dT%02d:%02d:%02dZ",
                   date / 10000,
                   date / 100 % 100,
                   date % 100,
                   (int)(of_day / 3600),
                   (int)(of_day / 60 % 60),
                   (int)(of_day % 60));
    return slice_text(text);
}

static enum ctl_mapped read_field(struct reading *reading,
                                  const struct map_source *source,
                                  struct slice *value,
                                  struct ctl_bad *bad)
{
    const struct ctl_reader *reader = ctl_source_reader(reading->source);
    if (source->form == MAP_FORM_TEXT) {
        return map_source_text(source, reader, value, bad);
    }
    bool present = false;
    int64_t at_us = 0;
    enum ctl_mapped mapped = map_source_time(source, reader, &present, &at_us, bad);
    *value = present ? instant_text(reading->arena, at_us) : slice_of(NULL, 0);
    return mapped;
}

/* One fact of the row; *event has no kind when it did not happen. */
static enum ctl_mapped read_fact(struct reading *reading,
                                 const struct map_fact *fact,
                                 struct event *event,
                                 struct ctl_bad *bad)
{
    bool present = false;
    int64_t at_us = 0;
    *event = (struct event){.kind = EVENT_NONE};
    enum ctl_mapped mapped =
        map_source_time(&fact->at, ctl_source_reader(reading->source), &present, &at_us, bad);
    if (mapped != CTL_MAPPED || !present) {
        return mapped;
    }
    *event = event_of(reading, fact->kind, at_us);
    event->advanced.to_step = slice_text(fact->to_step);
    for (uint32_t i = 0; i < fact->field_count && mapped == CTL_MAPPED; i++) {
        struct event_field *field = &event->advanced.fields[event->advanced.field_count];
        field->name = slice_text(fact->names[i]);
        mapped = read_field(reading, &fact->fields[i], &field->value, bad);
        event->advanced.field_count += field->value.size > 0;
    }
    return mapped;
}

static enum ctl_mapped
read_facts(struct reading *reading, struct event *events, uint32_t *count, struct ctl_bad *bad)
{
    const struct map_facts *facts = ctl_map_facts(reading->map);
    *count = 0;
    for (uint32_t i = 0; i < facts->fact_count; i++) {
        struct event event;
        enum ctl_mapped mapped = read_fact(reading, &facts->facts[i], &event, bad);
        if (mapped != CTL_MAPPED) {
            return mapped;
        }
        if (event.kind != EVENT_NONE) {
            uint32_t at = (*count)++;
            for (; at > 0 && events[at - 1].at_us > event.at_us; at--) {
                events[at] = events[at - 1];
            }
            events[at] = event;
        }
    }
    return CTL_MAPPED;
}

static enum ctl_mapped read_recorded(struct reading *reading, struct ctl_bad *bad)
{
    const struct map_facts *facts = ctl_map_facts(reading->map);
    struct drill_book *book = reading->book;
    for (uint32_t i = 0; i < facts->recorded_count; i++) {
        const struct map_recorded *recorded = &facts->recorded[i];
        struct slice word;
        enum ctl_mapped mapped =
            map_source_text(&recorded->source, ctl_source_reader(reading->source), &word, bad);
        uint32_t place = drill_name(&book->names, slice_text(recorded->clock));
        if (mapped != CTL_MAPPED) {
            return mapped;
        }
        if (place < DRILL_CLOCKS_MAX && word.size > 0) {
            bool late = slice_equal(word, slice_text("late"));
            book->records[book->count - 1].said[place] = late ? DRILL_LATE : DRILL_MET;
            book->has_verdicts = true;
        }
    }
    return CTL_MAPPED;
}

static bool keep_received(struct reading *reading, const struct ctl_submission *submission)
{
    struct event event = event_of(reading, EVENT_RECEIVED, submission->received_at_us);
    event.received = (struct event_received){
        .submission_id = slice_of(submission->id, sizeof submission->id),
        .channel = submission->channel,
        .received_at_us = submission->received_at_us,
        .occurred_at_us = submission->occurred_present ? submission->occurred_at_us : 0,
        .language = text_language(submission->narrative),
        .text_characters = (uint32_t)text_characters(submission->narrative),
        .sealed_narrative = submission->narrative, /* of this process only, and open */
        .category_hint = submission->category_hint,
        .product = submission->product,
    };
    return keep(reading, &event);
}

static enum ctl_mapped read_row(struct reading *reading, struct ctl_bad *bad, bool *memory)
{
    struct ctl_submission submission;
    struct event facts[MAP_FACTS_MAX];
    uint32_t count = 0;
    struct drill_book *book = reading->book;
    enum ctl_mapped mapped =
        ctl_map_row(reading->map, ctl_source_reader(reading->source), &submission, bad);
    if (mapped != CTL_MAPPED) {
        return mapped;
    }
    if (!submission.received_present) {
        return CTL_MAPPED_NOT;
    }
    if (submission.received_at_us < reading->span.from_us ||
        submission.received_at_us >= reading->span.to_us) {
        return CTL_MAPPED;
    }
    *memory = drill_book_begin(book, case_id_make(1, book->count + 1));
    if (!*memory) {
        return CTL_MAPPED_BAD;
    }
    book->records[book->count - 1].received_us = submission.received_at_us;
    *memory = keep_received(reading, &submission);
    mapped = *memory ? read_facts(reading, facts, &count, bad) : CTL_MAPPED_BAD;
    for (uint32_t i = 0; i < count && *memory && mapped == CTL_MAPPED; i++) {
        facts[i].seq = i + 2;
        *memory = keep(reading, &facts[i]);
    }
    mapped = mapped == CTL_MAPPED ? read_recorded(reading, bad) : mapped;
    if (mapped == CTL_MAPPED_BAD) { /* what was kept of the row is left out again */
        book->event_count = book->records[--book->count].first;
    }
    return mapped;
}

static void tell(const struct reading *reading, const struct ctl_bad *bad)
{
    char why[SAY_MAX];
    (void)say_text(reading->ctl, why, bad->why, CTL_ARGS(bad->detail));
    ctl_note(reading->ctl,
             TEXT_ROW_PLACE,
             CTL_ARGS(ctl_source_file(reading->source),
                      CTL_NUMBER_TEXT(bad->line),
                      CTL_NUMBER_TEXT(bad->column),
                      why));
}

static int read_rows(struct reading *reading)
{
    enum { TOLD_MAX = 10 };
    uint64_t line = 0;
    int code = CTL_OK;
    for (;;) {
        struct ctl_bad bad = {0};
        bool memory = true;
        enum ctl_read read = ctl_source_next(reading->source, &line, &bad, &code);
        if (read == CTL_READ_END || read == CTL_READ_FAILED) {
            return code;
        }
        enum ctl_mapped mapped = CTL_MAPPED_BAD;
        if (read == CTL_READ_ROW) {
            bad = (struct ctl_bad){.line = line, .column = 1};
            mapped = read_row(reading, &bad, &memory);
        }
        arena_reset(reading->arena);
        if (!memory) {
            return ctl_fail(reading->ctl, CTL_FAILED, TEXT_MEMORY, NULL);
        }
        reading->book->skipped += mapped != CTL_MAPPED;
        if (mapped == CTL_MAPPED_BAD && reading->book->skipped <= TOLD_MAX) {
            tell(reading, &bad);
        }
    }
}

int drill_read_file(struct ctl *ctl, struct drill_span span, struct drill_book *book)
{
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    const char *mapping = ctl_option_text(ctl, "map");
    if (!mapping) {
        return ctl_fail(
            ctl, CTL_USAGE, TEXT_OPTION_NEEDED, CTL_ARGS("drill --csv", "--map", "drill"));
    }
    int code = ctl_map_read(ctl, mapping, NULL, NULL, &map);
    if (code != CTL_OK) {
        return code;
    }
    char *files[] = {(char *)ctl_option_text(ctl, "csv")};
    SCOPED(ctl_source_free) struct ctl_source *source = ctl_source_new(ctl, map, files, 1);
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    if (!source || !arena) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    book->has_text = true;
    struct reading reading = {ctl, map, source, arena, span, book};
    return read_rows(&reading);
}
