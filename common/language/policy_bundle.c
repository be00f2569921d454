#include "policy_bundle.h"

#include "scope.h"
#include "yaml.h"

static const char head[] = "%redress-policy 1\n";
static const char file_word[] = "%file ";

bool policy_file_name_good(const char *name)
{
    size_t size = strlen(name);
    bool good = size > 0 && size < POLICY_FILE_NAME_MAX && name[0] != '/' && !strstr(name, "..");
    for (size_t i = 0; i < size && good; i++) {
        good = (unsigned char)name[i] > ' ' && name[i] != '\\' && name[i] != 0x7f;
    }
    return good;
}

/* "%file SIZE NAME\n" at the front of *text, which is moved behind it. */
static bool file_head(struct slice *text, struct policy_file *file)
{
    char line[POLICY_FILE_NAME_MAX + 32];
    const uint8_t *newline = memchr(text->bytes, '\n', text->size);
    size_t size = newline ? (size_t)(newline - text->bytes) : sizeof line;
    if (size >= sizeof line || memcmp(text->bytes, file_word, sizeof file_word - 1) != 0) {
        return false;
    }
    memcpy(line, text->bytes, size);
    line[size] = '\0';
    char *at = NULL;
    unsigned long bytes = strtoul(line + sizeof file_word - 1, &at, 10);
    if (*at != ' ' || !policy_file_name_good(at + 1) || bytes > YAML_SIZE_MAX) {
        return false;
    }
    (void)snprintf(file->name, sizeof file->name, "%s", at + 1);
    *text = slice_of(text->bytes + size + 1, text->size - size - 1);
    file->bytes = slice_of(text->bytes, bytes);
    return bytes < text->size && text->bytes[bytes] == '\n';
}

bool policy_bundle_split(const char *name,
                         struct slice text,
                         struct policy_file files[POLICY_FILES_MAX],
                         uint32_t *count)
{
    *count = 0;
    if (text.size < sizeof head - 1 || memcmp(text.bytes, head, sizeof head - 1) != 0) {
        (void)snprintf(files[0].name, sizeof files[0].name, "%s", name);
        files[0].bytes = text;
        *count = 1;
        return true;
    }
    text = slice_of(text.bytes + sizeof head - 1, text.size - (sizeof head - 1));
    while (text.size >= sizeof file_word && *count < POLICY_FILES_MAX) {
        struct policy_file *file = &files[*count];
        if (!file_head(&text, file)) {
            return false;
        }
        size_t size = file->bytes.size + 1;
        text = slice_of(text.bytes + size, text.size - size);
        ++*count;
    }
    return text.size == 0 && *count > 0;
}

void policy_bundle_write(const struct policy_file *files, uint32_t count, FILE *out)
{
    if (count == 1) {
        (void)fwrite(files[0].bytes.bytes, 1, files[0].bytes.size, out);
        return;
    }
    (void)fputs(head, out);
    for (uint32_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%zu %s\n", file_word, files[i].bytes.size, files[i].name);
        (void)fwrite(files[i].bytes.bytes, 1, files[i].bytes.size, out);
        (void)fputc('\n', out);
    }
}

uint32_t policy_uses_of(struct slice yaml, char names[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX])
{
    enum { MEMORY_MAX = 64 * 1024 * 1024 };
    uint32_t count = 0;
    char *said = NULL; /* the loader says it again, with the name of the file */
    size_t said_size = 0;
    FILE *out = open_memstream(&said, &said_size);
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    struct yaml_source source = {.name = "", .bytes = yaml, .out = out};
    const struct yaml_node *root = out && arena ? yaml_read(&source, arena) : NULL;
    const struct yaml_pair *uses = root ? yaml_find(root, "uses") : NULL;
    bool list = uses && uses->value.kind == YAML_LIST;
    for (uint32_t i = 0; uses && i < (list ? uses->value.count : 1) && count < POLICY_FILES_MAX;
         i++) {
        const struct yaml_node *item = list ? &uses->value.items[i] : &uses->value;
        if (item->kind == YAML_SCALAR && policy_file_name_good(item->text)) {
            (void)snprintf(names[count++], POLICY_FILE_NAME_MAX, "%s", item->text);
        }
    }
    if (out) {
        (void)fclose(out);
    }
    free(said);
    return count;
}
