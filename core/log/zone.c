/* zone - the machine's zone and named zones, both by libc, behind one lock.
 *
 * A named zone is put into TZ while it is asked for, and what stood there is put
 * back before the lock is given up; so the lock also covers the machine's own zone.
 * libc takes a name that it does not know for UTC without a word, so the file is
 * looked at first. Names come from log lines, so anybody may have written them: a
 * name is checked before it becomes a path. An answer costs one open(2) where there is
 * no such file and 20 microseconds where there is one; so the latest answers are kept,
 * for logs in which the sites of several zones take turns.
 */
#include "spamgear/log/zone.h"

#include "spamgear/base/map.h"
#include "spamgear/base/mem.h"
#include "stamp_civil.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ZONE_DIR "/usr/share/zoneinfo" /* where glibc looks without TZDIR */

enum {
    DAY = 86400,
    QUARTER = 900,
    NAME_MOST = 47, /* the longest of the tz database has 32 bytes */
    ANSWERS = 256
};

struct answer {
    char tz[1 + NAME_MOST + 1]; /* ":Europe/Madrid": with the colon a file, never a rule */
    bool known;
    int64_t local_s;
    struct zone_offsets offsets;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct answer answers[ANSWERS]; /* each in the slot that its question hashes to */

/* ---- with the lock held: the zone that libc stands in ---- */

static int offset_at(int64_t time)
{
    struct tm tm;
    time_t t = (time_t)time;
    return localtime_r(&t, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

/* Offsets are known for moments; which moment the clocks meant is found by
 * trying the offset of the day before and of the day after. */
static struct zone_offsets offsets_at(int64_t local_s)
{
    int before = offset_at(local_s - DAY), after = offset_at(local_s + DAY);
    if (before == after)
        return (struct zone_offsets){before, before};
    bool first = offset_at(local_s - before) == before;
    bool second = offset_at(local_s - after) == after;
    if (!second) /* none of both: the hour is left out */
        return (struct zone_offsets){before, before};
    if (!first || before < after) /* clocks that go on twice in two days may fit both ways */
        return (struct zone_offsets){after, after};
    return (struct zone_offsets){before, after};
}

/* NULL: no TZ at all, which is the machine's /etc/localtime. */
static void stand_in(const char *tz)
{
    if (tz == NULL)
        unsetenv("TZ");
    else if (setenv("TZ", tz, 1) != 0)
        abort(); /* out of memory */
    tzset();
}

static struct zone_offsets offsets_in(const char *tz, int64_t local_s)
{
    char *saved = mem_text(getenv("TZ")); /* setenv may move what getenv pointed to */
    stand_in(tz);
    struct zone_offsets offsets = offsets_at(local_s);
    stand_in(saved);
    free(saved);
    return offsets;
}

/* ---- names ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
}

/* No dots at all, so no "..", and nothing absolute. */
static bool is_name(struct span name)
{
    if (name.len == 0 || name.len > NAME_MOST || name.at[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_char(name.at[i]))
            return false;
    return true;
}

/* The tables that lie among the zones ("leapseconds") do not begin with these letters. */
static bool is_zone_file(int fd)
{
    char magic[4];
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           read(fd, magic, sizeof magic) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
}

static bool has_file(const char *name)
{
    char path[4096];
    const char *dir = getenv("TZDIR");
    int len =
        snprintf(path, sizeof path, "%s/%s", dir == NULL || *dir == '\0' ? ZONE_DIR : dir, name);
    int fd =
        len >= (int)sizeof path ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool is_zone = is_zone_file(fd);
    close(fd);
    return is_zone;
}

static bool is_utc(struct span name)
{
    return span_is(name, SPAN("UTC")) || span_is(name, SPAN("GMT")) || span_is(name, SPAN("Z"));
}

/* ---- what others ask ---- */

/* The kept answer, or a new one in its place; borrowed while the lock is held. */
static const struct answer *find_answer(const struct answer *asked)
{
    uint64_t hash = map_hash(asked->tz, strlen(asked->tz)) + (uint64_t)(asked->local_s / QUARTER);
    struct answer *kept = &answers[hash % ANSWERS];
    if (kept->local_s == asked->local_s && strcmp(kept->tz, asked->tz) == 0)
        return kept;
    *kept = *asked;
    kept->known = has_file(asked->tz + 1);
    if (kept->known)
        kept->offsets = offsets_in(asked->tz, asked->local_s);
    return kept;
}

bool zone_named(struct span name, int64_t local_s, struct zone_offsets *offsets)
{
    struct answer asked = {.local_s = local_s};
    *offsets = asked.offsets;
    if (is_utc(name))
        return true;
    if (!is_name(name))
        return false;
    snprintf(asked.tz, sizeof asked.tz, ":%.*s", (int)name.len, name.at);
    pthread_mutex_lock(&lock);
    asked = *find_answer(&asked);
    pthread_mutex_unlock(&lock);
    *offsets = asked.offsets;
    return asked.known;
}

struct zone_offsets zone_here(int64_t local_s)
{
    pthread_mutex_lock(&lock);
    struct zone_offsets offsets = offsets_at(local_s);
    pthread_mutex_unlock(&lock);
    return offsets;
}

int zone_offset_here(int64_t time)
{
    pthread_mutex_lock(&lock);
    int offset = offset_at(time);
    pthread_mutex_unlock(&lock);
    return offset;
}

int64_t zone_day_end(int year, int month, int day)
{
    int64_t midnight = (civil_days(year, month, day) + 1) * DAY;
    return midnight - zone_here(midnight).first_s;
}
