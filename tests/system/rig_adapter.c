/* The adapter of a scene: a window of unreceipted submissions, sent again until they are. */
#include "clock.h"
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <sys/random.h>
#include <zmq.h>

enum { RESEND_MS = 1000, OVERLOADED_MS = 100, INTAKES_MAX = 2, PATH_MAX_LEAVES = 16 };

struct adapter {
    struct rig *rig;
    void *sockets[INTAKES_MAX];
    unsigned intakes;
    unsigned turn;
    uint32_t window;
    uint32_t count;
    uint32_t open_from; /* all before it are answered */
    uint32_t receipted;
    uint32_t unmatched;
    struct submission items[RIG_SUBMISSIONS_MAX];
};

static void *socket_connect(struct rig *rig, const char *instance)
{
    char endpoint[160];
    void *socket = zmq_socket(rig->zmq, ZMQ_DEALER);
    int none = 0;
    int soon = 50;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/intake-%s.req", rig->directory, instance);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

struct adapter *
adapter_new(struct rig *rig, const char *intake_a, const char *intake_b, uint32_t window)
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    assert_non_null(adapter);
    adapter->rig = rig;
    adapter->window = window;
    adapter->sockets[adapter->intakes++] = socket_connect(rig, intake_a);
    if (intake_b) {
        adapter->sockets[adapter->intakes++] = socket_connect(rig, intake_b);
    }
    return adapter;
}

void adapter_free(struct adapter **adapter_p)
{
    struct adapter *adapter = *adapter_p;
    for (uint32_t i = 0; i < adapter->count; i++) {
        free(adapter->items[i].bytes);
    }
    for (unsigned i = 0; i < adapter->intakes; i++) {
        (void)zmq_close(adapter->sockets[i]);
    }
    free(adapter);
    *adapter_p = NULL;
}

