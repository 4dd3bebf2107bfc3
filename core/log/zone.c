/* zone - the machine's zone by libc, named zones from /usr/share/zoneinfo.
 *
 * Zone names come from log lines, so anybody may have written them: a name is
 * checked before it becomes a path, and what is not a time zone file is no
 * zone. (libc would take any unknown name for UTC without a word.) Zones read
 * once are kept, up to ZONES_KEPT of them, behind one lock; callers keep the
 * answers of a quarter of an hour, so the lock is rarely asked for.
 */
#include "spamgear/log/zone.h"

#include "spamgear/base/mem.h"
#include "zone_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ZONE_DIR "/usr/share/zoneinfo/"

enum {
    DAY = 86400,
    NAME_MOST = 47,        /* the longest of the tz database has 32 bytes */
    FILE_MOST = 64 * 1024, /* the longest file has 4 KB */
    ZONES_KEPT = 64
};

struct kept {
    char name[NAME_MOST + 1];
    struct zone *zone;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[ZONES_KEPT];
static unsigned next_out; /* the slot that is given up next */

int zone_offset_here(int64_t time)
{
    struct tm tm;
    time_t t = (time_t)time;
    return localtime_r(&t, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

static int offset_here(const void *zone, int64_t time)
{
    (void)zone;
    return zone_offset_here(time);
}

static int offset_of(const void *zone, int64_t time)
{
    return zone_file_offset(zone, time);
}

/* Offsets are known for moments; which moment the clocks meant is found by
 * trying the offset of the day before and of the day after. */
static struct zone_offsets invert(int offset_at(const void *, int64_t), const void *zone,
                                  int64_t local_s)
{
    int before = offset_at(zone, local_s - DAY), after = offset_at(zone, local_s + DAY);
    if (before == after)
        return (struct zone_offsets){before, before};
    bool first = offset_at(zone, local_s - before) == before;
    bool second = offset_at(zone, local_s - after) == after;
    if (!second) /* none of both: the hour is left out */
        return (struct zone_offsets){before, before};
    if (!first || before < after) /* clocks that go on twice in two days may fit both ways */
        return (struct zone_offsets){after, after};
    return (struct zone_offsets){before, after};
}

struct zone_offsets zone_here(int64_t local_s)
{
    return invert(offset_here, NULL, local_s);
}

struct zone_offsets zone_offsets_at(const struct zone *zone, int64_t local_s)
{
    return invert(offset_of, zone, local_s);
}

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

static struct zone *read_open_file(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MOST)
        return NULL;
    char *bytes = mem_alloc(FILE_MOST);
    ssize_t got = read(fd, bytes, FILE_MOST);
    struct zone *zone = got <= 0 ? NULL : zone_parse((struct span){bytes, (size_t)got});
    free(bytes);
    return zone;
}

static struct zone *read_zone(const char *name)
{
    char path[sizeof ZONE_DIR + NAME_MOST];
    snprintf(path, sizeof path, "%s%s", ZONE_DIR, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct zone *zone = read_open_file(fd);
    close(fd);
    return zone;
}

/* The zone of that name, borrowed while the lock is held; NULL when there is none. */
static const struct zone *find_zone(const char *name)
{
    for (size_t i = 0; i < ZONES_KEPT && kept[i].zone != NULL; i++)
        if (strcmp(kept[i].name, name) == 0)
            return kept[i].zone;
    struct zone *zone = read_zone(name);
    if (zone == NULL)
        return NULL;
    struct kept *slot = &kept[next_out++ % ZONES_KEPT];
    zone_free(slot->zone);
    memcpy(slot->name, name, strlen(name) + 1);
    slot->zone = zone;
    return zone;
}

static bool is_utc(struct span name)
{
    return span_is(name, SPAN("UTC")) || span_is(name, SPAN("GMT")) || span_is(name, SPAN("Z"));
}

bool zone_named(struct span name, int64_t local_s, struct zone_offsets *offsets)
{
    char text[NAME_MOST + 1];
    *offsets = (struct zone_offsets){0, 0};
    if (is_utc(name))
        return true;
    if (!is_name(name))
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    pthread_mutex_lock(&lock);
    const struct zone *zone = find_zone(text);
    if (zone != NULL)
        *offsets = zone_offsets_at(zone, local_s);
    pthread_mutex_unlock(&lock);
    return zone != NULL;
}
