#include "dispatch_store.h"

#include "dispatch_store_more.h"

#define COMPLAINT_COLUMNS                                                                          \
    "case_id, policy_id, version, step, queue, home_queue, agent, agent_role, last_actor, "        \
    "category, severity_class, channel, customer, score, repeats, priority, escalation, "          \
    "language, reopened, followed_up, acknowledged, received_at, opened_at, step_since, "          \
    "updated_at, closed_at, outcome, more"

/* A policy that is not there would be waited for. */
#define COMPLAINT_COLUMNS_OF_C                                                                     \
    "c.case_id, (SELECT id FROM policy WHERE id = c.policy_id), c.version, c.step, c.queue, "      \
    "c.home_queue, c.agent, "                                                                      \
    "c.agent_role, c.last_actor, c.category, c.severity_class, c.channel, c.customer, "            \
    "c.score, c.repeats, c.priority, c.escalation, c.language, c.reopened, c.followed_up, "        \
    "c.acknowledged, c.received_at, c.opened_at, c.step_since, c.updated_at, c.closed_at, "        \
    "c.outcome, c.more"

/* And what its policy says of it, which a state need not hold, for those who search by it. */
#define COMPLAINT_COLUMNS_WRITTEN COMPLAINT_COLUMNS ", pushes, cause"

/* With when its clocks are due, as the watchdog has it, and whether it has none of them although it
 * has folded all that was done: their row is lost. */
#define ROWS                                                                                       \
    "SELECT " COMPLAINT_COLUMNS_OF_C                                                               \
    ", k.dues, c.pushes, c.cause, k.case_id IS NULL AND EXISTS (SELECT FROM head w JOIN head d "   \
    "USING (partition) WHERE w.partition = (c.case_id >> 40)::smallint AND w.service = 4 "         \
    "AND d.service = 3 AND w.dispatch_seq >= d.seq) "                                              \
    "FROM complaint c LEFT JOIN clock k USING (case_id) "

#define CASES_ONE                                                                                  \
    "INSERT INTO complaint (" COMPLAINT_COLUMNS_WRITTEN                                            \
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "                                               \
    "$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, "   \
    "$28, $29, $30) "

#define CASES_MANY                                                                                 \
    "INSERT INTO complaint (" COMPLAINT_COLUMNS_WRITTEN ") SELECT * FROM unnest("                  \
    "$1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], " \
    "$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], "               \
    "$14::integer[], $15::integer[], $16::smallint[], $17::smallint[], $18::smallint[], "          \
    "$19::smallint[], $20::smallint[], $21::boolean[], $22::timestamptz[], $23::timestamptz[], "   \
    "$24::timestamptz[], $25::timestamptz[], $26::timestamptz[], $27::text[], $28::bytea[], "      \
    "$29::boolean[], $30::text[]) "

/* What of a case may change.  A row that is there is updated: an INSERT … ON CONFLICT builds a row
 * of all columns first, finds the old one, locks it and writes that to the log before it updates.
 */
#define CASE_CHANGES                                                                               \
    "UPDATE complaint c SET (version, step, queue, home_queue, agent, agent_role, last_actor, "    \
    "category, severity_class, customer, priority, escalation, reopened, followed_up, "            \
    "acknowledged, step_since, updated_at, closed_at, outcome, more, pushes, cause) = "

#define CASES_CHANGE_ONE                                                                           \
    CASE_CHANGES                                                                                   \
    "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "     \
    "$21, $22, $23) WHERE c.case_id = $1"

/* LIMIT says to the planner that these are few: a table nobody has analyzed yet is looked up by its
 * key, and not read from end to end.  One that was vacuumed or analyzed while it was empty, or had
 * a page or two, is all the same, until the next analyze makes another plan. */
#define CASES_CHANGE_MANY                                                                          \
    CASE_CHANGES                                                                                   \
    "(a.v2, a.v3, a.v4, a.v5, a.v6, a.v7, a.v8, a.v9, a.v10, a.v11, a.v12, a.v13, a.v14, a.v15, "  \
    "a.v16, a.v17, a.v18, a.v19, a.v20, a.v21, a.v22, a.v23) "                                     \
    "FROM (SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], " \
    "$6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], "                 \
    "$12::smallint[], $13::smallint[], $14::smallint[], $15::smallint[], $16::boolean[], "         \
    "$17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::text[], $21::bytea[], "      \
    "$22::boolean[], $23::text[]) LIMIT cardinality($1)) AS a(v1, v2, v3, v4, v5, v6, v7, v8, "    \
    "v9, v10, v11, "                                                                               \
    "v12, v13, v14, v15, v16, v17, v18, v19, v20, v21, v22, v23) WHERE c.case_id = a.v1"

