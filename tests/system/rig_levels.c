/* Levels of clocks as the journal has them; see rig.h. */
#include "redress/event/v1/event.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

int64_t rig_levels(struct rig *rig, enum event_kind kind)
{
    return rig_number(
        rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = %d", (int)kind);
}

/* Of one stored event; negative: early. */
static int64_t late_us(const uint8_t *bytes, size_t size)
{
    Redress__Event__V1__Envelope *envelope =
        redress__event__v1__envelope__unpack(NULL, size, bytes);
    assert_non_null(envelope);
    Redress__Event__V1__Clocks *clocks =
        redress__event__v1__clocks__unpack(NULL, envelope->body.len, envelope->body.data);
    assert_non_null(clocks);
    assert_int_equal(clocks->n_clocks, 1);
    int64_t late_us = envelope->at_us - clocks->clocks[0]->level_due_us;
    redress__event__v1__clocks__free_unpacked(clocks, NULL);
    redress__event__v1__envelope__free_unpacked(envelope, NULL);
    return late_us;
}

int64_t rig_levels_late_ms(struct rig *rig)
{
    int64_t worst_us = 0;
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) - count(DISTINCT (case_id, kind)) FROM journal "
                                "WHERE service = 4 AND kind BETWEEN 64 AND 66"),
                     0);
    PGresult *rows = PQexecParams(rig->sql,
                                  "SELECT bytes FROM redress.journal WHERE service = 4 AND kind "
                                  "BETWEEN 64 AND 66",
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  NULL,
                                  1);
    assert_int_equal(PQresultStatus(rows), PGRES_TUPLES_OK);
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t us =
            late_us((const uint8_t *)PQgetvalue(rows, row, 0), (size_t)PQgetlength(rows, row, 0));
        assert_true(us >= 0);
        worst_us = us > worst_us ? us : worst_us;
    }
    PQclear(rows);
    return worst_us / 1000;
}
