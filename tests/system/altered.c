/*
 * Goal: nobody is shown as true what was not written (law 3).
 *
 * Method: a superuser changes a word in the journal of a living archive, with and without the hash
 * beside it, of an event that another one follows and of one that is the last of its stream: show,
 * clock explain, evidence check, read and a draft end with 1, name the event and what to do, and
 * say nothing of the kind of its neighbours or once the word is back.  He puts an event of each
 * stream under another case, which leaves the chain whole: they leave it out of that case, say
 * whose it is, and end so as well.  verify gives programs the same place by parts.  Seen to fail
 * where show takes the hash of the row for the chain's, or does not look at the head, where it does
 * not tell its exit status, where it goes by the column alone, or says whose it is and shows it,
 * where read and the draft vouch for nothing, and where verify has no number or the seq of another
 * event.
 */
#include "chain.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <string.h>

enum { CASES = 100, SETTLE_MS = 20000, REFUSED = 1 };

static struct rig *rig;

static uint64_t case_where(const char *followed)
{
    return (uint64_t)rig_number(rig,
                                "SELECT min(case_id) FROM journal j JOIN head h USING (service, "
                                "partition) WHERE service = 1 AND j.kind = 1 AND j.seq %s h.seq",
                                followed);
}

/* The word is as long, so all else of the event can still be read. */
static void alter(uint64_t case_id)
{
    rig_sql(rig,
            "UPDATE journal SET bytes = decode(replace(encode(bytes, 'hex'), "
            "encode('email', 'hex'), encode('phone', 'hex')), 'hex') "
            "WHERE service = 1 AND case_id = %llu",
            (unsigned long long)case_id);
}

/* The hash beside the event, that of its bytes as they are now. */
static void hash_again(uint64_t case_id)
{
    char sql[256];
    uint8_t hash[HASH_SIZE];
    char digits[2 * sizeof hash + 1];
    (void)snprintf(sql,
                   sizeof sql,
                   "SELECT bytes FROM journal WHERE service = 1 AND case_id = %llu",
                   (unsigned long long)case_id);
    PGresult *rows = PQexecParams(rig->sql, sql, 0, NULL, NULL, NULL, NULL, 1);
    assert_int_equal(PQntuples(rows), 1);
    chain_hash(slice_of(PQgetvalue(rows, 0, 0), (size_t)PQgetlength(rows, 0, 0)), hash);
    PQclear(rows);
    for (size_t i = 0; i < sizeof hash; i++) {
        (void)snprintf(digits + 2 * i, 3, "%02x", hash[i]);
    }
    rig_sql(rig,
            "UPDATE journal SET hash = '\\x%s' WHERE service = 1 AND case_id = %llu",
            digits,
            (unsigned long long)case_id);
}

static void put_back(void)
{
    rig_sql(rig,
            "UPDATE journal j SET bytes = k.bytes, hash = k.hash FROM kept k "
            "WHERE (j.service, j.partition, j.seq) = (k.service, k.partition, k.seq)");
}

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

/* "intake.0022" of its Received. */
static const char *stream_of(uint64_t case_id, char into[32])
{
    (void)snprintf(into, 32, "intake.%04u", case_partition(case_id));
    return into;
}

static void is_vouched_for(uint64_t case_id)
{
    json_t *json = rig_asks(rig, 0, "show %llu", (unsigned long long)case_id);
    assert_true(json_is_array(json_object_get(json, "altered")));
    assert_int_equal(json_array_size(json_object_get(json, "altered")), 0);
    assert_string_equal(word(json, "channel"), "email");
    json_decref(json);
    json_decref(rig_asks(rig, 0, "clock explain %llu", (unsigned long long)case_id));
    json_decref(rig_asks(
        rig, 0, "read %llu --as wang --role agent --reason look", (unsigned long long)case_id));
    json_decref(rig_asks(rig,
                         0,
                         "act %llu acknowledge --as wang --role agent --text receipt --draft",
                         (unsigned long long)case_id));
}

