/*
 * Goal: LAW 10: a sealed field opens with its own case key, as its own field of its own case, and
 * in no other way; the key file is made once and guarded.
 *
 * Method: round trips, every other key, case, field and key id, every single flipped bit, a
 * ciphertext crafted without the commitment, and many processes that make the key file at once.
 */
#include "seal.h"

#include "hex.h"
#include "key_file.h"
#include "unit.h"

#include <sodium.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t our_case = 0x0300000007;

enum { HEAD = 25, CHILDREN = 16 };

static char folder[] = "/tmp/redress-seal-XXXXXX";
static char path[64];
static struct seal_ring *ring;
static struct arena *arena;
static uint8_t key[SEAL_KEY_SIZE];
static uint8_t wrapped[SEAL_WRAPPED_SIZE];
static struct error error;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/seal.key", folder);
    ring = seal_ring_open(path, true, &error);
    arena = arena_new(1 << 20);
    assert_non_null(ring);
    seal_case_key_make(ring, our_case, key, wrapped);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    seal_ring_free(&ring);
    seal_ring_free(&ring);
    arena_free(&arena);
    (void)unlink(path);
    return 0;
}

static struct slice sealed_text(const char *text)
{
    struct slice sealed;
    assert_true(seal_field(key, our_case, "contact", 1, slice_text(text), arena, &sealed, &error));
    return sealed;
}

static bool
opens(const uint8_t *with, uint64_t case_id, const char *field, uint32_t id, struct slice sealed)
{
    struct slice plain = {0};
    error.kind = ERROR_NONE;
    bool good = seal_field_open(with, case_id, field, id, sealed, arena, &plain, &error);
    assert_true(good || error.kind == ERROR_REJECT);
    return good;
}

