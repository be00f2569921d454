/* What the skeleton asks of the archive; a daemon adds its own. */
#include "service_private.h"

enum {
    STATEMENTS_MAX = 48,
    APPEND_SQL_SIZE = 1000,
};

static const struct pg_statement skeleton_statements[] = {
    POLICY_BOOK_STATEMENT,
    {"owner_archive",         "SELECT partitions, clock_timestamp(), schema FROM archive"   },
    {"owner_join",
      "INSERT INTO member AS m (service, instance, publisher, requests, server_key, host, pid, "
     "incarnation, leaving, backend_pid, backend_start, lease_until) "
     "SELECT $1::smallint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::integer, "
     "$8::bigint, false, a.pid, a.backend_start, clock_timestamp() + interval '10 s' "
     "FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() "
     "ON CONFLICT (service, instance) DO UPDATE SET publisher = excluded.publisher, requests = "
     "excluded.requests, server_key = excluded.server_key, host = excluded.host, pid = "
     "excluded.pid, incarnation = excluded.incarnation, "
     "leaving = false, backend_pid = excluded.backend_pid, backend_start = excluded.backend_start, "
     "lease_until = excluded.lease_until "
     "WHERE m.incarnation = excluded.incarnation OR m.lease_until <= clock_timestamp() OR NOT "
     "EXISTS (SELECT FROM pg_stat_activity s WHERE s.pid = m.backend_pid AND s.backend_start = "
     "m.backend_start) RETURNING true"                                                       },
    {"owner_namesake",
      "SELECT host, pid, leaving, (extract(epoch FROM lease_until) * 1000000)::bigint "
     "FROM member WHERE service = $1::smallint AND instance = $2::text"                      },
    {"owner_leave",
      "UPDATE member SET leaving = true WHERE service = $1::smallint AND instance = $2::text"},
    {"owner_members",
      "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity) "
     "SELECT m.instance, m.requests, NOT m.leaving AND m.lease_until > clock_timestamp() AND s.pid "
     "IS NOT NULL "
     "FROM member m LEFT JOIN session s ON s.pid = m.backend_pid AND s.backend_start = "
     "m.backend_start "
     "WHERE m.service = $1::smallint AND m.lease_until > clock_timestamp() "
     "ORDER BY m.instance LIMIT 64"                                                          },
 /* An instance named after its process leaves a row behind at every start. */
    {"owner_sweep",
      "DELETE FROM member m WHERE m.lease_until < clock_timestamp() - interval '1 day' AND NOT "
     "EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = m.backend_pid AND a.backend_start = "
     "m.backend_start)"                                                                      },
    {"owner_heads",
      "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity) "
     "SELECT h.partition, h.owner, h.owner = '' OR h.lease_until <= clock_timestamp() "
     "OR s.pid IS NULL OR h.backend_pid = $2::integer, "
     "coalesce(m.requests, '') "
     "FROM head h LEFT JOIN session s ON s.pid = h.backend_pid AND s.backend_start = "
     "h.backend_start "
     "LEFT JOIN member m ON m.service = h.service AND m.instance = h.owner "
     "WHERE h.service = $1::smallint ORDER BY h.partition"                                   },
    {"owner_publishers",
      "SELECT publisher, server_key FROM member WHERE (1 << service) & $1::integer <> 0 AND "
     "lease_until > "
     "clock_timestamp()"                                                                     },
    {"owner_publishers_gone",
      "SELECT publisher FROM member WHERE (1 << service) & $1::integer <> 0 "
     "AND lease_until <= clock_timestamp() - interval '60 s' AND publisher NOT IN "
     "(SELECT publisher FROM member WHERE lease_until > clock_timestamp() - interval '60 s')"},
 /* Epoch + 1 is the fence and, being a synchronous commit, the barrier before anything is read
  (law 2). */
    {"owner_take",
      "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity), "
     "wanted AS MATERIALIZED (SELECT h.partition FROM head h "
     "LEFT JOIN session s ON s.pid = h.backend_pid AND s.backend_start = h.backend_start "
     "WHERE h.service = $1::smallint AND h.partition = ANY($2::smallint[]) "
     "AND (h.owner = '' OR h.lease_until <= clock_timestamp() OR s.pid IS NULL "
     "OR h.backend_pid = pg_backend_pid()) "
     "ORDER BY h.partition FOR UPDATE OF h) "
     "UPDATE head h SET epoch = h.epoch + 1, owner = $3::text, backend_pid = pg_backend_pid(), "
     "backend_start = (SELECT backend_start FROM session WHERE pid = pg_backend_pid()), "
     "lease_until = clock_timestamp() + interval '10 s' "
     "FROM wanted w WHERE h.service = $1::smallint AND h.partition = w.partition "
     "RETURNING h.partition, h.epoch, h.seq, h.hash, h.intake_seq, h.intake_hash, h.triage_seq, "
     "h.triage_hash, "
     "h.dispatch_seq, h.dispatch_hash, h.watchdog_seq, h.watchdog_hash"                      },
 /* Answers with what is no longer ours. */
    {"owner_renew",
      "WITH held AS (SELECT * FROM unnest($2::smallint[], $3::bigint[]) AS a(partition, epoch)), "
     "renewed AS (UPDATE head h SET lease_until = clock_timestamp() + interval '10 s' FROM held a "
     "WHERE h.service = $1::smallint AND h.partition = a.partition AND h.epoch = a.epoch RETURNING "
     "h.partition) "
     "SELECT a.partition FROM held a LEFT JOIN renewed r USING (partition) WHERE r.partition IS "
     "NULL"                                                                                  },
    {"owner_renew_member",
      "UPDATE member SET lease_until = clock_timestamp() + interval '10 s' "
     "WHERE service = $1::smallint AND instance = $2::text AND backend_pid = pg_backend_pid() "
     "RETURNING true"                                                                        },
    {"owner_give_back",
      "UPDATE head h SET owner = '', lease_until = '-infinity' "
     "FROM unnest($2::smallint[], $3::bigint[]) AS a(partition, epoch) "
     "WHERE h.service = $1::smallint AND h.partition = a.partition AND h.epoch = a.epoch"    },
    {"time_read",             "SELECT clock_timestamp()"                                    },
    {"input_read",
      "SELECT bytes FROM journal WHERE service = $1::smallint AND partition = $2::smallint AND seq "
     "> $3::bigint "
     "ORDER BY seq LIMIT $4::integer"                                                        },
 /* What the service has processed, of cases it folds anew.  Of service 0: the period with which
  some of it left. */
    {"refold_events",
      "SELECT j.case_id, j.service, j.seq, j.bytes FROM journal j "
     "JOIN head h ON h.service = $1::smallint AND h.partition = j.partition "
     "WHERE j.service = ANY($2::smallint[]) AND j.partition = ANY($3::smallint[]) "
     "AND j.case_id = ANY($4::bigint[]) AND j.seq <= CASE j.service WHEN $1::smallint THEN h.seq "
     "WHEN 1 THEN h.intake_seq WHEN 3 THEN h.dispatch_seq END "
     "UNION ALL SELECT q.case_id, 0::smallint, max(k.period)::bigint, ''::bytea "
     "FROM unnest($4::bigint[]) AS q(case_id) JOIN journal_cut k "
     "ON k.partition = (q.case_id >> 40)::smallint AND q.case_id <= k.case_id GROUP BY 1 "
     "ORDER BY 1, 2, 3 LIMIT $5::integer"                                                    },
};