/* An event of a stream, and what is said of it. */
struct doubted {
    char stream[32];
    int64_t seq;
    uint64_t of; /* the case it is of, where that is another; else 0 */
    const char *said;
};

/* This event alone, by each verb that tells of a case, and in its JSON. */
static void is_told_by_all(uint64_t case_id, const struct doubted *doubted)
{
    static const char *const verbs[][2] = {
        {"show",           ""                                                         },
        {"clock explain",  ""                                                         },
        {"evidence check", REDRESS_SOURCE "/README.md"                                },
        {"read",           "--as wang --role agent --reason look"                     },
        {"act",            "acknowledge --as wang --role agent --text receipt --draft"},
    };
    char words[256];
    char said[256];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        (void)snprintf(words,
                       sizeof words,
                       "%s %llu %s",
                       verbs[i][0],
                       (unsigned long long)case_id,
                       verbs[i][1]);
        json_t *json = rig_asks(rig, REFUSED, "%s", words);
        const json_t *altered = json_object_get(json, "altered");
        assert_int_equal(json_array_size(altered), 1);
        const json_t *one = json_array_get(altered, 0);
        assert_string_equal(word(one, "stream"), doubted->stream);
        assert_int_equal(rig_json_number(one, "seq"), doubted->seq);
        assert_int_equal(json_integer_value(json_object_get(one, "case")), doubted->of);
        json_decref(json);
        (void)snprintf(said,
                       sizeof said,
                       "%s #%lld: %s",
                       doubted->stream,
                       (long long)doubted->seq,
                       doubted->said);
        rig_says(rig, words, REFUSED, said);
        (void)snprintf(
            said, sizeof said, "redress verify --partition %u says", case_partition(case_id));
        rig_says(rig, words, REFUSED, said);
    }
}

static void is_told_as_altered(uint64_t case_id)
{
    struct doubted doubted = {.seq = (int64_t)case_id_serial(case_id),
                              .said = "its bytes are not those"};
    (void)stream_of(case_id, doubted.stream);
    is_told_by_all(case_id, &doubted);
}

static size_t events_shown(uint64_t case_id, int status)
{
    json_t *json = rig_asks(rig, status, "show %llu", (unsigned long long)case_id);
    size_t count = json_array_size(json_object_get(json, "events"));
    json_decref(json);
    return count;
}

/* The chain does not hold the column by which a case finds its events. */
static void what_is_put_under_another_case_is_left_out(uint64_t case_id, uint64_t other)
{
    static const enum service_id services[] = {SERVICE_TRIAGE, SERVICE_DISPATCH, SERVICE_WATCHDOG};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        char said[64];
        char row[128];
        struct doubted doubted = {.of = other, .said = said};
        (void)snprintf(
            said, sizeof said, "it is an event of case %llu ", (unsigned long long)other);
        (void)snprintf(doubted.stream,
                       sizeof doubted.stream,
                       "%s.%04u",
                       service_name(services[i]),
                       case_partition(case_id));
        doubted.seq = rig_number(rig,
                                 "SELECT min(seq) FROM journal WHERE service = %d AND case_id = "
                                 "%llu",
                                 services[i],
                                 (unsigned long long)other);
        (void)snprintf(row,
                       sizeof row,
                       "service = %d AND partition = %u AND seq = %lld",
                       services[i],
                       case_partition(case_id),
                       (long long)doubted.seq);
        size_t count = events_shown(case_id, 0);
        rig_sql(
            rig, "UPDATE journal SET case_id = %llu WHERE %s", (unsigned long long)case_id, row);
        assert_int_equal(events_shown(case_id, REFUSED), count);
        is_told_by_all(case_id, &doubted);
        rig_sql(rig, "UPDATE journal SET case_id = %llu WHERE %s", (unsigned long long)other, row);
        is_vouched_for(case_id);
    }
}

