/* infile - what is read whole, and what is refused. */
#include "spamgear/base/infile.h"

#include "spamgear/base/scratch.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder;

static const char *in_folder(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    test_true("written", write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void refused(const char *name, int code)
{
    struct strbuf text = {0}, why = {0};
    strbuf_add_text(&text, "old");
    test_number(name, infile_read(in_folder(name), 10, &text, NULL, &why), -1);
    test_number(name, errno, code);
    test_true(name, why.len > 0);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

int main(void)
{
    struct strbuf text = {0}, why = {0};
    struct stat st;
    folder = scratch_make("/tmp", 0, 0, &why);
    if (folder == NULL)
        return 1;
    put("ten", "0123456789");
    put("eleven", "0123456789a");
    put("empty", "");
    test_number("ten bytes", infile_read(in_folder("ten"), 10, &text, &st, &why), 0);
    test_text("ten bytes", strbuf_text(&text), "0123456789");
    test_number("its size", st.st_size, 10);
    test_number("empty", infile_read(in_folder("empty"), 10, &text, NULL, &why), 0);
    test_number("nothing of before", (int64_t)text.len, 0);
    test_true("a link", symlink("ten", in_folder("link")) == 0);
    test_true("a FIFO", mkfifo(in_folder("fifo"), 0600) == 0);
    test_true("a folder", mkdir(in_folder("folder"), 0700) == 0);
    refused("eleven", EFBIG);
    refused("none", ENOENT);
    refused("link", ELOOP);
    refused("fifo", EINVAL);
    refused("folder", EINVAL);
    strbuf_clear(&text);
    strbuf_clear(&why);
    test_number("removed", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}
