/* mail_policy - who gets a mail through which server, what an answer means, and when to try again.
 */
#include "mail_parts.h"

#include <string.h>
#include <strings.h>

#define FIRST_WAIT_S 300
#define LAST_WAIT_S  (4 * 3600)

static bool is_address(const char *word)
{
    return strchr(word, '@') != NULL && strstr(word, "://") == NULL;
}

int mail_routes_read(struct mail_routes *routes, const struct texts *smtp, struct strbuf *why)
{
    for (size_t i = 0; i < smtp->len; i++) {
        if (!is_address(smtp->at[i]))
            *vec_add(&routes->list) = (struct mail_route){smtp->at[i], smtp->at + i + 1, 0};
        else if (routes->list.len == 0)
            return strbuf_why(why, "\"%s\" stands before any server", smtp->at[i]);
        else
            routes->list.at[routes->list.len - 1].own_count++;
    }
    return 0;
}

bool mail_route_serves(const struct mail_route *route, const char *address)
{
    for (size_t i = 0; i < route->own_count; i++)
        if (strcasecmp(route->own[i], address) == 0)
            return true;
    return route->own_count == 0;
}

enum smtp_result mail_merge(enum smtp_result have, enum smtp_result got)
{
    static const enum smtp_result best_first[] = {SMTP_SENT, SMTP_LATER, SMTP_REFUSED};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++)
        if (have == best_first[i] || got == best_first[i])
            return best_first[i];
    return SMTP_NOT_TRIED;
}

enum smtp_result mail_sendmail_result(int status)
{
    static const int for_good[] = {64, 65, 67, 68,
                                   77}; /* usage, data, no user, no host, no right */
    for (size_t i = 0; i < sizeof for_good / sizeof *for_good; i++)
        if (status == for_good[i])
            return SMTP_REFUSED;
    return status == 0 ? SMTP_SENT : SMTP_LATER;
}

int64_t mail_next_try(int64_t now, unsigned attempts)
{
    int64_t wait = FIRST_WAIT_S;
    while (attempts-- > 1 && wait < LAST_WAIT_S)
        wait *= 2;
    return now + (wait < LAST_WAIT_S ? wait : LAST_WAIT_S);
}

bool mail_is_due(int64_t now, int64_t next_try, int64_t lease_s)
{
    return next_try <= now || next_try - now > LAST_WAIT_S + lease_s;
}
