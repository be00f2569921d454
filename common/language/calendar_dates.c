/* Days off and worked while they are read; see calendar_read.h. */
#include "calendar_read.h"

enum { NAME_MAX_SIZE = 200 };

struct calendar_dates *calendar_dates_take(struct arena *arena)
{
    struct calendar_dates *dates = arena_take(arena, sizeof *dates);
    if (!dates) {
        return NULL;
    }
    *dates = (struct calendar_dates){
        .rows = arena_take(arena, CALENDAR_DATED_MAX * sizeof *dates->rows)};
    return dates->rows ? dates : NULL;
}

/* At most NAME_MAX_SIZE bytes, whole characters; NULL when nothing is left or there is no memory.
 */
static const char *name_copy(struct arena *arena, struct slice name)
{
    size_t size = name.size < NAME_MAX_SIZE ? name.size : NAME_MAX_SIZE;
    while (size > 0 && size < name.size && (name.bytes[size] & 0xc0) == 0x80) {
        size--;
    }
    char *copy = size > 0 ? arena_take(arena, size + 1) : NULL;
    if (!copy) {
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = name.bytes[i];
        copy[i] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
    }
    copy[size] = '\0';
    return copy;
}

/* Two things on one date: "A / B", unless the one is said already. */
static const char *names_join(struct arena *arena, const char *name, const char *more)
{
    if (!name || !more || strstr(name, more)) {
        return name ? name : more;
    }
    char both[2 * NAME_MAX_SIZE + 4];
    (void)snprintf(both, sizeof both, "%s / %s", name, more);
    return name_copy(arena, slice_text(both));
}

void calendar_dates_add(struct yaml_source *source,
                        const struct yaml_node *node,
                        struct calendar_dates *dates,
                        struct arena *arena,
                        int32_t date,
                        enum calendar_dated_kind kind,
                        struct slice name)
{
    const char *copy = name_copy(arena, name);
    for (uint32_t i = 0; i < dates->count; i++) {
        struct calendar_dated *row = &dates->rows[i];
        if (row->date == date && row->kind != kind) {
            yaml_complain(source,
                          YAML_ERROR,
                          node,
                          "take one of the two out",
                          "%04d-%02d-%02d is a day off and a worked day at once",
                          date / 10000,
                          date / 100 % 100,
                          date % 100);
            return;
        }
        if (row->date == date) {
            row->name = names_join(arena, row->name, copy);
            return;
        }
    }
    if (dates->count == CALENDAR_DATED_MAX) {
        yaml_complain(source, YAML_ERROR, node, NULL, "more than %d dates", CALENDAR_DATED_MAX);
        return;
    }
    dates->rows[dates->count++] = (struct calendar_dated){.date = date, .kind = kind, .name = copy};
}