const char dispatch_rows_query[] = ROWS;

const struct pg_statement dispatch_statements[] = {
    {"dispatch_rows",
     ROWS "WHERE c.case_id IN (SELECT unnest($1::bigint[]) UNION "
          "SELECT case_id FROM command WHERE command_id = ANY($2::uuid[]))"                     },
    {"dispatch_feed",
     ROWS "WHERE c.case_id > $1::bigint AND c.case_id <= $2::bigint AND c.queue <> '' "
          "ORDER BY c.case_id LIMIT $3::integer"                                                },
    {"dispatch_search",
     "SELECT c.case_id FROM complaint c LEFT JOIN clock k USING (case_id) "
     "WHERE c.queue = $2::text AND c.policy_id IN (SELECT id FROM policy WHERE name = $1::text) "
     "AND (c.case_id >> 40)::smallint = ANY($3::smallint[]) "
     "ORDER BY " DISPATCH_QUEUE_ORDER " LIMIT $4::integer"                                      },
    {"dispatch_waiting",
     "WITH waiting AS MATERIALIZED (SELECT c.case_id, c.priority, dense_rank() OVER (ORDER BY "
     "p.name, c.queue) AS nr, row_number() OVER (PARTITION BY p.name, c.queue "
     "ORDER BY " DISPATCH_QUEUE_ORDER ") AS place FROM complaint c JOIN policy p ON p.id = "
     "c.policy_id LEFT JOIN clock k USING (case_id) "
     "WHERE c.pushes AND (c.case_id >> 40)::smallint = ANY($1::smallint[])), "
     "best AS (SELECT case_id, nr FROM waiting ORDER BY place, priority, nr LIMIT $2::integer), "
     "turn AS (SELECT case_id, nr FROM waiting WHERE case_id > $3::bigint AND case_id NOT IN "
     "(SELECT case_id FROM best) ORDER BY case_id LIMIT $2::integer) "
     "SELECT case_id, nr, false FROM best UNION ALL SELECT case_id, nr, true FROM turn"         },
    {"dispatch_cases_new_one",   CASES_ONE                                                      },
    {"dispatch_cases_new",       CASES_MANY                                                     },
    {"dispatch_cases_one",       CASES_CHANGE_ONE                                               },
    {"dispatch_cases",           CASES_CHANGE_MANY                                              },
    {"dispatch_slots_new",
     "INSERT INTO agent_slot (agent, capacity) SELECT * FROM unnest($1::text[], $2::integer[]) "
     "ON CONFLICT DO NOTHING"                                                                   },
    {"dispatch_slots",
     "WITH change AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[]) "
     "AS a(agent, delta, capacity)), moved AS (UPDATE agent_slot s SET "
     "used = s.used + c.delta, "
     "capacity = CASE WHEN c.delta > 0 THEN c.capacity ELSE s.capacity END "
     "FROM change c WHERE s.agent = c.agent AND (c.delta <= 0 OR s.used + c.delta <= c.capacity) "
     "RETURNING s.agent) SELECT agent_full(ARRAY(SELECT c.agent FROM change c "
     "WHERE NOT EXISTS (SELECT FROM moved m WHERE m.agent = c.agent)))"                         },
    {"dispatch_commands_one",
     "INSERT INTO command (command_id, case_id, seq, at, mark) VALUES ($1, $2, $3, $4, $5)"     },
    {"dispatch_commands",
     "INSERT INTO command (command_id, case_id, seq, at, mark) SELECT * FROM "
     "unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[])"          },
    {"dispatch_commands_forget",
     "DELETE FROM command WHERE command_id IN (SELECT command_id FROM command "
     "WHERE at < clock_timestamp() - interval '30 days' LIMIT $1::integer)"                     },
    {"dispatch_keys",
     "SELECT case_id, wrapped_key FROM submission WHERE case_id = ANY($1::bigint[]) "
     "AND wrapped_key IS NOT NULL"                                                              },
    {"dispatch_sealed",          /* LIMIT: each looked up by itself */
     "SELECT q.n, e.bytes FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) "
     "WITH ORDINALITY AS q(case_id, service, seq, n) CROSS JOIN LATERAL (SELECT j.bytes "
     "FROM journal j WHERE j.service = q.service AND j.partition = (q.case_id >> 40)::smallint "
     "AND j.seq = q.seq LIMIT 1) AS e"                                   },
    {"dispatch_erase",
     "UPDATE submission SET wrapped_key = NULL, customer = NULL, "
     "digest = decode(repeat('00', 32), 'hex') WHERE case_id = ANY($1::bigint[]) RETURNING "
     "case_id"                                                                                  },
    {"dispatch_known",
     "SELECT command_id, case_id, seq, mark FROM command WHERE command_id = ANY($1::uuid[])"    },
    {"dispatch_raised",
     "SELECT case_id, raised, raised_by, dues FROM clock WHERE case_id = ANY($1::bigint[]) "
     "ORDER BY case_id"                                                                         },
    {"dispatch_slots_follow",
     "UPDATE agent_slot s SET capacity = a.capacity FROM agent a "
     "WHERE a.agent = s.agent AND a.capacity <> s.capacity"                                     },
    {"dispatch_org",
     "SELECT version, source FROM org WHERE version > $1::integer ORDER BY version DESC LIMIT 1"},
    {"dispatch_related",
     "SELECT case_id, policy_id, agent, agent_role, more FROM complaint "
     "WHERE case_id = ANY($1::bigint[])"                                                        },
    {"dispatch_same_cause",
     "SELECT q.n::integer, (SELECT count(*) FROM (SELECT FROM complaint c WHERE c.cause = q.cause "
     "AND c.cause <> '' AND c.received_at > q.since AND c.case_id <> q.case_id LIMIT 1000) "
     "AS same)::integer FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) "
     "WITH ORDINALITY AS q(case_id, cause, since, n)"                                           },
    {"dispatch_agents_named",
     "SELECT agent, used, capacity FROM agent_slot WHERE agent = ANY($1::text[])"               },
    {"dispatch_agents",          "SELECT agent, used, capacity FROM agent_slot"                 },
};
const unsigned dispatch_statement_count = sizeof dispatch_statements / sizeof *dispatch_statements;

