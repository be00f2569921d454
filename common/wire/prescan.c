#include "prescan.h"

#include "wire.h"

struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *end;
};

struct scan {
    const struct prescan_limits *limits;
    const uint8_t *start;
    const uint8_t *at;
    unsigned depth; /* index of the innermost open level */
    unsigned fields;
    unsigned unknown;
    const char *why;
    struct level levels[PRESCAN_DEPTH_MAX];
};

static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *descriptor,
                                                  uint32_t number)
{
    const ProtobufCFieldDescriptor *fields = descriptor->fields;
    if (number <= descriptor->n_fields && fields[number - 1].id == number) {
        return &fields[number - 1]; /* numbered without gaps, as nearly all of ours are */
    }
    unsigned low = 0;
    unsigned high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (fields[middle].id == number) {
            return &fields[middle];
        }
        if (fields[middle].id < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static enum wire_type field_wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

static bool refuse(struct scan *scan, const char *why)
{
    scan->why = why;
    return false;
}

static bool fields_count(struct scan *scan, size_t count)
{
    if (count > scan->limits->fields_max - scan->fields) {
        return refuse(scan, "too many fields");
    }
    scan->fields += (unsigned)count;
    return true;
}

/* A repeated number field may come as one run of bytes; each number in it counts as a field. */
static bool packed_scan(struct scan *scan, const ProtobufCFieldDescriptor *field, uint32_t length)
{
    const uint8_t *end = scan->at + length;
    enum wire_type type = field_wire_type(field);
    if (type != WIRE_VARINT) {
        uint32_t width = type == WIRE_FIXED64 ? 8 : 4;
        scan->at = end;
        return length % width == 0 ? fields_count(scan, length / width)
                                   : refuse(scan, "bad packed length");
    }
    while (scan->at < end) {
        uint64_t value;
        if (!wire_varint_read(&scan->at, end, &value) ||
            (field->type == PROTOBUF_C_TYPE_BOOL && scan->at[-1] > 1)) {
            return refuse(scan, "bad packed number");
        }
        if (!fields_count(scan, 1)) {
            return false;
        }
    }
    return true;
}

static bool
level_open(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, uint32_t size)
{
    if (scan->depth + 1 >= scan->limits->depth_max || scan->depth + 1 >= PRESCAN_DEPTH_MAX) {
        return refuse(scan, "nested too deeply");
    }
    scan->levels[++scan->depth] = (struct level){descriptor, scan->at + size};
    return true;
}

static bool value_scan(struct scan *scan, const ProtobufCFieldDescriptor *field, unsigned type)
{
    const uint8_t *end = scan->levels[scan->depth].end;
    enum wire_type wanted = field_wire_type(field);
    if (type != WIRE_BYTES) {
        if (type != wanted) {
            return refuse(scan, "wrong wire type");
        }
        return wire_skip(&scan->at, end, type) || refuse(scan, "cut short");
    }
    uint32_t length;
    if (!wire_length_read(&scan->at, end, &length)) {
        return refuse(scan, "bad length");
    }
    if (wanted != WIRE_BYTES) {
        return field->label == PROTOBUF_C_LABEL_REPEATED ? packed_scan(scan, field, length)
                                                         : refuse(scan, "wrong wire type");
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return level_open(scan, field->descriptor, length);
    }
    scan->at += length;
    return true;
}

static bool field_scan(struct scan *scan)
{
    const struct level *level = &scan->levels[scan->depth];
    uint32_t number;
    unsigned type;
    if (!wire_tag_read(&scan->at, level->end, &number, &type)) {
        return refuse(scan, "bad tag");
    }
    if (!fields_count(scan, 1)) {
        return false;
    }
    const ProtobufCFieldDescriptor *field = field_find(level->descriptor, number);
    if (field) {
        return value_scan(scan, field, type);
    }
    if (++scan->unknown > scan->limits->unknown_max) {
        return refuse(scan, "too many unknown fields");
    }
    return wire_skip(&scan->at, level->end, type) || refuse(scan, "bad unknown field");
}

bool prescan(const ProtobufCMessageDescriptor *descriptor,
             const void *bytes,
             size_t size,
             const struct prescan_limits *limits,
             struct error *error)
{
    if (size > limits->size_max) {
        return error_set(error,
                         ERROR_REJECT,
                         "%s of %zu bytes, at most %zu are accepted",
                         descriptor->short_name,
                         size,
                         limits->size_max);
    }
    static const uint8_t none;
    const uint8_t *start = size > 0 ? bytes : &none;
    struct scan scan; /* levels are set as they are opened */
    scan.limits = limits;
    scan.start = scan.at = start;
    scan.depth = scan.fields = scan.unknown = 0;
    scan.levels[0] = (struct level){descriptor, start + size};
    while (true) {
        while (scan.at == scan.levels[scan.depth].end) {
            if (scan.depth-- == 0) {
                return true;
            }
        }
        if (!field_scan(&scan)) {
            return error_set(error,
                             ERROR_REJECT,
                             "%s: %s before byte %zu of %zu",
                             descriptor->short_name,
                             scan.why,
                             (size_t)(scan.at - scan.start),
                             size);
        }
    }
}

ProtobufCMessage *prescan_unpack(const ProtobufCMessageDescriptor *descriptor,
                                 const void *bytes,
                                 size_t size,
                                 const struct prescan_limits *limits,
                                 struct arena *arena,
                                 struct error *error)
{
    if (!prescan(descriptor, bytes, size, limits, error)) {
        return NULL;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, arena_allocator(arena), size, bytes);
    if (!message) {
        /* The bytes are well-formed, so it is the arena. */
        (void)error_set(error,
                        ERROR_RETRY,
                        "%s of %zu bytes does not fit what is left of the arena",
                        descriptor->short_name,
                        size);
    }
    return message;
}
