/* spamgear_killed - spamgear, which is killed at a call that changes a file, at the time it is
 * told.
 *
 *     SPAMGEAR_NOW=SECONDS SPAMGEAR_CALL=[before|after|fail]:NUMBER spamgear_killed APPLET ...
 *
 * Only its first process counts its calls, and adds how many they were to the file SPAMGEAR_CALLS.
 */
#include "../unit/counted_calls.h"
#include "spamgear/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pid_t first;

static void tell_calls(void)
{
    const char *path = getenv("SPAMGEAR_CALLS");
    FILE *file = path != NULL && getpid() == first ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%u\n", (unsigned)calls);
    fclose(file);
}

static void in_child(void)
{
    what = WHAT_NOTHING;
}

static enum what read_what(const char *call)
{
    return strncmp(call, "before:", 7) == 0  ? WHAT_KILL_BEFORE
           : strncmp(call, "after:", 6) == 0 ? WHAT_KILL_AFTER
           : strncmp(call, "fail:", 5) == 0  ? WHAT_FAIL
                                             : WHAT_NOTHING;
}

__attribute__((constructor)) static void begin(void)
{
    const char *now = getenv("SPAMGEAR_NOW"), *call = getenv("SPAMGEAR_CALL");
    if (now != NULL)
        clock_pin(strtoll(now, NULL, 10));
    if (call == NULL)
        return;
    first = getpid();
    fail_with = ENOSPC;
    at_call = (unsigned)strtoul(strchr(call, ':') + 1, NULL, 10);
    pthread_atfork(NULL, NULL, in_child);
    atexit(tell_calls);
    what = read_what(call);
}
