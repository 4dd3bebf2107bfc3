/* worker - libclamav within the sandbox: it finds, its scratch folders go when the workers do, and
 * without them nothing is clean. */
#include "spamgear/scan/clam.h"

#include "spamgear/scan/pool.h"
#include "test.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 60

static struct rules *rules;
static struct detect detect;

static const struct kind {
    const char *text;
    enum verdict_result want;
    const char *detail; /* of ClamAV's finding */
} kinds[] = {
    {"<?php echo 1; ?>", VERDICT_CLEAN, ""},
    {"<?php /* Inert-Marker-RAW */\n", VERDICT_FOUND, "Test.Raw.UNOFFICIAL"},
    {"<html><body><p>Inert-Marker-HTML</p></body></html>\n", VERDICT_FOUND, "Test.Html.UNOFFICIAL"},
    {"", VERDICT_CLEAN, ""},
    {"<html><body><p>nothing</p></body></html>\n", VERDICT_CLEAN, ""},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void put_signature(FILE *f, const char *name, int target, const char *text)
{
    fprintf(f, "%s:%d:*:", name, target);
    for (; *text != '\0'; text++)
        fprintf(f, "%02x", (unsigned char)*text);
    fprintf(f, "\n");
}

static void make_database(void)
{
    test_true("folders", mkdir("db", 0755) == 0 && mkdir("scratch", 0755) == 0);
    FILE *f = fopen("db/a.ndb", "w");
    test_true("database", f != NULL);
    put_signature(f, "Test.Raw", 0, "Inert-Marker-RAW");
    put_signature(f, "Test.Html", 3, "inert-marker-html");
    test_true("database", fclose(f) == 0 && chmod("db/a.ndb", 0644) == 0);
}

static void examine(const struct detect *with, struct detect_scratch *scratch, int fd,
                    struct verdict *verdict)
{
    char start[8] = "";
    if (pread(fd, start, 5, 0) == 5 && strcmp(start, "CRASH") == 0)
        abort();
    detect_file(with, scratch, fd, verdict);
}

static struct pool *open_pool(unsigned jobs)
{
    struct strbuf why = {0};
    struct pool_settings settings = {
        .jobs = jobs,
        .time_ms = 5000,
        .sandbox = {.uid = 65534, .gid = 65534, .memory_bytes = 256 << 20},
        .clamav_folder = "scratch",
        .examine = examine,
    };
    struct pool *pool = pool_open(&settings, &detect, &why);
    test_text("opens", strbuf_text(&why), "");
    if (pool == NULL)
        exit(test_end());
    strbuf_clear(&why);
    return pool;
}

static void give(struct pool *pool, const char *text, const void *ticket)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    size_t len = strlen(text);
    test_true("file", fd >= 0 && write(fd, text, len) == (ssize_t)len);
    struct pool_job job = {fd, len, -1, (void *)(uintptr_t)ticket};
    pool_give(pool, &job);
}

static const struct verdict *take(struct pool *pool, const void **ticket)
{
    struct pool_job job;
    const struct verdict *verdict;
    if (pool_take(pool, &job, &verdict, 60000) != 1) {
        test_true("comes back", false);
        exit(test_end());
    }
    close(job.fd);
    *ticket = job.ticket;
    return verdict;
}

static void take_all(struct pool *pool)
{
    const void *ticket;
    while (pool_outstanding(pool) > 0) {
        const struct verdict *verdict = take(pool, &ticket);
        const struct kind *kind = ticket;
        if (kind == NULL) {
            test_number("crashed", verdict->result, VERDICT_UNKNOWN);
            continue;
        }
        test_number(kind->text, verdict->result, kind->want);
        test_text(kind->text, verdict->why, "");
        if (verdict->findings_len > 0)
            test_bytes(kind->text, verdict->findings[0].detail, verdict->findings[0].detail_len,
                       kind->detail, strlen(kind->detail));
    }
}

static int entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void test_found(unsigned jobs, bool crash)
{
    struct pool *pool = open_pool(jobs);
    test_number("a folder each", entries("scratch"), (int)jobs);
    for (size_t i = 0; i < FILES; i++) {
        while (!pool_has_room(pool))
            take_all(pool);
        if (crash && i == FILES / 2)
            give(pool, "CRASH", NULL);
        else
            give(pool, kinds[i % KINDS].text, &kinds[i % KINDS]);
    }
    take_all(pool);
    test_number("replaced", pool_replaced(pool), crash);
    test_number("still a folder each", entries("scratch"), (int)jobs);
    pool_close(pool);
    test_number("folders are gone", entries("scratch"), 0);
}

/* The scratch folders go away: nothing is clean, and nothing hangs. */
static void test_no_folder(void)
{
    struct pool *pool = open_pool(1);
    test_true("away", rename("scratch", "elsewhere") == 0);
    for (size_t i = 0; i < 5; i++)
        give(pool, kinds[i % KINDS].text, &kinds[i % KINDS]);
    const void *ticket;
    while (pool_outstanding(pool) > 0) {
        const struct verdict *verdict = take(pool, &ticket);
        const struct kind *kind = ticket;
        test_true(kind->text, verdict->result != VERDICT_CLEAN || kind->text[0] == '\0');
    }
    test_true("back", rename("elsewhere", "scratch") == 0);
    pool_close(pool);
    test_number("folders are gone", entries("scratch"), 0);
}

int main(void)
{
    char folder[] = "/tmp/worker_clam_test.XXXXXX";
    struct strbuf why = {0};
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0 || chdir(folder) != 0)
        return 1;
    make_database();
    rules = rules_new();
    test_number("rules", rules_compile(rules, &why), 0);
    struct clam *clam = clam_open("db", &why);
    if (clam != NULL) {
        detect = (struct detect){.rules = rules, .clam = clam};
        for (unsigned jobs = 1; jobs <= 2; jobs++) {
            test_found(jobs, false);
            test_found(jobs, true);
        }
        test_no_folder();
    } else {
        printf("not tested here: %s\n", strbuf_text(&why));
    }
    clam_close(clam);
    rules_free(rules);
    strbuf_clear(&why);
    test_true("tidy", unlink("db/a.ndb") == 0 && rmdir("db") == 0 && rmdir("scratch") == 0 &&
                          rmdir(folder) == 0);
    return test_end();
}
