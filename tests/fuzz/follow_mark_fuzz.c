/* follow_mark_fuzz - any text: a place that is read from it leads nobody out of bounds, neither in
 * its numbers nor in a file, and says the same when it is written and read again. */
#include "fuzz.h"
#include "spamgear/log/follow.h"
#include <stdio.h>
#include <unistd.h>

static void check_again(const struct follow_mark *mark)
{
    struct strbuf text = {0}, second = {0};
    struct follow_mark again;
    follow_mark_write(mark, &text);
    hold(follow_mark_read(strbuf_span(&text), &again, NULL) == 0);
    follow_mark_write(&again, &second);
    hold(span_is(strbuf_span(&text), strbuf_span(&second)));
    strbuf_clear(&text);
    strbuf_clear(&second);
}

/* A folder with a log and an older part, made once. */
static const char *log_path(void)
{
    static char path[64];
    char older[80];
    if (path[0] != '\0')
        return path;
    snprintf(path, sizeof path, "/tmp/follow_mark_fuzz.XXXXXX");
    hold(mkdtemp(path) != NULL);
    strcat(path, "/log");
    snprintf(older, sizeof older, "%s.1", path);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(i == 0 ? path : older, "we");
        hold(file != NULL &&
             fputs("Nov 22 08:00:00 mx a: b\nNov 22 08:00:01 mx a: c\n", file) >= 0);
        hold(fclose(file) == 0);
    }
    return path;
}

static void tidy_up(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s.1", log_path());
    unlink(path);
    unlink(log_path());
    snprintf(path, sizeof path, "%.*s", (int)strlen(log_path()) - 4, log_path());
    rmdir(path);
}

static void check_followed(const struct follow_mark *mark)
{
    struct follow_chunk chunk;
    struct strbuf why = {0};
    size_t bytes = 0;
    struct follow *follow = follow_open(log_path(), mark, FOLLOW_BEGIN, &why);
    hold(follow != NULL);
    follow_set_grace(follow, 0);
    int got;
    while ((got = follow_next(follow, 30, &chunk, &why)) != 0) {
        bytes += got > 0 ? chunk.lines.len : 0;
        hold(bytes <= 96);
    }
    follow_close(follow);
    strbuf_clear(&why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static bool ready;
    struct follow_mark mark;
    if (!ready)
        atexit(tidy_up);
    ready = true;
    if (follow_mark_read((struct span){(const char *)data, size}, &mark, NULL) != 0)
        return 0;
    hold(mark.head_len <= FOLLOW_HEAD_BYTES && mark.tail_len <= FOLLOW_TAIL_BYTES);
    hold(mark.tail_len <= mark.offset && mark.offset <= INT64_MAX);
    check_again(&mark);
    check_followed(&mark);
    return 0;
}