static void every_length_comes_back_and_short_ones_look_alike(void **state)
{
    (void)state;
    static uint8_t bytes[SEAL_PLAIN_MAX + 1];
    randombytes_buf(bytes, sizeof bytes);
    for (size_t size = 0; size < 300; size++) {
        struct slice sealed;
        struct slice plain;
        arena_reset(arena);
        struct slice lent = slice_of(size ? bytes : NULL, size);
        assert_true(seal_field(key, our_case, "text", 1, lent, arena, &sealed, &error));
        assert_int_equal(sealed.size, 1 + 24 + 32 + (size + 4 + 31) / 32 * 32 + 16);
        assert_true(seal_field_open(key, our_case, "text", 1, sealed, arena, &plain, &error));
        assert_true(slice_equal(plain, lent));
    }
    struct slice sealed;
    struct slice plain;
    struct slice most = slice_of(bytes, SEAL_PLAIN_MAX);
    assert_true(seal_field(key, our_case, "text", 1, most, arena, &sealed, &error));
    assert_true(seal_field_open(key, our_case, "text", 1, sealed, arena, &plain, &error));
    assert_true(slice_equal(plain, most));
    most.size++;
    assert_false(seal_field(key, our_case, "text", 1, most, arena, &sealed, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
}

static void nothing_but_its_own_place_opens_a_field(void **state)
{
    (void)state;
    struct slice sealed = sealed_text("13800138000");
    uint8_t other[SEAL_KEY_SIZE];
    memcpy(other, key, sizeof other);
    other[31] ^= 1;
    char endless[SEAL_FIELD_NAME_MAX + 2];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_true(opens(key, our_case, "contact", 1, sealed));
    assert_false(opens(other, our_case, "contact", 1, sealed));
    assert_false(opens(key, our_case + 1, "contact", 1, sealed));
    assert_false(opens(key, our_case, "contacts", 1, sealed));
    assert_false(opens(key, our_case, "contac", 1, sealed));
    assert_false(opens(key, our_case, "", 1, sealed));
    assert_false(opens(key, our_case, endless, 1, sealed));
    assert_false(opens(key, our_case, "contact", 2, sealed));
}

/* As the head of seal.h says: add a line.  What the older one wrapped opens as before. */
static void a_case_key_is_found_under_whichever_kek_wrapped_it(void **state)
{
    (void)state;
    char line[128];
    char hex[2 * SEAL_KEY_SIZE + 1];
    uint8_t out[SEAL_KEY_SIZE];
    uint8_t newer[SEAL_WRAPPED_SIZE];
    uint32_t key_id = 0;
    uint8_t fresh[SEAL_KEY_SIZE];
    randombytes_buf(fresh, sizeof fresh);
    hex_encode(fresh, sizeof fresh, hex);
    (void)snprintf(line, sizeof line, "kek 2 %s\n", hex);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(line, file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct seal_ring *two = seal_ring_open(path, false, &error);
    assert_non_null(two);
    struct slice old = slice_of(wrapped, sizeof wrapped);
    assert_int_equal(seal_key_id(two), 2);
    assert_true(seal_case_key_find(two, our_case, old, out, &key_id, &error));
    assert_int_equal(key_id, 1);
    assert_memory_equal(out, key, sizeof key);
    uint8_t other[SEAL_KEY_SIZE];
    seal_case_key_make(two, our_case, other, newer);
    struct slice wrapped_newer = slice_of(newer, sizeof newer);
    assert_true(seal_case_key_find(two, our_case, wrapped_newer, out, &key_id, &error));
    assert_int_equal(key_id, 2);
    assert_memory_equal(out, other, sizeof other);
    assert_false(seal_case_key_find(two, our_case + 1, old, out, &key_id, &error));
    assert_false(seal_case_key_find(ring, our_case, wrapped_newer, out, &key_id, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    seal_ring_free(&two);
}

static void any_flipped_bit_and_any_cut_is_refused(void **state)
{
    (void)state;
    struct slice sealed = sealed_text("王小明");
    uint8_t copy[512];
    memcpy(copy, sealed.bytes, sealed.size); /* the first byte is the schema */
    for (size_t bit = 0; bit < sealed.size * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(opens(key, our_case, "contact", 1, slice_of(copy, sealed.size)));
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        arena_reset(arena);
    }
    for (size_t size = 0; size < sealed.size; size++) {
        assert_false(opens(key, our_case, "contact", 1, slice_of(copy, size)));
    }
    assert_true(opens(key, our_case, "contact", 1, slice_of(copy, sealed.size)));
    for (size_t bit = 0; bit < sizeof wrapped * 8; bit++) {
        uint8_t out[SEAL_KEY_SIZE];
        wrapped[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(
            seal_case_key_open(ring, 1, our_case, slice_of(wrapped, sizeof wrapped), out, &error));
        wrapped[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void a_field_that_does_not_name_its_key_is_refused_though_the_cipher_accepts_it(void **state)
{
    (void)state;
    uint8_t frame[64] = {0}; /* commitment of no key; length 0 */
    uint8_t context[64] = "redress.field.v1\1\0\0\0\1\0\0\0\7\0\0\0\3\0\0\0contact";
    uint8_t forged[HEAD + sizeof frame + 16] = {1};
    for (int honest = 0; honest < 2; honest++) {
        if (honest) {
            static const uint8_t personal[16] = "redress.commit.1";
            (void)crypto_generichash_blake2b_salt_personal(
                frame, 32, key, sizeof key, NULL, 0, NULL, personal);
        }
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
            forged + HEAD, NULL, frame, sizeof frame, context, 39, NULL, forged + 1, key);
        /* The honest one shows that nothing else stops the forged one. */
        assert_int_equal(opens(key, our_case, "contact", 1, slice_of(forged, sizeof forged)),
                         honest);
    }
    frame[32] = 29; /* one more than there is room for */
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        forged + HEAD, NULL, frame, sizeof frame, context, 39, NULL, forged + 1, key);
    assert_false(opens(key, our_case, "contact", 1, slice_of(forged, sizeof forged)));
}

static void a_case_key_opens_for_its_case_and_key_id_only(void **state)
{
    (void)state;
    uint8_t out[SEAL_KEY_SIZE];
    struct slice all = slice_of(wrapped, sizeof wrapped);
    assert_int_equal(seal_key_id(ring), 1);
    assert_true(seal_case_key_open(ring, 1, our_case, all, out, &error));
    assert_memory_equal(out, key, sizeof key);
    assert_false(seal_case_key_open(ring, 1, our_case + 1, all, out, &error));
    assert_false(seal_case_key_open(ring, 2, our_case, all, out, &error));
    assert_false(seal_case_key_open(ring, 0, our_case, all, out, &error));
    assert_false(seal_case_key_open(ring, 1, our_case, slice_of(wrapped, 71), out, &error));
    assert_false(seal_case_key_open(ring, 1, our_case, slice_of(NULL, 0), out, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
}

static void the_same_text_seals_differently_each_time_and_a_full_arena_says_so(void **state)
{
    (void)state;
    assert_false(slice_equal(sealed_text("same"), sealed_text("same")));
    struct arena *small = arena_new(64);
    struct slice sealed;
    assert_false(seal_field(key, our_case, "a", 1, slice_text("much"), small, &sealed, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    arena_free(&small);
}

static void the_blind_index_folds_case_and_blanks_and_needs_the_ring(void **state)
{
    (void)state;
    uint64_t index = seal_blind_index(ring, slice_text("Wang@Example.COM"));
    assert_true(index != 0);
    assert_true(index == seal_blind_index(ring, slice_text(" wang@example.com\t")));
    assert_true(index != seal_blind_index(ring, slice_text("wang@example.con")));
    char endless[200];
    memset(endless, 'A', sizeof endless);
    uint64_t all = seal_blind_index(ring, slice_of(endless, 200));
    assert_true(all != seal_blind_index(ring, slice_of(endless, 199)));
    memset(endless, 'a', sizeof endless);
    assert_true(all == seal_blind_index(ring, slice_of(endless, 200)));
    assert_true(seal_blind_index(ring, slice_of(NULL, 0)) != 0);
    seal_ring_free(&ring);
    assert_int_equal(unlink(path), 0);
    ring = seal_ring_open(path, true, &error);
    assert_true(index != seal_blind_index(ring, slice_text("wang@example.com")));
}

static void a_mark_is_of_the_very_bytes_and_needs_the_ring(void **state)
{
    (void)state;
    uint64_t mark = seal_mark(ring, slice_text("wang note"));
    assert_true(mark == seal_mark(ring, slice_text("wang note")));
    assert_true(mark != seal_mark(ring, slice_text("Wang note")));
    assert_true(mark != seal_mark(ring, slice_text("wangnote")));
    assert_true(mark != seal_blind_index(ring, slice_text("wang note")));
    assert_true(seal_mark(ring, slice_text("wang")) != seal_blind_index(ring, slice_text("wang")));
    seal_ring_free(&ring);
    assert_int_equal(unlink(path), 0);
    ring = seal_ring_open(path, true, &error);
    assert_true(mark != seal_mark(ring, slice_text("wang note")));
}

static void file_put(const char *text, mode_t mode)
{
    (void)unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

#define A8  "aaaaaaaa"
#define A64 A8 A8 A8 A8 A8 A8 A8 A8

static void a_file_others_may_touch_or_that_is_not_a_key_file_is_refused(void **state)
{
    (void)state;
    static const char good[] =
        "redress-seal 1\n# kept\nindex " A64 "\nkek 2 " A64 "\nkek 1 " A64 "\n";
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0666};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        file_put(good, open_modes[i]);
        assert_null(seal_ring_open(path, true, &error));
        assert_non_null(strstr(error.text, "chmod 600"));
    }
    file_put(good, 0440);
    bool lent = geteuid() == 0 && chown(path, 0, 0) == 0;
    struct seal_ring *credential = seal_ring_open(path, false, &error);
    assert_true((credential != NULL) == lent); /* root's own group */
    seal_ring_free(&credential);
    if (lent) {
        assert_int_equal(chown(path, 0, 1), 0);
        assert_null(seal_ring_open(path, false, &error));
        assert_non_null(strstr(error.text, "mode 0440 lets others in"));
    }
    file_put(good, 0400);
    struct seal_ring *two = seal_ring_open(path, false, &error);
    assert_non_null(two);
    assert_int_equal(seal_key_id(two), 2);
    seal_ring_free(&two);
    static const char *const bad[] = {
        "",
        "redress-seal 2\nindex " A64 "\nkek 1 " A64,
        "redress-seal 1\nkek 1 " A64,
        "redress-seal 1\nindex " A64,
        "redress-seal 1\nindex " A64 "\nkek 0 " A64,
        "redress-seal 1\nindex " A64 "\nkek 4294967296 " A64,
        "redress-seal 1\nindex " A64 "\nkek 1 " A64 "a",
        "redress-seal 1\nindex " A64 "\nkek 1 " A64 "\nkek 1 " A64,
        "redress-seal 1\nindex " A64 "\nindex " A64 "\nkek 1 " A64,
        "redress-seal 1\nindex " A64 "\nkey 1 " A64,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file_put(bad[i], 0600);
        assert_null(seal_ring_open(path, true, &error));
        assert_null(strstr(error.text, A8)); /* a message never quotes a key */
    }
    (void)unlink(path);
    assert_null(seal_ring_open(path, false, &error));
    assert_null(seal_ring_open(folder, true, &error));
    assert_null(seal_ring_open("/nonexistent/seal.key", true, &error));
}

static void daemons_that_start_together_end_up_with_one_key(void **state)
{
    (void)state;
    static const char value[] = "13800138000";
    for (int round = 0; round < 5; round++) {
        int go[2];
        int answers[2];
        (void)unlink(path);
        assert_int_equal(pipe(go), 0);
        assert_int_equal(pipe(answers), 0);
        for (int i = 0; i < CHILDREN; i++) {
            if (fork() == 0) {
                char byte = 0;
                (void)close(go[1]);
                ssize_t ended = read(go[0], &byte, 1); /* all leave at once, when it is closed */
                struct seal_ring *mine = seal_ring_open(path, true, &error);
                uint64_t index = mine ? seal_blind_index(mine, slice_text(value)) : 0;
                _exit(ended == 0 && write(answers[1], &index, sizeof index) == sizeof index ? 0
                                                                                            : 1);
            }
        }
        (void)close(go[0]);
        (void)close(go[1]);
        uint64_t first = 0;
        for (int i = 0; i < CHILDREN; i++) {
            uint64_t index = 0;
            assert_int_equal(read(answers[0], &index, sizeof index), sizeof index);
            first = i == 0 ? index : first;
            assert_true(index != 0 && index == first);
        }
        (void)close(answers[0]);
        (void)close(answers[1]);
        while (wait(NULL) > 0) {
        }
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_int_equal(info.st_nlink, 1); /* nothing is left beside it */
    }
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORY(every_length_comes_back_and_short_ones_look_alike),
        STORY(nothing_but_its_own_place_opens_a_field),
        STORY(any_flipped_bit_and_any_cut_is_refused),
        STORY(a_field_that_does_not_name_its_key_is_refused_though_the_cipher_accepts_it),
        STORY(a_case_key_opens_for_its_case_and_key_id_only),
        STORY(a_case_key_is_found_under_whichever_kek_wrapped_it),
        STORY(the_same_text_seals_differently_each_time_and_a_full_arena_says_so),
        STORY(the_blind_index_folds_case_and_blanks_and_needs_the_ring),
        STORY(a_mark_is_of_the_very_bytes_and_needs_the_ring),
        STORY(a_file_others_may_touch_or_that_is_not_a_key_file_is_refused),
        STORY(daemons_that_start_together_end_up_with_one_key),
    };
    if (!mkdtemp(folder)) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? failed : 1;
}
