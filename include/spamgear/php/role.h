/* role - what PHP's functions mean to somebody who looks for ways in: sources, sinks, callbacks.
 *
 * One table, a row a function, from the PHP manual. A function can be several things at once
 * (file_get_contents is a source and a sink). Methods stand as "class::method", or "::method" where
 * the class cannot be known from reading.
 */
#ifndef SPAMGEAR_PHP_ROLE_H
#define SPAMGEAR_PHP_ROLE_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum php_sink {
    PHP_SINK_NONE,
    PHP_SINK_EVAL, /* eval */
    PHP_SINK_ASSERT,
    PHP_SINK_CREATE_FUNCTION,
    PHP_SINK_REGEX,   /* preg_replace and mb_ereg_replace with /e */
    PHP_SINK_COMMAND, /* system, exec, passthru, shell_exec, popen, proc_open, pcntl_exec, `` */
    PHP_SINK_CALL,    /* the name of what is called: $x(), call_user_func($x), array_map($x, ...) */
    PHP_SINK_NEW,     /* the name of a class: new $x, Reflection */
    PHP_SINK_INCLUDE,
    PHP_SINK_UNSERIALIZE,
    PHP_SINK_WRITE_NAME, /* the name of a file that is written */
    PHP_SINK_WRITE,      /* what is written into a file */
    PHP_SINK_UPLOAD,     /* move_uploaded_file, copy of tmp_name: the target's name */
    PHP_SINK_RENAME,
    PHP_SINK_DELETE,
    PHP_SINK_CHMOD,
    PHP_SINK_READ,            /* the name of a file that is read */
    PHP_SINK_LIST,            /* of a folder that is listed */
    PHP_SINK_EXTRACT,         /* extract, parse_str, import_request_variables, mb_parse_str */
    PHP_SINK_MAIL,            /* recipient, subject or text of a mail */
    PHP_SINK_MAIL_PARAMETERS, /* mail's fifth argument */
    PHP_SINK_ENVIRONMENT,     /* putenv, LD_PRELOAD */
    PHP_SINK_LOAD,            /* dl, FFI */
    PHP_SINK_SETTING,         /* ini_set, set_include_path */
    PHP_SINK_SQL,
    PHP_SINK_CONNECT, /* fsockopen, stream_socket_client, curl to a host */
    PHP_SINK_HEADER,
    PHP_SINK_OUTPUT, /* echo, print, printf */
    PHP_SINK_TOUCH,
    PHP_SINKS
};

struct php_role {
    const char *name;  /* lower case */
    uint8_t sink;      /* enum php_sink; 0 = none */
    uint8_t sink_args; /* bit n: argument n is dangerous; bit 7: all from 7 on */
    uint8_t also;      /* a second sink: what is written by file_put_contents, the name that fopen
                          writes to (its mode tells), what copy reads; 0 = none */
    uint8_t also_args;
    uint32_t gives;   /* enum php_taint that the result carries; 0 = none */
    uint16_t traits;  /* enum php_trait that the result carries */
    uint8_t callback; /* 1 + which argument is called; 0 = none; PHP_CALLBACK_LAST */
    uint8_t passes;   /* bit n: that argument (or its elements) is what the callback gets; bit
                         7: all behind the callback */
    uint8_t fills;    /* bit n: argument n is a reference that gets what the others carry */
    uint8_t keeps;    /* bit n: the result carries argument n's marks; 0: all arguments' */
    bool later;       /* the callback is called when the script ends or something happens */
    bool forgets;     /* the result carries no marks at all (count, strlen, is_*) */
};

#define PHP_CALLBACK_LAST     255 /* the last argument, however many there are: array_udiff */
#define PHP_CALLBACK_LAST_TWO 254 /* the last two */

/* The argument that a call with `count` arguments runs, from 0; -1 when it runs none. Where two are
 * run (PHP_CALLBACK_LAST_TWO) this is the first of them. */
static inline int php_role_callback(const struct php_role *role, unsigned count)
{
    unsigned from_end = role->callback >= PHP_CALLBACK_LAST_TWO ? 256u - role->callback : 0;
    if (from_end > 0)
        return count >= from_end ? (int)(count - from_end) : -1;
    return role->callback > 0 && role->callback <= count ? role->callback - 1 : -1;
}

/* NULL when nothing is known of it. Names in any case, with a leading backslash or a namespace (a
 * function that a namespace lacks is the global one); "class::method" falls back to "::method". */
const struct php_role *php_role_of(struct span name);

/* What a superglobal gives, by its name without $ ("_GET"); 0 when it is none. */
uint32_t php_superglobal(struct span name);

/* "eval", "command", "file name": for people. */
const char *php_sink_name(enum php_sink sink);
/* "the request ($_GET, $_POST, ...)": the strongest of the bits, for people. */
const char *php_taint_name(uint32_t taint);

/* For tests: the table, sorted by name; *count gets its length. */
const struct php_role *php_roles(size_t *count);

#endif
