/* sighting - what the analysis saw, for those who judge it.
 *
 * A sighting is something that reached a sink, with all that is known of it. A trail is the way
 * a value went, as steps that point back to where it came from. A layer is a text that the file
 * unpacked and ran, or wrote somewhere.
 */
#ifndef SPAMGEAR_PHP_SIGHTING_H
#define SPAMGEAR_PHP_SIGHTING_H

#include "spamgear/base/vec.h"
#include "spamgear/php/role.h"
#include "spamgear/php/value.h"

struct php_step {
    uint32_t before;      /* the step before it, 0 = this is the source */
    uint32_t line, layer; /* the line within that layer, from 1 */
    uint32_t at, len;     /* the expression's bytes in the layer's text */
};

enum php_gate {                    /* under which conditions the place is reached */
                PHP_GATE_HASH = 1, /* a hash of what a stranger says was compared with a constant */
                PHP_GATE_SECRET = 2,        /* what a stranger says was compared with a constant */
                PHP_GATE_ISSET = 4,         /* isset or empty of what a stranger says */
                PHP_GATE_AGENT = 8,         /* user agent, referer or remote address */
                PHP_GATE_LOGIN = 16,        /* a function like is_admin, current_user_can,
                                               check_admin_referer,        or a session value */
                PHP_GATE_COMMAND_LINE = 32, /* php_sapi_name() == 'cli' */
                PHP_GATE_GUARD =
                    64 /* defined('ABSPATH') or die, and its like, earlier in the file */
};

struct php_sighting {
    uint8_t sink;     /* enum php_sink */
    uint8_t gates;    /* enum php_gate */
    uint8_t argument; /* which one, from 0 */
    bool in_function; /* within a function or method */
    bool in_class;
    bool in_loop;
    bool silenced;          /* @ before it */
    bool hidden_name;       /* the sink's own name was not spelt out */
    uint8_t name_made;      /* string operations that made that name */
    bool called;            /* by way of a callback: array_map('assert', ...) */
    struct php_value value; /* what reached it: taint, traits, made, hops; text when known */
    struct php_value other; /* WRITE: the file's name; WRITE_NAME: what is written; CALL: what the
                               function is called with */
    struct span name;       /* of the function, as it came out: "system" */
    uint32_t line, layer;
    uint32_t at, len;                     /* the call's bytes in the layer's text */
    uint32_t statement_at, statement_len; /* of the statement around it at the file's top level */
};

struct php_layer {
    struct span text;
    uint32_t parent, line; /* the layer and line that unpacked it; layer 0 is the file */
    uint32_t made;         /* string operations that made it */
    uint16_t traits;       /* enum php_trait */
    bool run;              /* eval and its like; else written to a file, or only decoded */
    struct span through;   /* "eval", "create_function", "file_put_contents", "" */
};

/* What else the walk through the file noticed; counts, saturating. */
enum php_count {
    PHP_COUNT_FUNCTIONS,
    PHP_COUNT_CLASSES,
    PHP_COUNT_STATEMENTS,
    PHP_COUNT_CALLS,
    PHP_COUNT_VARIABLE_CALLS, /* $f(), $a['x'](), $$x() */
    PHP_COUNT_HIDDEN_CALLS,   /* calls of a name that was built by operations that hide */
    PHP_COUNT_HIDDEN_SINKS,   /* such calls of a sink */
    PHP_COUNT_BUILT_NAMES,    /* calls of a name built by two or more string operations */
    PHP_COUNT_UNKNOWN_CALLS,  /* variable calls of which the name could not be told */
    PHP_COUNT_SILENCED,
    PHP_COUNT_GOTOS,
    PHP_COUNT_EVALS,
    PHP_COUNT_DECODED,       /* constants that a decoder made readable */
    PHP_COUNT_HASH_GATES,    /* hash of a request compared with a constant */
    PHP_COUNT_SELF_DELETE,   /* unlink(__FILE__) */
    PHP_COUNT_FORGED_TIMES,  /* touch(name, time) */
    PHP_COUNT_ERRORS_OFF,    /* error_reporting(0), ini_set('display_errors', 0) */
    PHP_COUNT_NO_TIME_LIMIT, /* set_time_limit(0), ignore_user_abort */
    PHP_COUNT_MASKS,         /* a 404 header and text of the script's own */
    PHP_COUNT_MAIL_LOOPS,    /* mail in a loop over what a stranger brings */
    PHP_COUNT_VARIABLE_VARIABLES,
    PHP_COUNT_SUPERGLOBALS,
    PHP_COUNT_GUARDS, /* defined('X') or die */
    PHP_COUNT_NAMESPACES,
    PHP_COUNT_BROKEN,         /* where the parser had to skip */
    PHP_COUNT_CARDS_TAKEN,    /* what is named like a card's number is mailed, sent or kept */
    PHP_COUNT_PASSWORDS_SENT, /* what is named like a password is mailed or sent */
    PHP_COUNT_ADMINS_MADE,    /* a user of the application becomes its administrator */
    PHP_COUNT_DOORWAYS, /* for some browsers: what another server sends is printed, or a way there
                         */
    PHP_COUNT_REQUESTS_SENT, /* all that a request brings is mailed, sent or kept */
    PHP_COUNT_PROGRAMS,      /* decoded constants that the machine or another interpreter runs */
    PHP_COUNTS
};

struct php_sightings {
    VEC(struct php_sighting) list; /* bounded: PHP_SIGHTINGS */
    VEC(struct php_step) steps;    /* [0] is none */
    VEC(struct php_layer) layers;  /* [0] is the file itself */
    uint32_t counts[PHP_COUNTS];
    const char *spent; /* NULL, or the budget for want of which something was not told */
};
#define PHP_SIGHTINGS 512

#endif
