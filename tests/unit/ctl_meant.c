/*
 * Goal: who fills in a form may call its fields and what there is to choose from as he reads them.
 * Method: commands with titles of three languages against the form of one action, refused or not.
 */
#include "ctl_meant.h"

#include "unit.h"

#define CALLED(en, cn, tw)                                                                         \
    {                                                                                              \
        .text = { en, cn, tw }                                                                     \
    }

/* One step with one action; two of its fields have the same title. */
static struct policy titled_policy(void)
{
    static const struct policy_choice choices[] = {
        {"repair", CALLED("Repair",     "维修", "維修")},
        {"refund", CALLED("Money back", "退款", "退款")},
    };
    static const struct policy_field fields[] = {
        {.id = "remedy",
         .title = CALLED("Remedy", "处理方式", "處理方式"),
         .type = FORM_CHOICE,
         .choice_count = 2,
         .choices = choices},
        {.id = "told", .title = CALLED("Told",     "已告知客户",        "已告知客戶"), .type = FORM_FLAG},
    };
    /* clang-format off */
    static const struct policy_need needs[] = {
        {.field = "understood", .title = CALLED("Heard", "了解到的情况", "瞭解到的情況")},
        {.field = "remedy", .title = CALLED("Remedy", "怎么办", "怎麼辦"), .rules = &fields[0]},
        {.field = "told", .title = CALLED("Told", "已告知", "已告知"), .rules = &fields[1]},
        {.field = "category", .title = CALLED("Category", "类别", "類別")},
        {.field = "first", .title = CALLED("Remark", "备注", "備註")},
        {.field = "second", .title = CALLED("Remark", "备注", "備註")},
    };
    /* clang-format on */
    static const struct policy_step steps[] = {
        {.id = "investigation",
         .action_count = 1,
         .actions = {{.id = "contact",
                      .title = CALLED("Contact", "联系客户", "聯繫客戶"),
                      .need_count = sizeof needs / sizeof *needs,
                      .needs = needs}}}
    };
    static const struct policy_category categories[] = {
        {.id = "quality", .title = CALLED("Quality", "产品质量", "產品品質")},
    };
    return (struct policy){.field_count = 2,
                           .fields = fields,
                           .step_count = 1,
                           .steps = steps,
                           .category_count = 1,
                           .categories = categories};
}

static int fields_meant(struct ctl_command *command, bool *changed, char **said)
{
    const struct policy policy = titled_policy();
    ctl_reply reply = REDRESS__COMMAND__V1__REPLY__INIT;
    char step[] = "investigation";
    reply.step = (ProtobufCBinaryData){sizeof step - 1, (uint8_t *)step};
    size_t size = 0;
    struct ctl ctl = {.language = CTL_EN, .err = open_memstream(said, &size)};
    *changed = false;
    int code = ctl_meant_fields(&ctl, &policy, &reply, command, changed);
    (void)fclose(ctl.err);
    return code;
}

/* Whatever the language of the command is; what people write is theirs, even if it is a title. */
static void fields_and_choices_may_be_called_by_their_titles(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *field, *means;
    } rows[] = {
        {"了解到的情况", "是",          "understood", "是"         },
        {"understood",         "产品质量", "understood", "产品质量"},
        {"怎么办",          "退款",       "remedy",     "refund"      },
        {"處理方式",       "維修",       "remedy",     "repair"      },
        {"remedy",             "Repair",       "remedy",     "repair"      },
        {"remedy",             "维",          "remedy",     "维"         },
        {"已告知",          "否",          "told",       "no"          },
        {"told",               "是",          "told",       "yes"         },
        {"类别",             "产品质量", "category",   "quality"     },
        {"nothing",            "产品质量", "nothing",    "产品质量"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool changed;
        char *said = NULL;
        struct ctl_command command = {.action = "contact", .field_count = 1};
        command.fields[0] = (struct ctl_field){rows[i].name, slice_text(rows[i].value)};
        assert_int_equal(fields_meant(&command, &changed, &said), CTL_OK);
        assert_string_equal(said, "");
        assert_string_equal(command.fields[0].name, rows[i].field);
        assert_true(slice_equal(command.fields[0].value, slice_text(rows[i].means)));
        assert_int_equal(changed,
                         strcmp(rows[i].name, rows[i].field) != 0 ||
                             strcmp(rows[i].value, rows[i].means) != 0);
        free(said);
    }
}

static void a_title_of_two_fields_is_none(void **state)
{
    (void)state;
    bool changed;
    char *said = NULL;
    struct ctl_command command = {.action = "contact", .field_count = 1};
    command.fields[0] = (struct ctl_field){"备注", slice_text("x")};
    assert_int_equal(fields_meant(&command, &changed, &said), CTL_USAGE);
    assert_non_null(strstr(said, "\"备注\" is the title of several"));
    assert_non_null(strstr(said, "Remark (first), Remark (second)"));
    assert_false(changed);
    free(said);
}

/* What @FILE becomes hangs on it: the text of a file is not sent where its hash was asked for. */
static void a_form_is_found_by_the_title_of_its_action(void **state)
{
    (void)state;
    const struct policy policy = titled_policy();
    const struct ctl ctl = {.language = CTL_EN, .err = stderr};
    const struct policy_action *action = &policy.steps[0].actions[0];
    char name[64] = "了解到的情况";
    assert_ptr_equal(ctl_meant_action(&ctl, &policy.steps[0], "联系客户"), action);
    assert_ptr_equal(ctl_meant_action(&ctl, &policy.steps[0], "contact"), action);
    assert_null(ctl_meant_action(&ctl, &policy.steps[0], "联系"));
    assert_int_equal(ctl_meant_field(&ctl, &policy, action, name, sizeof name), CTL_OK);
    assert_string_equal(name, "understood");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_choices_may_be_called_by_their_titles),
        cmocka_unit_test(a_title_of_two_fields_is_none),
        cmocka_unit_test(a_form_is_found_by_the_title_of_its_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
