/* process_signs_fuzz - any words as the executable, the folder, the standard input and the command
 * line of a process: it is judged without harm, each sign has its detail, and nothing that runs
 * from /tmp passes. Words end with NUL; the command line is what remains. */
#include "../../core/check/process_parts.h"
#include "fuzz.h"

#include <stdlib.h>

static char *take(struct span *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\0', rest->len);
    struct span word = end == NULL ? *rest : span_of(rest->at, end);
    *rest = span_skip(*rest, word.len + (end != NULL));
    return mem_text_of(word.at, word.len);
}

/* Two of the places that are not settings. */
static bool is_temporary(const char *path)
{
    return strncmp(path, "/tmp/", 5) == 0 || strncmp(path, "/dev/shm/", 9) == 0;
}

static void check(const struct process *process)
{
    hold(process->signs < 1u << PROCESS_SIGNS && (process->signs & PROCESS_SENDS_MAIL) == 0);
    hold((process->signs != 0) == (process->details.len != 0));
    hold(!is_temporary(process->executable) || (process->signs & PROCESS_FROM_TEMP) != 0);
    for (unsigned i = 0; i < PROCESS_SIGNS; i++)
        hold(*process_sign_name(1u << i) != '\0');
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    struct texts temporary = {0};
    struct process_settings settings = {.temporary = &temporary};
    struct process process = {.executable = take(&rest), .folder = take(&rest)};
    char *input = take(&rest);
    texts_add(&temporary, "/home/*/uploads");
    process_judge(&process, rest, input, &settings);
    check(&process);
    free(input);
    free(process.executable);
    free(process.folder);
    texts_clear(&process.details);
    texts_clear(&temporary);
    return 0;
}
