/*
 * Goal: each shipped policy does what its source asks for: its numbers, loops, forms, sign-offs and
 * trees, told as journeys in tests/policies/NAME.yaml (law 11: no organisation's rule lives in C;
 * law 12: deadlines fall where the source says).
 *
 * Method: text → classifier → intake → triage → dispatch, the watchdog beside them, all of them the
 * real cores over encoded events, in virtual time.  A journey that goes otherwise fails with the
 * line of its file, what was expected and what was; one that expects nothing fails too.
 *
 *   policies [--in FOLDER] FILE…     FOLDER has the policies; else the shipped ones are meant
 */
#include "scope.h"
#include "story.h"
#include "unit.h"

#include <stdlib.h>

enum { FILE_MAX = 512 * 1024, JOURNEYS_MAX = 256, TREE_SIZE = 16 * 1024 * 1024 };

/* Everything of one run of a file. */
struct run {
    const char *folder; /* of the policies */
    struct story_file file;
    const struct yaml_node *root;
    const struct yaml_node *journeys;
};

static void one_journey(void **state)
{
    static struct journey journey;
    struct story *story = *state;
    story->journey = &journey;
    arena_reset(story->file->arena);
    story_live(story);
}

static const struct yaml_node *
read_file(const char *path, char bytes[FILE_MAX], struct yaml_source *source, struct arena *tree)
{
    FILE *stream = fopen(path, "re");
    if (!stream) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        return NULL;
    }
    size_t size = fread(bytes, 1, FILE_MAX, stream);
    (void)fclose(stream);
    *source = (struct yaml_source){.name = path, .bytes = slice_of(bytes, size), .out = stderr};
    const struct yaml_node *root = yaml_read(source, tree);
    const struct yaml_pair *policy =
        root && root->kind == YAML_MAP ? yaml_find(root, "policy") : NULL;
    const struct yaml_pair *journeys = policy ? yaml_find(root, "journeys") : NULL;
    if (root && (!journeys || journeys->value.kind != YAML_LIST || root->count != 2 ||
                 journeys->value.count == 0 || journeys->value.count > JOURNEYS_MAX)) {
        (void)fprintf(stderr, "%s: wanted 'policy' and a list 'journeys'\n", path);
        return NULL;
    }
    return root;
}

static void policy_is_there(void **state)
{
    struct run *run = *state;
    char file[POLICY_NAME_MAX + 8];
    struct error error = {.text = ""};
    const char *name = yaml_find(run->root, "policy")->value.text;
    (void)snprintf(file, sizeof file, "%s.yaml", name);
    run->file.object = journey_policy(run->folder, file);
    assert_string_equal(run->file.object->policy.name, name);
    assert_true(run->file.object->policy.calendar_count > 0);
    run->file.zone = zone_new(run->file.object->policy.calendars[0].zone, &error);
    assert_non_null(run->file.zone);
}

/* The policy itself is the first test: what follows it needs it. */
static int run_journeys(struct run *run)
{
    static struct story stories[JOURNEYS_MAX];
    static struct CMUnitTest tests[JOURNEYS_MAX];
    const struct CMUnitTest first[] = {
        {"its policy loads", policy_is_there, NULL, NULL, run}
    };
    const struct yaml_node *list = run->journeys;
    if (_cmocka_run_group_tests(run->file.path, first, 1, NULL, NULL) != 0) {
        return 1;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct yaml_node *told = &list->items[i];
        const struct yaml_pair *name = told->kind == YAML_MAP ? yaml_find(told, "name") : NULL;
        if (!name || name->value.kind != YAML_SCALAR) {
            (void)fprintf(stderr, "%s:%u: a journey has a name\n", run->file.path, told->line);
            return 1;
        }
        stories[i] = (struct story){.file = &run->file, .told = told};
        tests[i] = (struct CMUnitTest){name->value.text, one_journey, NULL, NULL, &stories[i]};
    }
    return _cmocka_run_group_tests(run->file.path, tests, list->count, NULL, NULL);
}

static int run_file(const char *folder, const char *path)
{
    static char bytes[FILE_MAX];
    SCOPED(arena_free) struct arena *tree = arena_new(TREE_SIZE);
    SCOPED(arena_free) struct arena *arena = arena_new(STORY_ARENA_SIZE);
    struct yaml_source source;
    static struct run run;
    run = (struct run){
        .folder = folder, .file = {.path = path, .arena = arena}
    };
    run.root = read_file(path, bytes, &source, tree);
    if (!run.root) {
        return 1;
    }
    run.journeys = &yaml_find(run.root, "journeys")->value;
    int failed = run_journeys(&run);
    policy_object_free(&run.file.object);
    zone_free(&run.file.zone);
    return failed;
}

int main(int argc, char **argv)
{
    bool elsewhere = argc > 2 && strcmp(argv[1], "--in") == 0;
    const char *folder = elsewhere ? argv[2] : SHIPPED_POLICIES;
    int first = elsewhere ? 3 : 1;
    int failed = argc <= first;
    for (int i = first; i < argc; i++) {
        failed |= run_file(folder, argv[i]) != 0;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