void adapter_uuid(uint8_t id[16])
{
    assert_int_equal(getrandom(id, 16, 0), 16);
    uint64_t ms = (uint64_t)(clock_now_us() / 1000);
    for (int i = 0; i < 6; i++) {
        id[i] = (uint8_t)(ms >> (8 * (5 - i)));
    }
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

static ProtobufCBinaryData data_of(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

static struct submission *item_add(struct adapter *adapter, size_t size)
{
    assert_true(adapter->count < RIG_SUBMISSIONS_MAX);
    struct submission *item = &adapter->items[adapter->count++];
    item->bytes = malloc(size + 1);
    assert_non_null(item->bytes);
    item->size = size;
    return item;
}

struct submission *
adapter_add(struct adapter *adapter, const struct content *content, const uint8_t id[16])
{
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    Redress__Submit__V1__Person person = REDRESS__SUBMIT__V1__PERSON__INIT;
    uint8_t own[16];
    if (id) {
        memcpy(own, id, sizeof own);
    } else {
        adapter_uuid(own);
    }
    submission.has_submission_id = submission.has_channel = submission.has_policy = 1;
    submission.has_narrative = 1;
    submission.submission_id = (ProtobufCBinaryData){sizeof own, own};
    submission.channel = data_of(content->channel);
    submission.policy = data_of(content->policy);
    submission.narrative = data_of(content->text);
    if (content->contact) {
        person.has_contact = 1;
        person.contact = data_of(content->contact);
        submission.person = &person;
    }
    size_t size = redress__submit__v1__submission__get_packed_size(&submission);
    struct submission *item = item_add(adapter, size);
    (void)redress__submit__v1__submission__pack(&submission, item->bytes);
    memcpy(item->id, own, sizeof own);
    return item;
}

struct submission *adapter_add_raw(struct adapter *adapter, const void *bytes, size_t size)
{
    struct submission *item = item_add(adapter, size);
    memcpy(item->bytes, bytes, size);
    return item;
}

void adapter_add_many(struct adapter *adapter, uint32_t count)
{
    static const char *const texts[] = {
        "The parcel never arrived and nobody answers the phone.",
        "快递迟迟不发货，打了三次电话没人处理。",
        "I was charged twice on my account and want a refund.",
        "洗衣机漏水，修了两次还是坏的，要求退货退款。",
        "客服態度惡劣，掛斷電話，非常不滿意。",
        "积分一直没到账，账户还被冻结了。",
        "The voucher code is invalid and the merchant forced me to buy more.",
        "今天天气很好。",
        "Hello there.",
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    static const char *const channels[] = {"phone", "web", "email", "letter", "regulator"};
    for (uint32_t until = adapter->count + count; adapter->count < until;) {
        uint32_t i = adapter->count;
        char contact[32];
        (void)snprintf(contact, sizeof contact, "555-%05u", (unsigned)(i * 7 % 400));
        (void)adapter_add(adapter,
                          &(struct content){i % 2 ? "general-service" : "loyalty-points",
                                            channels[i % 5],
                                            texts[i % TEXTS],
                                            i % 3 ? contact : NULL},
                          NULL);
    }
}

static void send_one(struct adapter *adapter, struct submission *item, unsigned intake)
{
    if (zmq_send(adapter->sockets[intake], item->bytes, item->size, ZMQ_DONTWAIT) >= 0) {
        item->sent_ms = rig_now_ms();
        item->first_ms = item->first_ms ? item->first_ms : item->sent_ms;
    }
}

void adapter_resend(struct adapter *adapter, struct submission *submission, unsigned intake)
{
    submission->receipted = false;
    submission->refused = false;
    adapter->open_from = 0;
    send_one(adapter, submission, intake % adapter->intakes);
}

static struct submission *item_find(struct adapter *adapter, ProtobufCBinaryData id)
{
    for (uint32_t i = adapter->open_from; id.len == 16 && i < adapter->count; i++) {
        if (memcmp(adapter->items[i].id, id.data, 16) == 0) {
            return &adapter->items[i];
        }
    }
    for (uint32_t i = 0; id.len == 16 && i < adapter->open_from; i++) {
        if (memcmp(adapter->items[i].id, id.data, 16) == 0) {
            return &adapter->items[i];
        }
    }
    return NULL;
}

/* The signature covers what the receipt says, so whoever holds it can prove it (law 1). */
static void receipt_check(const Redress__Submit__V1__Receipt *receipt, struct submission *item)
{
    struct receipt_leaf leaf = {.case_id = receipt->case_id,
                                .partition = receipt->partition,
                                .seq = receipt->seq,
                                .received_at_us = receipt->received_at_us,
                                .committed_at_us = receipt->committed_at_us};
    const uint8_t *path[PATH_MAX_LEAVES];
    memcpy(leaf.submission_id, item->id, 16);
    assert_int_equal(receipt->hash.len, HASH_SIZE);
    memcpy(leaf.hash, receipt->hash.data, HASH_SIZE);
    assert_int_equal(receipt->root_signature.len, RECEIPT_SIGNATURE_SIZE);
    assert_int_equal(receipt->signing_key.len, RECEIPT_PUBLIC_SIZE);
    assert_in_range(receipt->n_path, 0, PATH_MAX_LEAVES);
    for (size_t i = 0; i < receipt->n_path; i++) {
        assert_int_equal(receipt->path[i].len, HASH_SIZE);
        path[i] = receipt->path[i].data;
    }
    assert_true(receipt_verify(&leaf,
                               receipt->leaf_index,
                               receipt->leaf_count,
                               path,
                               (uint32_t)receipt->n_path,
                               receipt->root_signature.data,
                               receipt->signing_key.data));
    if (item->leaf.case_id != 0) {
        assert_int_equal(item->leaf.case_id, leaf.case_id); /* the same case whenever it is asked */
        assert_memory_equal(item->leaf.hash, leaf.hash, HASH_SIZE);
    }
    item->leaf = leaf;
}

static void receipt_take(struct adapter *adapter, const Redress__Submit__V1__Receipt *receipt)
{
    struct submission *item = item_find(adapter, receipt->submission_id);
    if (!item) {
        adapter->unmatched++;
        return;
    }
    receipt_check(receipt, item);
    item->answers++;
    item->duplicate = receipt->has_duplicate && receipt->duplicate;
    (void)snprintf(item->case_number,
                   sizeof item->case_number,
                   "%.*s",
                   (int)receipt->case_number.len,
                   (const char *)receipt->case_number.data);
    if (!item->receipted) {
        item->receipted = true;
        item->receipt_ms = rig_now_ms() - item->first_ms;
        adapter->receipted++;
    }
}

static void text_take(char *text, size_t size, ProtobufCBinaryData data)
{
    (void)snprintf(text, size, "%.*s", (int)data.len, (const char *)data.data);
}

static void refusal_take(struct adapter *adapter, const Redress__Submit__V1__Refusal *refusal)
{
    struct submission *item = item_find(adapter, refusal->submission_id);
    if (!item) {
        adapter->unmatched++;
        return;
    }
    bool later = refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED ||
                 refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_NOT_READY;
    if (later) {
        item->sent_ms = rig_now_ms() - RESEND_MS + OVERLOADED_MS;
        return;
    }
    item->answers++;
    item->refused = true;
    item->code = refusal->code;
    text_take(item->field, sizeof item->field, refusal->field);
    text_take(item->value, sizeof item->value, refusal->value);
    text_take(item->allowed, sizeof item->allowed, refusal->allowed);
}

static bool replies_take(struct adapter *adapter)
{
    bool any = false;
    for (unsigned s = 0; s < adapter->intakes; s++) {
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        while (zmq_msg_recv(&message, adapter->sockets[s], ZMQ_DONTWAIT) >= 0) {
            any = true;
            Redress__Submit__V1__SubmitReply *reply = redress__submit__v1__submit_reply__unpack(
                NULL, zmq_msg_size(&message), zmq_msg_data(&message));
            assert_non_null(reply);
            if (reply->receipt) {
                receipt_take(adapter, reply->receipt);
            } else if (reply->refusal) {
                refusal_take(adapter, reply->refusal);
            }
            redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
        }
        (void)zmq_msg_close(&message);
    }
    return any;
}

static bool answered(const struct submission *item)
{
    return item->receipted || item->refused;
}

/* True when all are answered. */
static bool turn(struct adapter *adapter)
{
    bool any = replies_take(adapter);
    uint32_t open = 0;
    int64_t now_ms = rig_now_ms();
    while (adapter->open_from < adapter->count && answered(&adapter->items[adapter->open_from])) {
        adapter->open_from++;
    }
    for (uint32_t i = adapter->open_from; i < adapter->count && open < adapter->window; i++) {
        struct submission *item = &adapter->items[i];
        if (answered(item)) {
            continue;
        }
        open++;
        if (item->sent_ms == 0 || now_ms - item->sent_ms >= RESEND_MS) {
            send_one(adapter, item, adapter->turn++ % adapter->intakes);
        }
    }
    if (!any && open > 0) {
        zmq_pollitem_t polls[INTAKES_MAX] = {
            {adapter->sockets[0], 0, ZMQ_POLLIN, 0},
            {adapter->sockets[1], 0, ZMQ_POLLIN, 0}
        };
        (void)zmq_poll(polls, (int)adapter->intakes, 10);
    }
    return open == 0;
}

void adapter_run(struct adapter *adapter, int64_t ms)
{
    int64_t until_ms = rig_now_ms() + ms;
    while (rig_now_ms() < until_ms) {
        if (turn(adapter)) {
            return;
        }
    }
}

void adapter_add_same(struct adapter *adapter, uint32_t count, const struct content *content)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)adapter_add(adapter, content, NULL);
    }
}

void adapter_load(struct adapter *adapter, int64_t ms)
{
    int64_t until_ms = rig_now_ms() + ms;
    while (rig_now_ms() < until_ms) {
        if (adapter->count + 4 < RIG_SUBMISSIONS_MAX) {
            adapter_add_many(adapter, 4);
        }
        adapter_run(adapter, 10);
        rig_nap_ms(2);
    }
}

void adapter_finish(struct adapter *adapter, int64_t limit_ms)
{
    int64_t until_ms = rig_now_ms() + limit_ms;
    while (!turn(adapter)) {
        if (rig_now_ms() > until_ms) {
            fail_msg("%u of %u submissions are not answered after %lld ms",
                     (unsigned)(adapter->count - adapter->receipted),
                     (unsigned)adapter->count,
                     (long long)limit_ms);
        }
    }
}

uint32_t adapter_count(const struct adapter *adapter)
{
    return adapter->count;
}

struct submission *adapter_submission(struct adapter *adapter, uint32_t i)
{
    return &adapter->items[i];
}

uint32_t adapter_receipted(const struct adapter *adapter)
{
    return adapter->receipted;
}

uint32_t adapter_unmatched(const struct adapter *adapter)
{
    return adapter->unmatched;
}
