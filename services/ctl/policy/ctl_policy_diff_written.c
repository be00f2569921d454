/* The part of `redress policy diff` that goes by what is written; see ctl_policy_compare.h. */
#include "ctl_policy_compare.h"

/* What written_each told, kept. */
struct said {
    const struct language_key *section, *key;
    char *id;
    char *value;
};

struct said_list {
    struct said *rows;
    size_t count, room;
};

static void said_keep(void *self, const struct written *written)
{
    struct said_list *list = self;
    if (list->count == list->room) {
        size_t room = list->room * 2 + 64;
        struct said *rows = realloc(list->rows, room * sizeof *rows);
        if (!rows) {
            return; /* what is not kept is not told as a difference */
        }
        list->rows = rows;
        list->room = room;
    }
    list->rows[list->count++] = (struct said){.section = written->section,
                                              .key = written->key,
                                              .id = written->id ? strdup(written->id) : NULL,
                                              .value = strdup(written->value)};
}

static void said_done(struct said_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].id);
        free(list->rows[i].value);
    }
    free(list->rows);
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The row's like: the same key of the same thing, or a rule that says the same. */
static const struct said *said_like(const struct said_list *list, const struct said *row)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct said *other = &list->rows[i];
        bool rule = !row->key && !row->id;
        if (other->section == row->section && other->key == row->key &&
            text_equal(other->id, row->id) && (!rule || text_equal(other->value, row->value))) {
            return other;
        }
    }
    return NULL;
}

/* The thing the key is of is there as well. */
static bool thing_is_there(const struct said_list *list, const struct said *row)
{
    struct said thing = *row;
    thing.key = NULL;
    return !row->id || said_like(list, &thing);
}

/* before or after is NULL where it is not there. */
static void said_differs(const struct comparing *comparing,
                         const struct said *row,
                         const char *before,
                         const char *after)
{
    const char *none = ctl_text_in(comparing->ctl->language, TEXT_DIFF_NONE);
    char meaning[SAY_MAX];
    struct difference difference = {.change = before ? "removed" : "added",
                                    .thing = written_thing(row->section)};
    difference.name = row->id ? row->id : row->key ? comparing->b->name : row->value;
    if (row->key) {
        difference.change = "changed";
        difference.key = row->key->name;
        difference.what = written_meaning(comparing->ctl, row->key, meaning);
        difference.before = before ? before : none;
        difference.after = after ? after : none;
    }
    difference_add(comparing, &difference);
}

/* Rules without names are gone through from the first to the last: their order is told, too. */
static void order_compare(const struct comparing *comparing,
                          const struct said_list *a,
                          const struct said_list *b)
{
    for (size_t i = 0, j = 0; i < a->count && j < b->count; i++, j++) {
        while (i < a->count && (a->rows[i].id || a->rows[i].key || !said_like(b, &a->rows[i]))) {
            i++;
        }
        while (j < b->count && (b->rows[j].id || b->rows[j].key || !said_like(a, &b->rows[j]))) {
            j++;
        }
        if (i < a->count && j < b->count && !text_equal(a->rows[i].value, b->rows[j].value)) {
            const struct difference order = {
                .change = "changed",
                .thing = written_thing(a->rows[i].section),
                .name = comparing->b->name,
                .key = "order",
                .what = ctl_text_in(comparing->ctl->language, TEXT_DIFF_ORDER),
                .before = a->rows[i].value,
                .after = b->rows[j].value,
            };
            difference_add(comparing, &order);
            return;
        }
    }
}

void written_compare(const struct comparing *comparing)
{
    struct said_list a = {0};
    struct said_list b = {0};
    written_each(comparing->ctl, comparing->a, comparing->tree_a, true, said_keep, &a);
    written_each(comparing->ctl, comparing->b, comparing->tree_b, true, said_keep, &b);
    for (size_t i = 0; i < a.count; i++) {
        const struct said *was = &a.rows[i];
        const struct said *is = said_like(&b, was);
        if (!is && (!was->key || thing_is_there(&b, was))) {
            said_differs(comparing, was, was->value, NULL);
        } else if (is && was->key && !text_equal(was->value, is->value)) {
            said_differs(comparing, was, was->value, is->value);
        }
    }
    for (size_t i = 0; i < b.count; i++) {
        const struct said *is = &b.rows[i];
        if (!said_like(&a, is) && (!is->key || thing_is_there(&a, is))) {
            said_differs(comparing, is, NULL, is->value);
        }
    }
    order_compare(comparing, &a, &b);
    said_done(&a);
    said_done(&b);
}
