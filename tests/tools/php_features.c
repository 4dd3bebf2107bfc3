/* php_features - what the judge sees of files: one line a file, for the training program.
 *
 *     php_features <PATHS            path TAB shape TAB tokens TAB code bytes TAB feature feature
 * ... php_features -j N <PATHS       the same with N processes; in another order
 *     php_features --list            name TAB flags TAB family TAB meaning
 *
 * Nothing of a file is ever run. Files are read up to the width of a scan's window. A file that
 * kills its process is told on standard error; the others go on.
 */
#include "spamgear/scan/detect.h"
#include "spamgear/scan/php_look.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_SECONDS 5

static struct texts paths;

static void list(void)
{
    for (size_t i = 0; i < php_feature_count(); i++) {
        const char *family = php_feature_family(i);
        printf("%s\t%u\t%s\t%s\n", php_feature_name(i), php_feature_flags(i),
               family == NULL ? "" : family, php_feature_meaning(i));
    }
}

static void read_paths(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line[strcspn(line, "\n\t")] = '\0';
        texts_add(&paths, line);
    }
    free(line);
}

static ssize_t read_file(const char *path, char *buffer)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && (got = read(fd, buffer + len, VIEW_WINDOW - len)) > 0)
        len += (size_t)got;
    if (got < 0)
        perror(path);
    if (fd >= 0)
        close(fd);
    return got < 0 ? -1 : (ssize_t)len;
}

static void tell(struct php_look *look, const char *path, struct span text, FILE *out)
{
    if (!php_look_at(look, text)) {
        fprintf(out, "%s\t0\t0\t0\t-\n", path);
        return;
    }
    const struct php_form *form = php_look_form(look);
    const struct php_features *features = php_look_features(look);
    fprintf(out, "%s\t%016" PRIx64 "\t%u\t%u\t", path, form->shape, form->shape_tokens,
            form->code_bytes);
    for (size_t i = 0; i < php_feature_count(); i++)
        if (php_features_has(features, i))
            fprintf(out, "%s ", php_feature_name(i));
    fputc('\n', out);
}

/* Every step-th path from first on. *at says which one it is at, whatever becomes of the process.
 */
static void work(size_t first, size_t step, volatile size_t *at, FILE *out)
{
    struct php_look *look = php_look_new(NULL);
    char *buffer = mem_alloc(VIEW_WINDOW);
    for (size_t i = first; i < paths.len; i += step) {
        *at = i;
        alarm(FILE_SECONDS);
        ssize_t len = read_file(paths.at[i], buffer);
        if (len >= 0)
            tell(look, paths.at[i], (struct span){buffer, (size_t)len}, out);
        fflush(out);
    }
    *at = paths.len;
    free(buffer);
    php_look_free(look);
}

static void copy(FILE *from)
{
    int c;
    rewind(from);
    while ((c = getc(from)) != EOF)
        putchar(c);
    fclose(from);
}

static pid_t start(size_t first, size_t step, volatile size_t *at, FILE *out)
{
    pid_t pid = fork();
    if (pid == 0) {
        work(first, step, at, out);
        exit(0);
    }
    return pid;
}

/* A process that dies is replaced by one that goes on behind the file that it was at. */
static unsigned run(size_t step)
{
    volatile size_t *at =
        mmap(NULL, step * sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t *pids = mem_zero(step, sizeof *pids);
    FILE **outs = mem_zero(step, sizeof *outs);
    unsigned died = 0;
    int status;
    pid_t pid;
    for (size_t i = 0; i < step; i++) {
        outs[i] = tmpfile();
        pids[i] = start(i, step, &at[i], outs[i]);
    }
    while ((pid = wait(&status)) > 0) {
        size_t i = 0;
        while (i + 1 < step && pids[i] != pid)
            i++;
        if (at[i] >= paths.len)
            continue;
        fprintf(stderr, "%s: %s\n", paths.at[at[i]],
                WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "the process ended");
        died++;
        pids[i] = start(at[i] + step, step, &at[i], outs[i]);
    }
    for (size_t i = 0; i < step; i++)
        copy(outs[i]);
    free(pids);
    free(outs);
    return died;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    unsigned jobs = argc > 2 && strcmp(argv[1], "-j") == 0 ? (unsigned)atoi(argv[2]) : 1;
    read_paths();
    unsigned died = run(jobs > 0 ? jobs : 1);
    texts_clear(&paths);
    return died > 0 ? 1 : 0;
}