/* As programs are told it: by parts, with the number people read. */
static const json_t *difference(const json_t *json, const char *code)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(json, "differences"), i, one)
    {
        if (strcmp(word(one, "code"), code) == 0) {
            return one;
        }
    }
    fail_msg("no %s", code);
    return NULL;
}

static void verify_tells_the_same_by_parts(uint64_t case_id)
{
    char stream[32];
    char said[64];
    json_t *shown = rig_asks(rig, REFUSED, "show %llu", (unsigned long long)case_id);
    rig_sql(rig,
            "UPDATE complaint SET priority = 5 - priority WHERE case_id = %llu",
            (unsigned long long)case_id);
    json_t *json = rig_asks(rig, REFUSED, "verify");
    const json_t *event = difference(json, "VERIFY_HASH");
    assert_string_equal(word(event, "stream"), stream_of(case_id, stream));
    assert_int_equal(rig_json_number(event, "seq"), case_id_serial(case_id));
    assert_int_equal(rig_json_number(event, "case"), case_id);
    assert_string_equal(word(event, "number"), word(shown, "number"));
    assert_true(json_is_null(json_object_get(event, "table")));
    const json_t *row = difference(json, "VERIFY_FIELD");
    assert_true(json_is_null(json_object_get(row, "stream")));
    assert_true(json_is_null(json_object_get(row, "seq")));
    assert_string_equal(word(row, "table"), "complaint");
    assert_int_equal(rig_json_number(row, "case"), case_id);
    assert_string_equal(word(row, "number"), word(shown, "number"));
    (void)snprintf(
        said, sizeof said, "%s #%llu: ", stream, (unsigned long long)case_id_serial(case_id));
    rig_shows(rig, "verify", REFUSED, said);
    rig_sql(rig,
            "UPDATE complaint SET priority = 5 - priority WHERE case_id = %llu",
            (unsigned long long)case_id);
    rig_sql(rig, "UPDATE head SET seq = seq + 1 WHERE service = 2 AND partition = 0");
    json_t *headless = rig_asks(rig, REFUSED, "verify --partition 0 --service triage");
    const json_t *head = difference(headless, "VERIFY_HEAD_SEQ");
    assert_string_equal(word(head, "stream"), "triage.0000");
    assert_true(json_is_null(json_object_get(head, "case")));
    assert_true(json_is_null(json_object_get(head, "number")));
    rig_sql(rig, "UPDATE head SET seq = seq - 1 WHERE service = 2 AND partition = 0");
    json_decref(headless);
    json_decref(json);
    json_decref(shown);
}

static void what_was_altered_is_not_shown_as_true(void **state)
{
    rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    const struct content content = {"general-service", "email", "The machine is broken", NULL};
    for (int i = 0; i < CASES; i++) {
        (void)adapter_add(adapter, &content, NULL);
    }
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    const uint64_t cases[] = {case_where("<"), case_where("=")};
    const uint64_t neighbour = cases[0] + 1;
    rig_sql(rig, "SET session_replication_role = replica"); /* the journal's trigger looks away */
    rig_sql(rig, "CREATE TEMP TABLE kept AS SELECT * FROM journal WHERE service = 1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_vouched_for(cases[i]);
        alter(cases[i]);
        is_told_as_altered(cases[i]);
        if (i == 0) {
            verify_tells_the_same_by_parts(cases[i]);
        }
        hash_again(cases[i]);
        is_told_as_altered(cases[i]);
        put_back();
        is_vouched_for(cases[i]);
    }
    alter(neighbour);
    is_vouched_for(cases[0]);
    put_back();
    what_is_put_under_another_case_is_left_out(cases[0], neighbour);
    char words[64];
    rig_sql(rig,
            "UPDATE journal SET bytes = '\\x00' WHERE service = 1 AND case_id = %llu",
            (unsigned long long)cases[0]);
    (void)snprintf(words, sizeof words, "show %llu", (unsigned long long)cases[0]);
    rig_says(rig, words, REFUSED, "its bytes are not those");
    put_back();
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_altered_is_not_shown_as_true, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
