#include "projection_buffer.h"

enum {
    CAPACITY_MIN = 64,
    CAPACITY_KEPT = 4096,
};

/* Room for count more behind the last one, moved to the front first where that is enough. */
static bool make_room(struct projection_buffer *buffer, size_t count)
{
    if (buffer->first + buffer->count + count <= buffer->capacity) {
        return true;
    }
    if (buffer->first > 0) {
        memmove(
            buffer->slots, buffer->slots + buffer->first, buffer->count * sizeof *buffer->slots);
        buffer->first = 0;
    }
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_MIN;
    while (capacity < (buffer->count + count) * 5 / 4) {
        capacity *= 2;
    }
    if (capacity > buffer->capacity) {
        struct projection_slot *slots = realloc(buffer->slots, capacity * sizeof *slots);
        if (!slots) {
            return buffer->count + count <= buffer->capacity;
        }
        buffer->slots = slots;
        buffer->capacity = capacity;
    }
    return true;
}

bool projection_buffer_add(struct projection_buffer *buffer,
                           uint64_t to,
                           const struct projection_op *ops,
                           size_t count,
                           size_t limit)
{
    if (buffer->count + count > limit || !make_room(buffer, count)) {
        return false;
    }
    struct projection_slot *end = buffer->slots + buffer->first + buffer->count;
    for (size_t i = 0; i < count; i++) {
        end[i] = (struct projection_slot){ops[i], to};
    }
    buffer->count += count;
    return true;
}

const struct projection_slot *projection_buffer_at(const struct projection_buffer *buffer, size_t n)
{
    return buffer->slots + buffer->first + n;
}

size_t projection_buffer_slice(const struct projection_buffer *buffer, size_t most)
{
    if (buffer->count <= most) {
        return buffer->count;
    }
    size_t count = most;
    while (count > 0 &&
           projection_buffer_at(buffer, count - 1)->to == projection_buffer_at(buffer, count)->to) {
        count--;
    }
    return count;
}

void projection_buffer_drop(struct projection_buffer *buffer, uint64_t seq)
{
    while (buffer->count > 0 && projection_buffer_at(buffer, 0)->to <= seq) {
        buffer->first++;
        buffer->count--;
    }
    if (buffer->count == 0) {
        projection_buffer_clear(buffer);
    }
}

void projection_buffer_clear(struct projection_buffer *buffer)
{
    if (buffer->capacity > CAPACITY_KEPT) {
        projection_buffer_done(buffer);
    }
    buffer->first = 0;
    buffer->count = 0;
}

void projection_buffer_done(struct projection_buffer *buffer)
{
    free(buffer->slots);
    *buffer = (struct projection_buffer){.slots = NULL};
}