enum { SKELETON_STATEMENTS = sizeof skeleton_statements / sizeof *skeleton_statements };

/*
 * The append (law 2): heads first, in the condition that they are ours; fence() raises, so that
 * nothing of the request happens.  One row and many, as pg_call_rows takes them.  Straight into the
 * service's own part of the journal: routing rows costs.  In the head of many the partitions stand
 * twice, so that their rows are looked up, and not all of the service.
 */
#define HEAD_ONE_SQL                                                                               \
    "UPDATE head SET seq = CASE WHEN epoch = $2::bigint AND seq = $3::bigint THEN $4::bigint "     \
    "ELSE fence(partition, epoch, seq) END, hash = $5::bytea, intake_seq = $6::bigint, "           \
    "intake_hash = $7::bytea, triage_seq = $8::bigint, triage_hash = $9::bytea, "                  \
    "dispatch_seq = $10::bigint, dispatch_hash = $11::bytea, watchdog_seq = $12::bigint, "         \
    "watchdog_hash = $13::bytea, lease_until = clock_timestamp() + interval '10 s' "               \
    "WHERE service = %d AND partition = $1::smallint"

#define HEAD_MANY_SQL                                                                              \
    "UPDATE head h SET seq = CASE WHEN h.epoch = a.epoch AND h.seq = a.expected THEN a.seq "       \
    "ELSE fence(h.partition, h.epoch, h.seq) END, hash = a.hash, intake_seq = a.s1, "              \
    "intake_hash = a.h1, triage_seq = a.s2, triage_hash = a.h2, dispatch_seq = a.s3, "             \
    "dispatch_hash = a.h3, watchdog_seq = a.s4, watchdog_hash = a.h4, "                            \
    "lease_until = clock_timestamp() + interval '10 s' "                                           \
    "FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], "          \
    "$6::bigint[], $7::bytea[], $8::bigint[], $9::bytea[], $10::bigint[], $11::bytea[], "          \
    "$12::bigint[], $13::bytea[]) "                                                                \
    "AS a(partition, epoch, expected, seq, hash, s1, h1, s2, h2, s3, h3, s4, h4) "                 \
    "WHERE h.service = %d AND h.partition = ANY($1::smallint[]) AND h.partition = a.partition"

