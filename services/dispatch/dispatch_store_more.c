#include "dispatch_store_more.h"

#include <stddef.h>

enum { VALUE_BYTES_MAX = 10, PIECE_HEAD = 2 };

/* Kinds of piece are their places in this table, which is what DISPATCH_MORE_FORM numbers. */
static const struct piece {
    uint16_t offset;
    uint8_t size;
    uint8_t count;
} pieces[] = {
#define PIECES(member)                                                                             \
    {                                                                                              \
        offsetof(struct dispatch_more, member), sizeof(((struct dispatch_more *)0)->member[0]),    \
            sizeof(((struct dispatch_more *)0)->member) /                                          \
                sizeof(((struct dispatch_more *)0)->member[0])                                     \
    }
#define PIECE(member)                                                                              \
    {                                                                                              \
        offsetof(struct dispatch_more, member), sizeof(((struct dispatch_more *)0)->member), 1     \
    }
    PIECES(people),
    PIECES(facts),
    PIECES(by),
    PIECES(times),
    PIECE(told),
    PIECE(outcome),
    PIECE(merged_into),
    PIECE(back_since_us),
    {offsetof(struct dispatch_more, back_agent),
                          sizeof(uint64_t),
                          DISPATCH_AGENT_MAX / sizeof(uint64_t)},
    PIECE(back_step),
    PIECE(back_queue),
    PIECE(back_home),
    PIECE(back_role),
    PIECES(open),
    PIECE(concerned),
    PIECE(handled),
    PIECE(offered),
    PIECE(hold),
    PIECE(handler_role),
    {offsetof(struct dispatch_more, handler),
                          sizeof(uint64_t),
                          DISPATCH_AGENT_MAX / sizeof(uint64_t)},
    PIECE(passed),
    PIECE(erased_at_us),
    PIECES(refused),
    PIECE(implemented_at_us),
};

enum { PIECE_KINDS = sizeof pieces / sizeof *pieces };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied by their low bytes");
_Static_assert((DISPATCH_PEOPLE_MAX + POLICY_KEPT_MAX + 2 * POLICY_MARKS_MAX + POLICY_TASKS_MAX +
                DISPATCH_REFUSED_MAX + 32) *
                       (PIECE_HEAD + VALUE_BYTES_MAX) <
                   DISPATCH_MORE_SIZE,
               "every piece fits");

size_t dispatch_more_pack(const struct dispatch_more *more, uint8_t bytes[DISPATCH_MORE_SIZE])
{
    size_t used = 1;
    bytes[0] = DISPATCH_MORE_FORM;
    for (unsigned kind = 0; kind < PIECE_KINDS; kind++) {
        const uint8_t *at = (const uint8_t *)more + pieces[kind].offset;
        for (unsigned i = 0; i < pieces[kind].count; i++, at += pieces[kind].size) {
            uint64_t value = 0;
            memcpy(&value, at, pieces[kind].size);
            if (value == 0) {
                continue;
            }
            bytes[used++] = (uint8_t)kind;
            bytes[used++] = (uint8_t)i;
            for (; value > 0x7f; value >>= 7) {
                bytes[used++] = (uint8_t)(value | 0x80);
            }
            bytes[used++] = (uint8_t)value;
        }
    }
    return used > 1 ? used : 0;
}

static bool value_read(struct slice bytes, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < VALUE_BYTES_MAX * 7U && *at < bytes.size; shift += 7) {
        uint8_t byte = bytes.bytes[(*at)++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

bool dispatch_more_unpack(struct slice bytes, struct dispatch_more *more)
{
    memset(more, 0, sizeof *more);
    if (bytes.size > 0 && bytes.bytes[0] != DISPATCH_MORE_FORM) {
        return false;
    }
    for (size_t at = 1; at < bytes.size;) {
        uint64_t value;
        if (bytes.size - at < PIECE_HEAD) {
            return false;
        }
        unsigned kind = bytes.bytes[at++];
        unsigned place = bytes.bytes[at++];
        if (kind >= PIECE_KINDS || place >= pieces[kind].count || !value_read(bytes, &at, &value)) {
            return false;
        }
        if (pieces[kind].size < sizeof value && value >> (8 * pieces[kind].size) != 0) {
            return false;
        }
        memcpy((uint8_t *)more + pieces[kind].offset + (size_t)place * pieces[kind].size,
               &value,
               pieces[kind].size);
    }
    return more->outcome < OUTCOME_COUNT;
}
