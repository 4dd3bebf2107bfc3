/* format - the table of built-in log formats.
 *
 * A new program is a file format_<program>.c with its row, a line in format.h and
 * a line here.
 */
#include "spamgear/log/format.h"

static const struct log_format *const formats[] = {
    &format_postfix, &format_exim,        &format_roundcube,      &format_imp,
    &format_php,     &format_php_wrapper, &format_sendmail2relay, &format_sendmail2relay_path,
};

const struct log_format *const *format_all(size_t *len)
{
    *len = sizeof(formats) / sizeof(formats[0]);
    return formats;
}

const struct log_format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const char *sender_kind_name(enum sender_kind kind)
{
    static const char *const names[SENDER_KINDS] = {
        [SENDER_SASL] = "sasl",       [SENDER_LOCAL] = "local",   [SENDER_HOST] = "host",
        [SENDER_WEBMAIL] = "webmail", [SENDER_SCRIPT] = "script",
    };
    return (unsigned)kind < SENDER_KINDS ? names[kind] : "unknown";
}
