/*
 * Goal: LAW 1: a receipt proves that its submission was accepted, to anybody with the public key,
 * and nothing else passes.
 *
 * Method: batches of many sizes, every leaf; every bit of leaf, path, signature and key flipped;
 * index, count and path length changed; the root compared with one computed straight from the
 * recursive definition of RFC 9162.  The list of public keys is added to by many at once, and on a
 * disk that is full.
 *
 * Planted: no lock around what is added; a line in part left where it did not fit; a list that is
 * begun in place.
 */
#include "receipt_trust.h"
#include "unit.h"

#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE_MAX_TRIED = 1000 };

static char folder[] = "/tmp/redress-receipt-XXXXXX";
static char path_name[64];
static struct receipt_key *key;
static struct arena *arena;
static struct receipt_leaf leaves[RECEIPT_BATCH_MAX];
static struct error error;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path_name, sizeof path_name, "%s/receipt.key", folder);
    key = receipt_key_open(path_name, true, &error);
    arena = arena_new(16 << 20);
    for (uint32_t i = 0; i < RECEIPT_BATCH_MAX; i++) {
        randombytes_buf(leaves[i].submission_id, sizeof leaves[i].submission_id);
        leaves[i].case_id = (uint64_t)7 << 40 | (i + 1);
        leaves[i].partition = 7;
        leaves[i].seq = i + 1;
        randombytes_buf(leaves[i].hash, sizeof leaves[i].hash);
        leaves[i].received_at_us = INT64_C(1795290361123456) + i;
        leaves[i].committed_at_us = INT64_C(1795290361200000) + i;
    }
    return key && arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    receipt_key_free(&key);
    receipt_key_free(&key);
    arena_free(&arena);
    (void)unlink(path_name);
    return 0;
}

static void h(const uint8_t *bytes, size_t size, uint8_t hash[HASH_SIZE])
{
    (void)crypto_generichash_blake2b_salt_personal(
        hash, HASH_SIZE, bytes, size, NULL, 0, NULL, (const uint8_t *)"redress.receipt1");
}

/* RFC 9162 section 2.1.1, word for word. */
static void tree_hash(const struct receipt_leaf *leaf, uint32_t count, uint8_t hash[HASH_SIZE])
{
    uint8_t bytes[85] = {0};
    if (count == 1) {
        memcpy(bytes + 1, leaf->submission_id, 16);
        for (unsigned i = 0; i < 8; i++) {
            bytes[17 + i] = (uint8_t)(leaf->case_id >> 8 * i);
            bytes[29 + i] = (uint8_t)(leaf->seq >> 8 * i);
            bytes[69 + i] = (uint8_t)(leaf->received_at_us >> 8 * i);
            bytes[77 + i] = (uint8_t)(leaf->committed_at_us >> 8 * i);
        }
        bytes[25] = (uint8_t)leaf->partition;
        memcpy(bytes + 37, leaf->hash, 32);
        h(bytes, 85, hash);
        return;
    }
    uint32_t k = 1;
    while (2 * k < count) {
        k *= 2;
    }
    bytes[0] = 1;
    tree_hash(leaf, k, bytes + 1);
    tree_hash(leaf + k, count - k, bytes + 33);
    h(bytes, 65, hash);
}

static void every_leaf_of_every_size_verifies_against_the_defined_root(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        arena_reset(arena);
        uint32_t count = sizes[s];
        struct receipt_batch *batch = receipt_batch_sign(key, leaves, count, arena);
        assert_non_null(batch);
        uint8_t statement[18 + 4 + 32] = "redress.receipt.v1";
        statement[18] = (uint8_t)count;
        statement[19] = (uint8_t)(count >> 8);
        tree_hash(leaves, count, statement + 22);
        assert_int_equal(crypto_sign_ed25519_verify_detached(receipt_batch_signature(batch),
                                                             statement,
                                                             sizeof statement,
                                                             receipt_key_public(key)),
                         0);
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *path[RECEIPT_PATH_MAX];
            uint32_t used = receipt_batch_path(batch, i, path);
            assert_true(receipt_verify(&leaves[i],
                                       i,
                                       count,
                                       path,
                                       used,
                                       receipt_batch_signature(batch),
                                       receipt_key_public(key)));
        }
    }
}

