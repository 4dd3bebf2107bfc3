/* mailq_name - what the names of queue files say.
 *
 * Postfix (src/global/mail_queue.h): short IDs are hexadecimal, five digits of microseconds and the
 * inode; long ones hold the seconds in base 52 (six digits or more), microseconds (four), "z", and
 * the inode. Exim (spec, "Message identification"): seconds in base 62 (six digits), a dash, the
 * process (six, since 4.97 eleven), a dash, a fraction (two, since 4.97 four); of each message's
 * files the one with "-H" is written last.
 */
#include "spamgear/net/mailq.h"

#include "spamgear/base/clock.h"
#include <ctype.h>
#include <string.h>

#define NAME_LONGEST 255
#define LONG_TIME    10 /* digits at least: seconds and microseconds */
#define LONG_USEC    4

static const char digits52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
static const char digits62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* 0 for what is no number, or no time at which a message may have come. */
static int64_t time_of(const char *at, size_t len, const char *digits)
{
    int64_t time = 0, base = (int64_t)strlen(digits);
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(digits, at[i]);
        if (digit == NULL || at[i] == '\0' || time > INT64_MAX / base - 1)
            return 0;
        time = time * base + (digit - digits);
    }
    return time > clock_now() + 86400 ? 0 : time;
}

bool mailq_is_postfix_name(const char *name)
{
    size_t len = 0;
    for (; name[len] != '\0'; len++)
        if (!isalnum((unsigned char)name[len]) && name[len] != '_')
            return false;
    return len > 1 && len <= NAME_LONGEST;
}

int64_t mailq_postfix_arrival(const char *name)
{
    const char *separator = strrchr(name, 'z');
    if (separator == NULL || separator - name < LONG_TIME)
        return 0;
    return time_of(name, (size_t)(separator - name) - LONG_USEC, digits52);
}

/* Digits, a dash, digits, a dash, digits, "-H": how many digits. */
static bool has_shape(const char *name, size_t first, size_t second, size_t third)
{
    const size_t lengths[] = {first, second, third};
    for (size_t i = 0; i < 3; i++, name++) {
        for (size_t left = lengths[i]; left > 0; left--, name++)
            if (!isalnum((unsigned char)*name))
                return false;
        if (*name != '-')
            return false;
    }
    return strcmp(name, "H") == 0;
}

bool mailq_is_exim_name(const char *name)
{
    return has_shape(name, 6, 6, 2) || has_shape(name, 6, 11, 4);
}

int64_t mailq_exim_arrival(const char *name)
{
    return mailq_is_exim_name(name) ? time_of(name, 6, digits62) : 0;
}
