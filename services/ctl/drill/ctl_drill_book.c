/* What a drill replays: complaints and their events, as bytes of the journal. */
#include "ctl_drill.h"

enum {
    ROOM_FIRST = 1024,
    BYTES_MAX_MIB = 4096, /* law 9: a longer time is drilled in parts */
};

uint32_t drill_name(struct drill_names *names, struct slice id)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (slice_equal(slice_text(names->ids[i]), id)) {
            return i;
        }
    }
    if (names->count == DRILL_CLOCKS_MAX || id.size == 0 || id.size >= POLICY_NAME_MAX) {
        return DRILL_CLOCKS_MAX;
    }
    memcpy(names->ids[names->count], id.bytes, id.size);
    names->ids[names->count][id.size] = '\0';
    return names->count++;
}

/* What the newest event of a clock makes of what was said before. */
static enum drill_said
say(enum drill_said before, enum event_kind kind, const struct event_clock *told)
{
    if (before == DRILL_LATE || kind == EVENT_CLOCK_BREACHED || told->verdict == CLOCK_MISSED) {
        return DRILL_LATE;
    }
    if (told->verdict == CLOCK_MET) {
        return DRILL_MET;
    }
    if (told->verdict == CLOCK_CANCELLED) {
        return DRILL_NOTHING;
    }
    if (kind == EVENT_CLOCKS_STARTED) {
        return DRILL_RUNNING;
    }
    return kind == EVENT_CLOCKS_STOPPED && before == DRILL_RUNNING ? DRILL_NOTHING : before;
}

void drill_hear(struct drill_names *names,
                const struct event *event,
                uint8_t said[DRILL_CLOCKS_MAX])
{
    if (event->kind == EVENT_CLOCKS_REFUSED || event->kind == EVENT_CLOCKS_UNKNOWN) {
        return;
    }
    for (uint32_t i = 0; i < event->clocks.count && i < EVENT_CLOCKS_MAX; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        uint32_t place = drill_name(names, told->name);
        if (place < DRILL_CLOCKS_MAX) {
            said[place] = (uint8_t)say((enum drill_said)said[place], event->kind, told);
        }
    }
}

/* Room for one more of count; false: memory is out. */
static bool grow(void **items, size_t count, size_t *room, size_t size, size_t more)
{
    if (count + more <= *room) {
        return true;
    }
    size_t wanted = *room == 0 ? ROOM_FIRST : *room * 2;
    wanted = wanted < count + more ? count + more : wanted;
    void *grown = realloc(*items, wanted * size);
    if (grown) {
        *items = grown;
        *room = wanted;
    }
    return grown != NULL;
}

bool drill_book_begin(struct drill_book *book, uint64_t case_id)
{
    if (book->count == DRILL_RECORDS_MAX ||
        !grow((void **)&book->records, book->count, &book->room, sizeof *book->records, 1)) {
        return false;
    }
    book->records[book->count++] =
        (struct drill_record){.case_id = case_id, .first = book->event_count};
    return true;
}

bool drill_book_add(struct drill_book *book, struct slice bytes, int64_t at_us)
{
    bool room =
        book->size + bytes.size <= (size_t)BYTES_MAX_MIB * 1024 * 1024 &&
        grow((void **)&book->bytes, book->size, &book->size_room, 1, bytes.size) &&
        grow((void **)&book->events, book->event_count, &book->event_room, sizeof *book->events, 1);
    if (!room || book->count == 0) {
        return false;
    }
    memcpy(book->bytes + book->size, bytes.bytes, bytes.size);
    book->events[book->event_count++] =
        (struct drill_event){.at = book->size, .size = (uint32_t)bytes.size};
    book->size += bytes.size;
    book->records[book->count - 1].count++;
    book->first_us = book->first_us == 0 || at_us < book->first_us ? at_us : book->first_us;
    book->last_us = at_us > book->last_us ? at_us : book->last_us;
    return true;
}

bool drill_book_event(const struct drill_book *book, size_t index, struct event *event)
{
    static const uint8_t no_hash[HASH_SIZE];
    struct error error = {0};
    const struct drill_event *place = &book->events[index];
    return event_decode_lent(
        slice_of(book->bytes + place->at, place->size), no_hash, event, &error);
}

void drill_book_done(struct drill_book *book)
{
    free(book->records);
    free(book->events);
    free(book->bytes);
    *book = (struct drill_book){0};
}
