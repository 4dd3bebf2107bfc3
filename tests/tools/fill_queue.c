/* fill_queue - many messages in the deferred queue of a Postfix that is not running.
 *
 *     fill_queue QUEUE-DIRECTORY COUNT short|long USER-ID
 *
 * Valid queue files (records as in Postfix's src/global/rec_type.h) with names of their inodes and
 * times, in the hashed sub-folders that hash_queue_names and hash_queue_depth have by default,
 * complete by their mode, owned by USER-ID; and for each its deferral log with one recipient, so
 * that postqueue lists them as it lists a real queue. The oldest arrived COUNT seconds ago.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char text[] = "Received: by mx.example.net\nSubject: a message\n\nHello\n";

static void fail(const char *what)
{
    fprintf(stderr, "fill_queue: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void record(FILE *file, int type, const char *data)
{
    fputc(type, file);
    fputc((int)strlen(data), file); /* below 128: a length of one byte */
    fputs(data, file);
}

/* Where the message stands is known when the rest has been written: called twice. */
static long write_message(FILE *file, long arrival, long usec, long number, long offset)
{
    char line[128];
    size_t size = 0, count = 0;
    for (const char *at = text; *at != '\0'; at++, count += at[-1] == '\n')
        size += at[0] != '\n';
    size += 2 * count; /* each line is a record: type and length instead of its end */
    snprintf(line, sizeof line, "%15zu %15ld %15d %15d %15zu %15d", size, offset, 1, 0, size, 0);
    record(file, 'C', line);
    snprintf(line, sizeof line, "%ld %ld", arrival, usec);
    record(file, 'T', line);
    snprintf(line, sizeof line, "sender%ld@example.net", number % 1000);
    record(file, 'S', line);
    snprintf(line, sizeof line, "recipient%ld@example.com", number);
    record(file, 'R', line);
    record(file, 'M', "");
    offset = ftell(file);
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)len, at);
        record(file, 'N', line);
        at += len + 1;
    }
    record(file, 'X', "");
    record(file, 'E', "");
    return offset;
}

static void write_reason(FILE *file, long number)
{
    fprintf(file,
            "<recipient%ld@example.com>: connect to mx.example.com[192.0.2.1]:25: Connection timed "
            "out\nrecipient=recipient%ld@example.com\noffset=0\ndsn_orig_rcpt=rfc822;"
            "recipient%ld@example.com\nstatus=4.4.1\naction=delayed\nreason=connect to "
            "mx.example.com[192.0.2.1]:25: Connection timed out\n\n",
            number, number, number);
}

/* Digits of a number, most significant first, at least `pad` of them. */
static void spell(char *out, unsigned long value, unsigned base, int pad)
{
    static const char digits[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    char reverse[32];
    int len = 0;
    for (; value > 0 || len < pad; value /= base)
        reverse[len++] = digits[value % base];
    out += strlen(out);
    while (len > 0)
        *out++ = reverse[--len];
    *out = '\0';
}

static void name_it(char name[64], int is_long, long arrival, long usec, unsigned long inode)
{
    name[0] = '\0';
    if (!is_long) {
        snprintf(name, 64, "%05lX%lX", usec, inode);
        return;
    }
    spell(name, (unsigned long)arrival, 52, 6);
    spell(name, (unsigned long)usec, 52, 4);
    strcat(name, "z");
    spell(name, inode, 51, 0);
}

static void place(const char *queue, long usec, const char *from, const char *name)
{
    char to[256];
    snprintf(to, sizeof to, "%s/%c", queue, "0123456789ABCDEF"[usec >> 16 & 15]);
    mkdir(to, 0700);
    snprintf(to, sizeof to, "%s/%c/%s", queue, "0123456789ABCDEF"[usec >> 16 & 15], name);
    if (rename(from, to) != 0)
        fail(to);
}

static FILE *start(uid_t owner, mode_t mode)
{
    FILE *file = fopen("new", "wx");
    if (file == NULL || fchown(fileno(file), owner, (gid_t)-1) != 0 ||
        fchmod(fileno(file), mode) != 0)
        fail("new");
    return file;
}

static void finish(FILE *file, long modified)
{
    struct timespec times[2] = {{.tv_sec = modified}, {.tv_sec = modified}};
    if (fflush(file) != 0 || futimens(fileno(file), times) != 0 || fclose(file) != 0)
        fail("new");
}

int main(int argc, char **argv)
{
    if (argc != 5 || chdir(argv[1]) != 0) {
        fputs("usage: fill_queue QUEUE-DIRECTORY COUNT short|long USER-ID\n", stderr);
        return 2;
    }
    long count = atol(argv[2]), now = (long)time(NULL);
    uid_t owner = (uid_t)atol(argv[4]);
    for (long i = 0; i < count; i++) {
        long usec = i * 7919 % 1000000, arrival = now - count + i;
        char name[64];
        FILE *file = start(owner, 0700);
        struct stat st;
        if (fstat(fileno(file), &st) != 0)
            fail("new");
        long offset = write_message(file, arrival, usec, i, 0);
        rewind(file);
        write_message(file, arrival, usec, i, offset);
        finish(file, now + 4000); /* when it is tried again */
        name_it(name, strcmp(argv[3], "long") == 0, arrival, usec, st.st_ino);
        place("deferred", usec, "new", name);
        file = start(owner, 0600);
        write_reason(file, i);
        finish(file, now);
        place("defer", usec, "new", name);
    }
    return 0;
}