/* Columns of cases; the second set is of new ones, whose rows are inserted. */
static struct case_rows {
    struct pg_array case_id, policy_id, version, step, queue, home_queue, agent, agent_role;
    struct pg_array last_actor, category, severity_class, channel, customer, score, repeats;
    struct pg_array priority, escalation, language, reopened, followed_up, acknowledged;
    struct pg_array received_at, opened_at, step_since, updated_at, closed_at;
    struct pg_array outcome, more, pushes, cause;
} case_rows[2];

static void rows_begin(struct case_rows *rows)
{
    pg_array_begin(&rows->case_id, PG_INT8);
    pg_array_begin(&rows->policy_id, PG_INT4);
    pg_array_begin(&rows->version, PG_INT4);
    pg_array_begin(&rows->step, PG_TEXT);
    pg_array_begin(&rows->queue, PG_TEXT);
    pg_array_begin(&rows->home_queue, PG_TEXT);
    pg_array_begin(&rows->agent, PG_TEXT);
    pg_array_begin(&rows->agent_role, PG_TEXT);
    pg_array_begin(&rows->last_actor, PG_TEXT);
    pg_array_begin(&rows->category, PG_TEXT);
    pg_array_begin(&rows->severity_class, PG_TEXT);
    pg_array_begin(&rows->channel, PG_TEXT);
    pg_array_begin(&rows->customer, PG_INT8);
    pg_array_begin(&rows->score, PG_INT4);
    pg_array_begin(&rows->repeats, PG_INT4);
    pg_array_begin(&rows->priority, PG_INT2);
    pg_array_begin(&rows->escalation, PG_INT2);
    pg_array_begin(&rows->language, PG_INT2);
    pg_array_begin(&rows->reopened, PG_INT2);
    pg_array_begin(&rows->followed_up, PG_INT2);
    pg_array_begin(&rows->acknowledged, PG_BOOL);
    pg_array_begin(&rows->received_at, PG_TIMESTAMPTZ);
    pg_array_begin(&rows->opened_at, PG_TIMESTAMPTZ);
    pg_array_begin(&rows->step_since, PG_TIMESTAMPTZ);
    pg_array_begin(&rows->updated_at, PG_TIMESTAMPTZ);
    pg_array_begin(&rows->closed_at, PG_TIMESTAMPTZ);
    pg_array_begin(&rows->outcome, PG_TEXT);
    pg_array_begin(&rows->more, PG_BYTEA);
    pg_array_begin(&rows->pushes, PG_BOOL);
    pg_array_begin(&rows->cause, PG_TEXT);
}

