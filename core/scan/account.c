/* account - lines with their kind and length in front. */
#include "spamgear/scan/account.h"

#include <string.h>

#define HEAD 3 /* bytes before a line's text */

void account_add(struct account *account, enum account_kind kind, struct span text)
{
    if (text.len > ACCOUNT_LINE)
        text.len = ACCOUNT_LINE;
    if (text.len + HEAD > sizeof account->lines - account->len)
        return;
    char *to = account->lines + account->len;
    to[0] = (char)kind;
    to[1] = (char)(text.len & 0xff);
    to[2] = (char)(text.len >> 8);
    if (text.len > 0)
        memcpy(to + HEAD, text.at, text.len);
    account->len += (uint32_t)(HEAD + text.len);
}

bool account_next(const struct account *account, size_t *at, struct account_line *line)
{
    const unsigned char *from = (const unsigned char *)account->lines + *at;
    if (account->len - *at < HEAD)
        return false;
    size_t len = from[1] | (size_t)from[2] << 8;
    if (from[0] < ACCOUNT_SCORE || from[0] > ACCOUNT_TEXT || len > ACCOUNT_LINE ||
        len > account->len - *at - HEAD)
        return false;
    line->kind = (enum account_kind)from[0];
    line->text = (struct span){(const char *)from + HEAD, len};
    *at += HEAD + len;
    return true;
}

bool account_is_sound(const struct account *account)
{
    struct account_line line;
    size_t at = 0;
    while (account_next(account, &at, &line))
        ;
    return at == account->len;
}
