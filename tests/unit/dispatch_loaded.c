#include "dispatch_loaded.h"

#include "unit.h"

int play_loaded(const struct policy_object *object, struct policy_report *report)
{
    if (!object) {
        print_error("%s", report->text);
    }
    policy_report_done(report);
    play_with(object ? &object->policy : NULL);
    return object ? 0 : -1;
}

int play_unload(struct policy_object **object_p)
{
    play_with(NULL);
    policy_object_free(object_p);
    return 0;
}