void dispatch_cases_begin(void)
{
    rows_begin(&case_rows[false]);
    rows_begin(&case_rows[true]);
}

static void name_add(struct pg_array *array, const char *id)
{
    pg_array_bytes(array, slice_text(id));
}

bool dispatch_waits_pushed(const struct policy *policy, const struct dispatch_case *state)
{
    return state->queue < policy->queue_count && policy->queues[state->queue].push != PUSH_NO;
}

void dispatch_case_add(const struct policy *policy, const struct dispatch_case *state, bool is_new)
{
    struct case_rows *rows = &case_rows[is_new];
    pg_array_int8(&rows->case_id, (int64_t)state->case_id);
    pg_array_int4(&rows->policy_id, (int32_t)state->policy_id);
    pg_array_int4(&rows->version, (int32_t)state->version);
    name_add(&rows->step, policy->steps[state->step].id);
    name_add(&rows->queue, state->queue == POLICY_NONE ? "" : policy->queues[state->queue].id);
    name_add(&rows->home_queue,
             state->home_queue == POLICY_NONE ? "" : policy->queues[state->home_queue].id);
    name_add(&rows->agent, state->agent);
    name_add(&rows->agent_role,
             state->agent_role == POLICY_NONE ? "" : policy->roles[state->agent_role]);
    name_add(&rows->last_actor, state->last_actor);
    name_add(&rows->category,
             state->category == POLICY_NONE ? "" : policy->categories[state->category].id);
    name_add(&rows->severity_class,
             state->class_index == POLICY_NONE ? "" : policy->classes[state->class_index].id);
    name_add(&rows->channel,
             state->channel == POLICY_NONE ? "" : policy->channels[state->channel].id);
    pg_array_int8(&rows->customer, (int64_t)state->customer);
    pg_array_int4(&rows->score, state->score);
    pg_array_int4(&rows->repeats, (int32_t)state->repeats);
    pg_array_int2(&rows->priority, state->priority);
    pg_array_int2(&rows->escalation, state->escalation);
    pg_array_int2(&rows->language, state->language);
    pg_array_int2(&rows->reopened, state->reopened);
    pg_array_int2(&rows->followed_up, state->followed_up);
    pg_array_bool(&rows->acknowledged, state->acknowledged);
    pg_array_time(&rows->received_at, state->received_at_us);
    pg_array_time(&rows->opened_at, state->opened_at_us);
    pg_array_time(&rows->step_since, state->step_since_us);
    pg_array_time(&rows->updated_at, state->updated_at_us);
    if (state->closed_at_us != 0) {
        pg_array_time(&rows->closed_at, state->closed_at_us);
    } else {
        pg_array_null(&rows->closed_at);
    }
    uint8_t more[DISPATCH_MORE_SIZE];
    name_add(&rows->outcome, policy_outcome_name((enum case_outcome)state->more.outcome));
    pg_array_bytes(&rows->more, slice_of(more, dispatch_more_pack(&state->more, more)));
    pg_array_bool(&rows->pushes, dispatch_waits_pushed(policy, state));
    char cause[DISPATCH_CAUSE_MAX];
    dispatch_cause(policy, state, cause);
    name_add(&rows->cause, cause);
}

static void new_bind(struct pg *pg, struct case_rows *rows)
{
    struct pg_array *const parameters[] = {
        &rows->case_id,      &rows->policy_id,   &rows->version,        &rows->step,
        &rows->queue,        &rows->home_queue,  &rows->agent,          &rows->agent_role,
        &rows->last_actor,   &rows->category,    &rows->severity_class, &rows->channel,
        &rows->customer,     &rows->score,       &rows->repeats,        &rows->priority,
        &rows->escalation,   &rows->language,    &rows->reopened,       &rows->followed_up,
        &rows->acknowledged, &rows->received_at, &rows->opened_at,      &rows->step_since,
        &rows->updated_at,   &rows->closed_at,   &rows->outcome,        &rows->more,
        &rows->pushes,       &rows->cause};
    (void)pg_call_rows(pg,
                       "dispatch_cases_new_one",
                       "dispatch_cases_new",
                       parameters,
                       sizeof parameters / sizeof *parameters);
}