/* All a receipt is made of, in one block, so that each bit can be turned. */
struct receipt {
    struct receipt_leaf leaf;
    uint32_t index;
    uint32_t count;
    uint8_t path[RECEIPT_PATH_MAX][HASH_SIZE];
    uint32_t path_count;
    uint8_t signature[RECEIPT_SIGNATURE_SIZE];
    uint8_t public[RECEIPT_PUBLIC_SIZE];
};

static bool holds(const struct receipt *receipt)
{
    const uint8_t *path[RECEIPT_PATH_MAX];
    for (size_t i = 0; i < RECEIPT_PATH_MAX; i++) {
        path[i] = receipt->path[i];
    }
    return receipt_verify(&receipt->leaf,
                          receipt->index,
                          receipt->count,
                          path,
                          receipt->path_count,
                          receipt->signature,
                          receipt->public);
}

static void receipt_make(struct receipt *receipt, uint32_t index, uint32_t count)
{
    const uint8_t *path[RECEIPT_PATH_MAX];
    arena_reset(arena);
    struct receipt_batch *batch = receipt_batch_sign(key, leaves, count, arena);
    assert_non_null(batch);
    *receipt = (struct receipt){.leaf = leaves[index], .index = index, .count = count};
    receipt->path_count = receipt_batch_path(batch, index, path);
    for (uint32_t i = 0; i < receipt->path_count; i++) {
        memcpy(receipt->path[i], path[i], HASH_SIZE);
    }
    memcpy(receipt->signature, receipt_batch_signature(batch), RECEIPT_SIGNATURE_SIZE);
    memcpy(receipt->public, receipt_key_public(key), RECEIPT_PUBLIC_SIZE);
    assert_true(holds(receipt));
}

static void flip_all(const struct receipt *receipt, void *part, size_t size)
{
    for (size_t bit = 0; bit < size * 8; bit++) {
        ((uint8_t *)part)[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(holds(receipt));
        ((uint8_t *)part)[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(holds(receipt));
}

static void any_changed_bit_is_refused(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 5, 7, 8};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint32_t count = sizes[s];
        struct receipt receipt;
        receipt_make(&receipt, count - 1, count);
        flip_all(&receipt, receipt.leaf.submission_id, sizeof receipt.leaf.submission_id);
        flip_all(&receipt, &receipt.leaf.case_id, sizeof receipt.leaf.case_id);
        flip_all(&receipt, &receipt.leaf.partition, sizeof receipt.leaf.partition);
        flip_all(&receipt, &receipt.leaf.seq, sizeof receipt.leaf.seq);
        flip_all(&receipt, receipt.leaf.hash, sizeof receipt.leaf.hash);
        flip_all(&receipt, receipt.path, receipt.path_count * HASH_SIZE);
        flip_all(&receipt, receipt.signature, sizeof receipt.signature);
        flip_all(&receipt, receipt.public, sizeof receipt.public);
    }
}

static void another_place_another_count_or_another_path_length_is_refused(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 5, 7, 8, SIZE_MAX_TRIED};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct receipt receipt;
        uint32_t index = sizes[s] / 2;
        receipt_make(&receipt, index, sizes[s]);
        for (uint32_t i = 0; i < sizes[s] + 3; i++) {
            receipt.index = i;
            assert_int_equal(holds(&receipt), i == index);
        }
        receipt.index = index;
        for (uint32_t count = 0; count < sizes[s] + 20; count++) {
            receipt.count = count;
            assert_int_equal(holds(&receipt), count == sizes[s]);
        }
        receipt.count = UINT32_MAX;
        assert_false(holds(&receipt));
        receipt.count = sizes[s];
        uint32_t right = receipt.path_count;
        for (receipt.path_count = 0; receipt.path_count <= RECEIPT_PATH_MAX; receipt.path_count++) {
            assert_int_equal(holds(&receipt), receipt.path_count == right);
        }
    }
}

