/* What the skeleton asks of the archive; a daemon adds its own. */
#include "service_private.h"

enum {
    STATEMENTS_MAX = 48,
    JOURNAL_SQL_SIZE = 400,
};

static const struct pg_statement skeleton_statements[] = {
    POLICY_BOOK_STATEMENT,
    {"owner_archive",         "SELECT partitions FROM archive"                              },
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
    {"input_read",
      "SELECT bytes FROM journal WHERE service = $1::smallint AND partition = $2::smallint AND seq "
     "> $3::bigint "
     "ORDER BY seq LIMIT $4::integer"                                                        },
 /* The partitions stand there twice: so their rows are looked up, and not all of the service.
  */
    {"cycle_head",
      "WITH batch AS MATERIALIZED (SELECT * FROM unnest($2::smallint[], $3::bigint[], "
     "$4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bytea[], $9::bigint[], "
     "$10::bytea[], $11::bigint[], "
     "$12::bytea[], "
     "$13::bigint[], $14::bytea[]) AS a(partition, epoch, expected, seq, hash, s1, h1, s2, h2, s3, "
     "h3, s4, h4)), "
     "moved AS (UPDATE head h SET seq = a.seq, hash = a.hash, intake_seq = a.s1, intake_hash = "
     "a.h1, "
     "triage_seq = a.s2, triage_hash = a.h2, dispatch_seq = a.s3, dispatch_hash = a.h3, "
     "watchdog_seq = a.s4, "
     "watchdog_hash = a.h4, lease_until = clock_timestamp() + interval '10 s' FROM batch a "
     "WHERE h.service = $1::smallint AND h.partition = ANY($2::smallint[]) "
     "AND h.partition = a.partition AND h.epoch = a.epoch AND h.seq = a.expected RETURNING 1), "
     "counted AS (SELECT count(*) AS found FROM moved) "
     "SELECT CASE WHEN found = cardinality($2::smallint[]) THEN true "
     "ELSE fence(found, cardinality($2::smallint[])) END FROM counted"                       },
};

enum { SKELETON_STATEMENTS = sizeof skeleton_statements / sizeof *skeleton_statements };

bool service_statements(struct service *service)
{
    static struct pg_statement all[STATEMENTS_MAX];
    static char journal_sql[JOURNAL_SQL_SIZE];
    /* straight into the service's own part of the journal: routing rows costs */
    (void)snprintf(
        journal_sql,
        sizeof journal_sql,
        "INSERT INTO %s%s (service, partition, seq, case_id, kind, at, hash, bytes) "
        "SELECT $1::smallint, a.* FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], "
        "$5::smallint[], $6::timestamptz[], $7::bytea[], $8::bytea[]) AS a",
        service->spec->id == SERVICE_ANALYTICS ? "journal" : "journal_",
        service->spec->id == SERVICE_ANALYTICS ? "" : service_name(service->spec->id));
    unsigned count = SKELETON_STATEMENTS;
    if (count + 1 + service->spec->statement_count > STATEMENTS_MAX) {
        return false;
    }
    memcpy(all, skeleton_statements, sizeof skeleton_statements);
    all[count++] = (struct pg_statement){"cycle_journal", journal_sql};
    for (unsigned i = 0; i < service->spec->statement_count; i++) {
        all[count++] = service->spec->statements[i];
    }
    service->statements = all;
    service->statement_count = count;
    return true;
}