/* The columns of CASE_CHANGES, in its order. */
static unsigned changes_bind(struct pg *pg, struct case_rows *rows)
{
    struct pg_array *const parameters[] = {
        &rows->case_id,    &rows->version,        &rows->step,        &rows->queue,
        &rows->home_queue, &rows->agent,          &rows->agent_role,  &rows->last_actor,
        &rows->category,   &rows->severity_class, &rows->customer,    &rows->priority,
        &rows->escalation, &rows->reopened,       &rows->followed_up, &rows->acknowledged,
        &rows->step_since, &rows->updated_at,     &rows->closed_at,   &rows->outcome,
        &rows->more,       &rows->pushes,         &rows->cause};
    return pg_call_rows(pg,
                        "dispatch_cases_one",
                        "dispatch_cases",
                        parameters,
                        sizeof parameters / sizeof *parameters);
}

struct pg_changes dispatch_cases_bind(struct pg *pg)
{
    new_bind(pg, &case_rows[true]);
    return (struct pg_changes){.rows = case_rows[false].case_id.count,
                               .calls = changes_bind(pg, &case_rows[false])};
}

/* columns of ROWS */
enum { ROW_MORE = 27, ROW_DUES = 28, ROW_PUSHES = 29, ROW_CAUSE = 30, ROW_CLOCKS_LOST = 31 };

uint64_t dispatch_row_case(const PGresult *rows, int row)
{
    return (uint64_t)pg_int8(rows, row, 0);
}

uint32_t dispatch_row_policy(const PGresult *rows, int row)
{
    return pg_is_null(rows, row, 1) ? 0 : (uint32_t)pg_int4(rows, row, 1);
}

bool dispatch_row_pushes(const PGresult *rows, int row)
{
    return pg_bool(rows, row, ROW_PUSHES);
}

struct slice dispatch_row_cause(const PGresult *rows, int row)
{
    return pg_bytes(rows, row, ROW_CAUSE);
}

static void name_read(const PGresult *rows, int row, int column, char out[DISPATCH_AGENT_MAX])
{
    struct slice text = pg_bytes(rows, row, column);
    (void)snprintf(out, DISPATCH_AGENT_MAX, "%.*s", (int)text.size, (const char *)text.bytes);
}

bool dispatch_row_read(const PGresult *rows,
                       int row,
                       const struct policy *policy,
                       struct dispatch_case *state,
                       struct error *error)
{
    *state = (struct dispatch_case){
        .case_id = (uint64_t)pg_int8(rows, row, 0),
        .policy_id = dispatch_row_policy(rows, row),
        .version = (uint32_t)pg_int4(rows, row, 2),
        .step = policy_step_index(policy, pg_bytes(rows, row, 3)),
        .queue = policy_queue_index(policy, pg_bytes(rows, row, 4)),
        .home_queue = policy_queue_index(policy, pg_bytes(rows, row, 5)),
        .agent_role = policy_role_index(policy, pg_bytes(rows, row, 7)),
        .category = policy_category_index(policy, pg_bytes(rows, row, 9)),
        .class_index = policy_class_index(policy, pg_bytes(rows, row, 10)),
        .channel = policy_channel_index(policy, pg_bytes(rows, row, 11)),
        .customer = (uint64_t)pg_int8(rows, row, 12),
        .score = pg_int4(rows, row, 13),
        .repeats = (uint32_t)pg_int4(rows, row, 14),
        .priority = (uint8_t)pg_int2(rows, row, 15),
        .escalation = (uint8_t)pg_int2(rows, row, 16),
        .language = (uint8_t)pg_int2(rows, row, 17),
        .reopened = (uint16_t)pg_int2(rows, row, 18),
        .followed_up = (uint16_t)pg_int2(rows, row, 19),
        .acknowledged = pg_bool(rows, row, 20),
        .received_at_us = pg_time(rows, row, 21),
        .opened_at_us = pg_time(rows, row, 22),
        .step_since_us = pg_time(rows, row, 23),
        .updated_at_us = pg_time(rows, row, 24),
        .closed_at_us = pg_is_null(rows, row, 25) ? 0 : pg_time(rows, row, 25),
        .due_us = INT64_MAX,
    };
    name_read(rows, row, 6, state->agent);
    name_read(rows, row, 8, state->last_actor);
    struct slice more = pg_bytes(rows, row, ROW_MORE);
    unsigned long long number = state->case_id;
    if (state->step == POLICY_NONE) {
        return error_set(error,
                         ERROR_REJECT,
                         "complaint %llu stands in a step its policy does not know",
                         number);
    }
    if (more.size > 0 && more.bytes[0] != DISPATCH_MORE_FORM) {
        return error_set(error,
                         ERROR_REJECT,
                         "complaint %llu is of form %u, this version reads %d",
                         number,
                         more.bytes[0],
                         DISPATCH_MORE_FORM);
    }
    return dispatch_more_unpack(more, &state->more) ||
           error_set(error, ERROR_REJECT, "complaint %llu is not what was written", number);
}

