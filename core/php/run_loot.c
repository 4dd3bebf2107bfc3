/* run_loot - cards and passwords: what names them, and where they are sent or kept.
 *
 * Somebody who pays or logs in is robbed by a few lines in an honest file, which run nothing. What
 * they take is known by its name (an element, a getter, a parameter), and that they take it by the
 * way it goes: a mail, another server, a file, a cookie. Both are only counted; the mark never
 * leaves the walk.
 */
#include "run_parts.h"

#include <string.h>
#include <strings.h>

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Without case, blanks, - and _; a getter without its "get". */
static bool is_named(struct span name, const char *const *words)
{
    char plain[24];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < sizeof plain; i++)
        if (name.at[i] != '_' && name.at[i] != '-' && name.at[i] != ' ')
            plain[len++] = name.at[i];
    size_t skip = len > 3 && strncasecmp(plain, "get", 3) == 0 ? 3 : 0;
    for (; *words != NULL; words++)
        if (strlen(*words) == len - skip && strncasecmp(*words, plain + skip, len - skip) == 0)
            return true;
    return false;
}

uint32_t run_loot_of(struct span name)
{
    if (name.len < 3 || name.len > 20)
        return 0;
    if (is_named(name, WORDS("ccnumber", "cccid", "cccvv", "cccvv2", "cccvc", "cvv", "cvv2", "cvc",
                             "cvc2", "cardnumber", "cardnum", "cardno", "ccnum", "ccno", "cccode",
                             "creditcard", "creditcardnumber", "cardcvv", "cardcvc", "cardcode",
                             "ccnumberenc", "cccidenc", "ccexpmonth", "ccexpyear")))
        return RUN_IS_CARD;
    if (is_named(name, WORDS("pass", "passwd", "password", "pwd", "userpass", "userpassword",
                             "loginpassword", "loginpass", "emailpassword", "emailpass", "passwrd",
                             "senha", "contrasena", "parola", "motdepasse")))
        return RUN_IS_PASSWORD;
    return 0;
}

/* Of curl's options: what is asked for, and with what. */
static bool is_sending_option(struct php_run *run, const struct call *call)
{
    if (!span_is(call->name, SPAN("curl_setopt")) || call->nodes == NULL || call->nodes[1] == 0)
        return true;
    struct span option = run_source(run, call->nodes[1]);
    return span_is(option, SPAN("CURLOPT_POSTFIELDS")) || span_is(option, SPAN("CURLOPT_URL"));
}

void run_loot_sent(struct php_run *run, enum php_sink sink, const struct call *call,
                   const struct php_value *value)
{
    bool sent = sink == PHP_SINK_MAIL ||
                (sink == PHP_SINK_CONNECT && is_sending_option(run, call)) ||
                (sink == PHP_SINK_READ && (value->traits & PHP_IS_URL) != 0);
    bool kept = sink == PHP_SINK_WRITE ||
                (sink == PHP_SINK_HEADER && span_is(call->name, SPAN("setcookie")));
    if ((value->taint & RUN_LOOT) == 0 || (!sent && !kept) || (value->traits & PHP_IS_HASH) != 0 ||
        (run->unit->seen[call->node] & 8) != 0)
        return;
    run->unit->seen[call->node] |= 8;
    if ((value->taint & RUN_IS_CARD) != 0)
        run_count(run, PHP_COUNT_CARDS_TAKEN);
    else if (sent && (value->taint & RUN_IS_PASSWORD) != 0)
        run_count(run, PHP_COUNT_PASSWORDS_SENT);
    else if ((value->taint & RUN_IS_WHOLE) != 0)
        run_count(run, PHP_COUNT_REQUESTS_SENT);
}
