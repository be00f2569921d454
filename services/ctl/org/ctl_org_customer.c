/* `redress org customer`: how an organisation's file names a customer without saying who it is. */
#include "ctl_org.h"
#include "ctl_table.h"
#include "scope.h"
#include "seal.h"

#include <inttypes.h>

int ctl_org_customer(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        {"customer", TEXT_COLUMN_CUSTOMER, CTL_COLUMN_TEXT, false},
    };
    struct error error = {0};
    SCOPED(seal_ring_free)
    struct seal_ring *ring = seal_ring_open(ctl->settings.key_file, false, &error);
    SCOPED(ctl_table_free)
    struct ctl_table *table = ring ? ctl_table_new(ctl, columns, 1) : NULL;
    if (!table) {
        return ring ? ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL)
                    : ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
    }
    for (unsigned i = 0; i < ctl->argument_count; i++) {
        char text[24];
        (void)snprintf(text,
                       sizeof text,
                       "%016" PRIx64,
                       seal_blind_index(ring, slice_text(ctl_argument(ctl, i))));
        ctl_table_add(table, CTL_ARGS(text));
        if (!ctl->json) {
            (void)fprintf(ctl->out, "%s\n", text);
        }
    }
    if (ctl->json) {
        ctl_table_answer(table, "customers");
    }
    return CTL_OK;
}