static void the_largest_batch_needs_no_longer_path_and_a_full_arena_says_so(void **state)
{
    (void)state;
    struct receipt receipt;
    receipt_make(&receipt, RECEIPT_BATCH_MAX - 1, RECEIPT_BATCH_MAX);
    assert_int_equal(receipt.path_count, RECEIPT_PATH_MAX);
    struct arena *small = arena_new(4096);
    assert_null(receipt_batch_sign(key, leaves, 1000, small));
    arena_reset(small);
    assert_non_null(receipt_batch_sign(key, leaves, 10, small));
    arena_free(&small);
}

static void the_key_survives_a_restart_and_a_bad_file_is_refused(void **state)
{
    (void)state;
    struct receipt_key *again = receipt_key_open(path_name, true, &error);
    assert_non_null(again);
    assert_memory_equal(receipt_key_public(again), receipt_key_public(key), RECEIPT_PUBLIC_SIZE);
    receipt_key_free(&again);
    assert_int_equal(chmod(path_name, 0644), 0);
    assert_null(receipt_key_open(path_name, true, &error));
    static const char *const bad[] = {
        "", "redress-receipt 1\n", "redress-receipt 1\nseed aa\n", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)unlink(path_name);
        FILE *file = fopen(path_name, "w");
        assert_non_null(file);
        (void)fputs(bad[i], file);
        (void)fclose(file);
        assert_int_equal(chmod(path_name, 0600), 0);
        assert_null(receipt_key_open(path_name, true, &error));
        assert_int_equal(error.kind, ERROR_FATAL);
    }
    (void)unlink(path_name);
    assert_null(receipt_key_open(path_name, false, &error));
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void public_put(const char *file, const char *text)
{
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    (void)fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

/* The signing key is changed, and what the older one signed is believed as before. */
static void the_public_keys_are_a_list_that_grows(void **state)
{
    (void)state;
    char file[80];
    char other[80];
    struct receipt_trust trust;
    (void)snprintf(file, sizeof file, "%s/receipt.key.pub", folder);
    (void)snprintf(other, sizeof other, "%s/other.key", folder);
    assert_false(receipt_trust_read(file, &trust, &error));
    assert_non_null(strstr(error.text, "redress keys create"));
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_false(receipt_trust_add(file, key, &error)); /* and waits for nobody */
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_int_equal(unlink(file), 0);
    assert_true(receipt_trust_add(file, key, &error));
    assert_true(receipt_trust_add(file, key, &error)); /* no second line */
    assert_true(receipt_trust_read(file, &trust, &error));
    assert_int_equal(trust.count, 1);
    struct receipt_key *newer = receipt_key_open(other, true, &error);
    assert_non_null(newer);
    assert_false(receipt_trust_has(&trust, receipt_key_public(newer)));
    assert_true(receipt_trust_add(file, newer, &error));
    assert_true(receipt_trust_read(file, &trust, &error));
    assert_int_equal(trust.count, 2);
    assert_true(receipt_trust_has(&trust, receipt_key_public(newer)));
    assert_true(receipt_trust_has(&trust, receipt_key_public(key)));
    assert_int_equal(chmod(file, 0664), 0);
    assert_false(receipt_trust_read(file, &trust, &error));
    assert_non_null(strstr(error.text, "chmod go-w"));
    assert_int_equal(chmod(file, 0644), 0);
    static const char *const bad[] = {
        "",
        "redress-receipt-public 1\n",
        "redress-receipt-public 2\nkey 00",
        "redress-receipt-public 1\nkey 00",
        ("redress-receipt-public 1\nseed "
         "0000000000000000000000000000000000000000000000000000000000000000\n"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        public_put(file, bad[i]);
        assert_false(receipt_trust_read(file, &trust, &error));
        assert_false(receipt_trust_add(file, key, &error));
    }
    receipt_key_free(&newer);
    (void)unlink(file);
    (void)unlink(other);
}

enum { CHILDREN = 8 };

/* All at once, each with a key of its own, or all with ours; the list may be there or not. */
static void add_at_once(const char *file, bool ours)
{
    int go[2];
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < CHILDREN; i++) {
        if (fork() == 0) {
            char mine[96];
            char byte = 0;
            (void)close(go[1]);
            (void)snprintf(mine, sizeof mine, "%s/child%d.key", folder, i);
            struct receipt_key *own = ours ? key : receipt_key_open(mine, true, &error);
            ssize_t ended = read(go[0], &byte, 1); /* all leave at once, when it is closed */
            _exit(ended == 0 && own && receipt_trust_add(file, own, &error) ? 0 : 1);
        }
    }
    (void)close(go[0]);
    (void)close(go[1]);
    for (int i = 0; i < CHILDREN; i++) {
        int status = 1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

static void who_adds_to_the_list_at_once_takes_nothing_from_it(void **state)
{
    (void)state;
    char file[80];
    char mine[96];
    struct receipt_trust trust;
    struct stat info;
    (void)snprintf(file, sizeof file, "%s/receipt.key.pub", folder);
    for (int round = 0; round < 25; round++) {
        (void)unlink(file);
        for (int i = 0; i < CHILDREN; i++) {
            (void)snprintf(mine, sizeof mine, "%s/child%d.key", folder, i);
            (void)unlink(mine);
        }
        add_at_once(file, false);
        if (!receipt_trust_read(file, &trust, &error)) {
            fail_msg("%s", error.text);
        }
        assert_int_equal(trust.count, CHILDREN);
        add_at_once(file, true); /* the same: no second lines */
        assert_true(receipt_trust_read(file, &trust, &error));
        assert_int_equal(trust.count, CHILDREN + 1);
        assert_int_equal(stat(file, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0644);
        assert_int_equal(info.st_nlink, 1);
    }
    for (int i = 0; i < CHILDREN; i++) {
        (void)snprintf(mine, sizeof mine, "%s/child%d.key", folder, i);
        (void)unlink(mine);
    }
    (void)unlink(file);
}

/* The list, and the keys in it, are as before; a line in part would spoil it for all. */
static void a_full_disk_takes_nothing_from_the_list(void **state)
{
    (void)state;
    char file[80];
    char other[80];
    struct receipt_trust trust;
    struct stat before;
    struct stat after;
    struct rlimit usual;
    (void)snprintf(file, sizeof file, "%s/receipt.key.pub", folder);
    (void)snprintf(other, sizeof other, "%s/other.key", folder);
    struct receipt_key *newer = receipt_key_open(other, true, &error);
    assert_non_null(newer);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    struct rlimit small = {.rlim_cur = 40, .rlim_max = usual.rlim_max};
    void (*as_before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(receipt_trust_add(file, key, &error));
    assert_int_not_equal(access(file, F_OK), 0); /* and no list that nobody can begin anew */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_true(receipt_trust_add(file, key, &error));
    assert_int_equal(stat(file, &before), 0);
    small.rlim_cur = (rlim_t)before.st_size + 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(receipt_trust_add(file, newer, &error));
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_int_equal(truncate(file, before.st_size - 1), 0); /* as people write: no end of line */
    assert_true(receipt_trust_add(file, newer, &error));
    assert_true(receipt_trust_read(file, &trust, &error));
    assert_int_equal(trust.count, 2);
    assert_true(receipt_trust_has(&trust, receipt_key_public(newer)));
    (void)signal(SIGXFSZ, as_before);
    receipt_key_free(&newer);
    (void)unlink(file);
    (void)unlink(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORY(every_leaf_of_every_size_verifies_against_the_defined_root),
        STORY(any_changed_bit_is_refused),
        STORY(another_place_another_count_or_another_path_length_is_refused),
        STORY(the_largest_batch_needs_no_longer_path_and_a_full_arena_says_so),
        STORY(the_key_survives_a_restart_and_a_bad_file_is_refused),
        STORY(the_public_keys_are_a_list_that_grows),
        STORY(who_adds_to_the_list_at_once_takes_nothing_from_it),
        STORY(a_full_disk_takes_nothing_from_the_list),
    };
    if (!mkdtemp(folder)) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? failed : 1;
}
