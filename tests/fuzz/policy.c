/*
 * Goal: any file given as a policy ends as a policy or as a report; the same bytes as a zone file
 * or a length of time are read or refused.
 */
#include "describe.h"
#include "fuzz.h"
#include "policy_load.h"
#include "policy_read.h"
#include "zone.h"

enum { YEAR = 2026 };

static void as_policy(struct slice bytes)
{
    struct policy_report report;
    struct policy_object *object = policy_load("fuzz", bytes, YEAR, YEAR, &report);
    MUST((object == NULL) == (report.errors > 0));
    MUST(object || report.text);
    if (object) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        MUST(out);
        policy_describe(&object->policy, out);
        MUST(fclose(out) == 0 && size > 0);
        free(text);
    }
    policy_report_done(&report);
    policy_object_free(&object);
}

static void as_zone(struct slice bytes)
{
    struct error error = {ERROR_NONE, ""};
    struct zone *zone = zone_parse(bytes, &error);
    MUST(zone || error.kind == ERROR_REJECT);
    int64_t at_s = 0;
    for (int i = 0; zone && i < 64 && at_s != INT64_MAX; i++) {
        int64_t next_s = zone_next_change_s(zone, at_s);
        MUST(next_s > at_s);
        MUST(next_s == INT64_MAX || zone_offset_s(zone, next_s) != zone_offset_s(zone, at_s));
        at_s = next_s;
    }
    zone_free(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    if (size >= 4 && memcmp(data, "TZif", 4) == 0) {
        as_zone(bytes);
        return 0;
    }
    as_policy(bytes);
    if (size < 100) {
        char text[100] = "";
        struct duration duration;
        memcpy(text, data, size);
        MUST(!duration_parse(text, &duration) || duration.value > 0);
    }
    return 0;
}