bool dispatch_row_dues(const PGresult *rows,
                       int row,
                       struct dispatch_case *state,
                       uint32_t *version,
                       struct error *error)
{
    struct clock_dues dues = {0};
    bool readable =
        pg_is_null(rows, row, ROW_DUES) || clock_dues_unpack(pg_bytes(rows, row, ROW_DUES), &dues);
    dues = readable ? dues : (struct clock_dues){0};
    dispatch_dues_take(state, &dues);
    bool lost = !readable || pg_bool(rows, row, ROW_CLOCKS_LOST);
    *version = lost ? state->version : dues.version;
    return readable || error_set(error,
                                 ERROR_REJECT,
                                 "dues of case %llu are not what was written",
                                 (unsigned long long)dispatch_row_case(rows, row));
}

void dispatch_commands_bind(struct pg *pg, const struct dispatch_command_row *rows, uint32_t count)
{
    static struct pg_array id;
    static struct pg_array case_id;
    static struct pg_array seq;
    static struct pg_array at;
    static struct pg_array mark;
    pg_array_begin(&id, PG_UUID);
    pg_array_begin(&case_id, PG_INT8);
    pg_array_begin(&seq, PG_INT8);
    pg_array_begin(&at, PG_TIMESTAMPTZ);
    pg_array_begin(&mark, PG_INT8);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_bytes(&id, slice_of(rows[i].command_id, sizeof rows[i].command_id));
        pg_array_int8(&case_id, (int64_t)rows[i].case_id);
        pg_array_int8(&seq, (int64_t)rows[i].seq);
        pg_array_time(&at, rows[i].at_us);
        pg_array_int8(&mark, (int64_t)rows[i].mark);
    }
    static struct pg_array *const columns[] = {&id, &case_id, &seq, &at, &mark};
    (void)pg_call_rows(pg, "dispatch_commands_one", "dispatch_commands", columns, 5);
}

/* A statement whose parameter is a list of cases. */
static void
numbers_bind(struct pg *pg, const char *statement, const uint64_t *cases, uint32_t count)
{
    static struct pg_array id;
    pg_array_begin(&id, PG_INT8);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int8(&id, (int64_t)cases[i]);
    }
    pg_call(pg, statement);
    pg_bind_array(pg, &id);
}

void dispatch_keys_bind(struct pg *pg, const uint64_t *cases_asked, uint32_t count)
{
    numbers_bind(pg, "dispatch_keys", cases_asked, count);
}

void dispatch_erase_bind(struct pg *pg, const uint64_t *cases, uint32_t count)
{
    numbers_bind(pg, "dispatch_erase", cases, count);
}

bool dispatch_erase_found(const PGresult *rows, uint64_t case_id)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        if ((uint64_t)pg_int8(rows, row, 0) == case_id) {
            return true;
        }
    }
    return false;
}

void dispatch_known_bind(struct pg *pg, const uint8_t (*ids)[16], uint32_t count)
{
    static struct pg_array id;
    pg_array_begin(&id, PG_UUID);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_bytes(&id, slice_of(ids[i], sizeof ids[i]));
    }
    pg_call(pg, "dispatch_known");
    pg_bind_array(pg, &id);
}

void dispatch_raised_bind(struct pg *pg, const uint64_t *cases_asked, uint32_t count)
{
    numbers_bind(pg, "dispatch_raised", cases_asked, count);
}

void dispatch_rows_bind(struct pg *pg,
                        const uint64_t *cases_asked,
                        uint32_t case_count,
                        const uint8_t (*command_ids)[16],
                        uint32_t command_count)
{
    static struct pg_array case_id;
    static struct pg_array command_id;
    pg_array_begin(&case_id, PG_INT8);
    pg_array_begin(&command_id, PG_UUID);
    for (uint32_t i = 0; i < case_count; i++) {
        pg_array_int8(&case_id, (int64_t)cases_asked[i]);
    }
    for (uint32_t i = 0; i < command_count; i++) {
        pg_array_bytes(&command_id, slice_of(command_ids[i], sizeof command_ids[i]));
    }
    pg_call(pg, "dispatch_rows");
    pg_bind_array(pg, &case_id);
    pg_bind_array(pg, &command_id);
}
