/*
 * Goal: any file given as an organisation ends as one or as a report; who works there can be found,
 * asked about at any time, and described.
 */
#include "describe.h"
#include "fuzz.h"
#include "org_load.h"

enum { YEAR = 2026 };

static void everybody(const struct org *org)
{
    static const int64_t instants[] = {0, INT64_C(1772442000), INT64_C(1798761599)};
    for (uint16_t i = 0; i < org->agent_count; i++) {
        struct slice name = slice_text(org->agents[i].name);
        MUST(org_find(org, name) == &org->agents[i]);
        for (size_t at = 0; at < sizeof instants / sizeof *instants; at++) {
            struct slice stands_for = {0};
            int64_t until_s = 0;
            (void)org_admits(
                org, NULL, name, slice_text("agent"), instants[at], &stands_for, &until_s);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_report report;
    struct org_object *object = org_load("fuzz", slice_of(data, size), YEAR, YEAR, &report);
    MUST((object == NULL) == (report.errors > 0));
    MUST(object || report.text);
    if (object) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        MUST(out);
        everybody(&object->org);
        org_describe(&object->org, out);
        MUST(fclose(out) == 0 && length > 0);
        free(text);
    }
    policy_report_done(&report);
    org_object_free(&object);
    return 0;
}