#define JOURNAL_ONE_SQL                                                                            \
    "INSERT INTO %s (service, partition, seq, case_id, kind, at, hash, bytes) "                    \
    "VALUES (%d, $1, $2, $3, $4, $5, $6, $7)"

#define JOURNAL_MANY_SQL                                                                           \
    "INSERT INTO %s (service, partition, seq, case_id, kind, at, hash, bytes) "                    \
    "SELECT %d, a.* FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], "                      \
    "$4::smallint[], $5::timestamptz[], $6::bytea[], $7::bytea[]) AS a"

enum { APPEND_STATEMENTS = 4 };

static void append_statements(enum service_id id, struct pg_statement *out)
{
    static char sql[APPEND_STATEMENTS][APPEND_SQL_SIZE];
    char journal[32] = "journal";
    if (id != SERVICE_ANALYTICS) {
        (void)snprintf(journal, sizeof journal, "journal_%s", service_name(id));
    }
    (void)snprintf(sql[0], sizeof *sql, HEAD_ONE_SQL, id);
    (void)snprintf(sql[1], sizeof *sql, HEAD_MANY_SQL, id);
    (void)snprintf(sql[2], sizeof *sql, JOURNAL_ONE_SQL, journal, id);
    (void)snprintf(sql[3], sizeof *sql, JOURNAL_MANY_SQL, journal, id);
    out[0] = (struct pg_statement){"cycle_head_one", sql[0]};
    out[1] = (struct pg_statement){"cycle_head", sql[1]};
    out[2] = (struct pg_statement){"cycle_journal_one", sql[2]};
    out[3] = (struct pg_statement){"cycle_journal", sql[3]};
}

bool service_statements(struct service *service)
{
    static struct pg_statement all[STATEMENTS_MAX];
    unsigned count = SKELETON_STATEMENTS;
    if (count + APPEND_STATEMENTS + service->spec->statement_count > STATEMENTS_MAX) {
        return false;
    }
    memcpy(all, skeleton_statements, sizeof skeleton_statements);
    append_statements(service->spec->id, all + count);
    count += APPEND_STATEMENTS;
    for (unsigned i = 0; i < service->spec->statement_count; i++) {
        all[count++] = service->spec->statements[i];
    }
    service->statements = all;
    service->statement_count = count;
    return true;
}
