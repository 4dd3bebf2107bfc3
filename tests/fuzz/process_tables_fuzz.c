/* process_tables_fuzz - a /proc with one process and any bytes in its files: stat holds a name and
 * net/tcp lines that strangers have a hand in. What is told of it is of that process, and a peer is
 * an address with a mail port. The parts of the input are set apart by NUL. */
#include "fuzz.h"
#include "spamgear/check/processes.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct span take(struct span *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\0', rest->len);
    struct span part = end == NULL ? *rest : span_of(rest->at, end);
    *rest = span_skip(*rest, part.len + (end != NULL));
    return part;
}

/* A new file each time: truncating one and writing it again makes ext4 wait for the disk. */
static void put(const char *path, struct span text)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    hold(fd >= 0 && (text.len == 0 || write(fd, text.at, text.len) == (ssize_t)text.len));
    close(fd);
}

/* In the folder that run.sh made, and removes. */
static void make_proc(void)
{
    static const char *const folders[] = {"./proc",        "./proc/1",     "./proc/77",
                                          "./proc/77/net", "./proc/77/fd", "./proc/77/ns"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        hold(mkdir(folders[i], 0700) == 0);
    put("./proc/stat", SPAN("cpu 1\nbtime 1700000000\n"));
    put("./proc/1/status", SPAN("Name:\tinit\nUid:\t0\t0\t0\t0\n")); /* nothing is hidden */
    hold(symlink("/home/bob/bot", "./proc/77/exe") == 0 && symlink("/", "./proc/77/cwd") == 0);
    hold(symlink("net:[1]", "./proc/77/ns/net") == 0 &&
         symlink("socket:[7]", "./proc/77/fd/3") == 0);
}

static void check(const struct processes *processes)
{
    hold(processes->found.len <= 1 && processes->seen <= 1);
    for (size_t i = 0; i < processes->found.len; i++) {
        const struct process *process = &processes->found.at[i];
        hold(process->pid == 77 && process->signs != 0 && process->details.len > 0);
        for (size_t j = 0; j < process->details.len; j++) {
            const char *peer = process->details.at[j];
            const char *port = strncmp(peer, "connected to ", 13) == 0 ? strrchr(peer, ':') : ":25";
            hold(port != NULL && (strcmp(port, ":25") == 0 || strcmp(port, ":465") == 0 ||
                                  strcmp(port, ":587") == 0));
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const files[] = {"./proc/77/status", "./proc/77/stat", "./proc/77/net/tcp",
                                        "./proc/77/net/tcp6", "./proc/77/cmdline"};
    struct process_settings settings = {.proc = "./proc", .uid_low = 1000, .uid_high = 60000};
    struct processes processes = {0};
    struct span rest = {(const char *)data, size};
    if (access("./proc", F_OK) != 0)
        make_proc();
    for (size_t i = 0; i + 1 < sizeof files / sizeof *files; i++)
        put(files[i], take(&rest));
    put(files[4], rest);
    hold(processes_look(&settings, &processes, NULL) == 0);
    check(&processes);
    processes_clear(&processes);
    return 0;
}
