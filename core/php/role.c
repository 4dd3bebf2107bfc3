/* role - the table of what PHP's functions mean, and how it is asked.
 *
 * The rows stand in roles.def, sorted for people, and are found by a hash that is made of them at
 * first use; a name is lowered once into a buffer of the longest name's size, which turns most of a
 * file's names away at once.
 *
 * To add a function: its row in roles.def, in its place.
 */
#include "spamgear/php/role.h"

#include "named.h"
#include "spamgear/php/value.h"
#include <pthread.h>

#define NAME_MAX_BYTES 64 /* no name in the table is as long */

#define A0      0x01
#define A1      0x02
#define A2      0x04
#define A3      0x08
#define A4      0x10
#define FROM0   0xff
#define FROM1   0xfe
#define FROM2   0xfc
#define NOTHING 0

#define ROLE(name_, ...)    {.name = name_, __VA_ARGS__},
#define PLAIN               .sink = PHP_SINK_NONE /* named only so that it is known */
#define SINK(what, args)    .sink = PHP_SINK_##what, .sink_args = (args)
#define ALSO(what, args)    .also = PHP_SINK_##what, .also_args = (args)
#define CALLED(argument)    .callback = 1 + (argument)
#define CALLBACK(argument)  SINK(CALL, 1 << (argument)), CALLED(argument)
#define CALLBACK_TWO(first) SINK(CALL, 3 << (first)), CALLED(first)
#define CALLBACK_LAST       SINK(CALL, FROM2), .callback = PHP_CALLBACK_LAST
#define CALLBACK_LAST_TWO   SINK(CALL, FROM2), .callback = PHP_CALLBACK_LAST_TWO
#define PASSES(args)        .passes = (args)
#define FILLS(args)         .fills = (args)
#define KEEPS(args)         .keeps = (args)
#define GIVES(source)       .gives = PHP_FROM_##source
#define TRAITS(trait)       .traits = TRAIT_##trait
#define LATER               .later = true
#define FORGETS             .forgets = true
#define TRAIT_ALTERED       PHP_IS_ALTERED
#define TRAIT_BASENAME      PHP_IS_BASENAME
#define TRAIT_CHECKED       PHP_IS_CHECKED
#define TRAIT_DECODED       PHP_IS_DECODED
#define TRAIT_HASH          PHP_IS_HASH
#define TRAIT_HTML_QUOTED   PHP_IS_HTML_QUOTED
#define TRAIT_KEY           PHP_IS_KEY
#define TRAIT_NUMBER        PHP_IS_NUMBER
#define TRAIT_SHELL_QUOTED  PHP_IS_SHELL_QUOTED
#define TRAIT_TEMPORARY     PHP_IS_TEMPORARY

static const struct php_role roles[] = {
#include "roles.def"
};
#define ROLES (sizeof roles / sizeof *roles)

const struct php_role *php_roles(size_t *count)
{
    *count = ROLES;
    return roles;
}

static struct named by_name;
static pthread_once_t by_name_once = PTHREAD_ONCE_INIT;

_Static_assert(ROLES * 2 <= NAMED_SLOTS, "rows are found at the first try or two");

static void index_rows(void)
{
    for (uint32_t i = 0; i < ROLES; i++)
        named_add(&by_name, roles[i].name, i);
}

/* The row of a lower-case, NUL-terminated name. */
static const struct php_role *row_of(const char *name, size_t len)
{
    uint32_t number = named_find(&by_name, name, len);
    return number == 0 ? NULL : &roles[number - 1];
}

/* What stands behind the namespace; all of it for methods, whose class is never the global one. */
static struct span function_of(struct span name)
{
    if (name.len > 0 && *name.at == '\\')
        name = span_skip(name, 1);
    const char *slash = name.len == 0 ? NULL : memrchr(name.at, '\\', name.len);
    if (slash == NULL || span_find(name, SPAN("::")) != NULL)
        return name;
    return span_of(slash + 1, span_end(name));
}

/* Of a name in small letters that ends with a NUL: the row of its class, or of any. */
static const struct php_role *role_of(const char *name, size_t len)
{
    const struct php_role *role = row_of(name, len);
    if (role != NULL || memchr(name, ':', len) == NULL)
        return role;
    const char *colons = strstr(name, "::");
    return colons == NULL || colons == name ? NULL : row_of(colons, len - (size_t)(colons - name));
}

const struct php_role *php_role_of(struct span name)
{
    char lower[NAME_MAX_BYTES];
    if (name.len > 4096) /* nobody's name, and the search for a namespace is not free */
        return NULL;
    name = function_of(name);
    const char *method = name.len < sizeof lower ? NULL : span_find(name, SPAN("::"));
    if (method != NULL)
        name = span_of(method, span_end(name));
    if (name.len == 0 || name.len >= sizeof lower)
        return NULL;
    if (memchr(name.at, '\0', name.len) != NULL)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)(name.at[i] | (name.at[i] >= 'A' && name.at[i] <= 'Z' ? 0x20 : 0));
    lower[name.len] = '\0';
    pthread_once(&by_name_once, index_rows);
    return role_of(lower, name.len);
}

/* The long ones are those of PHP 5, which register_long_arrays brings back. */
static const struct {
    struct span name;
    uint32_t taint;
} superglobals[] = {
    {{"_GET", 4}, PHP_FROM_REQUEST},
    {{"_POST", 5}, PHP_FROM_REQUEST},
    {{"_REQUEST", 8}, PHP_FROM_REQUEST},
    {{"_COOKIE", 7}, PHP_FROM_REQUEST},
    {{"_SERVER", 7}, PHP_FROM_SERVER},
    {{"_FILES", 6}, PHP_FROM_FILES},
    {{"_ENV", 4}, PHP_FROM_ENVIRONMENT},
    {{"_SESSION", 8}, PHP_FROM_SESSION},
    {{"HTTP_GET_VARS", 13}, PHP_FROM_REQUEST},
    {{"HTTP_POST_VARS", 14}, PHP_FROM_REQUEST},
    {{"HTTP_COOKIE_VARS", 16}, PHP_FROM_REQUEST},
    {{"HTTP_RAW_POST_DATA", 18}, PHP_FROM_REQUEST},
    {{"HTTP_SERVER_VARS", 16}, PHP_FROM_SERVER},
    {{"HTTP_POST_FILES", 15}, PHP_FROM_FILES},
    {{"HTTP_ENV_VARS", 13}, PHP_FROM_ENVIRONMENT},
    {{"HTTP_SESSION_VARS", 17}, PHP_FROM_SESSION},
};

uint32_t php_superglobal(struct span name)
{
    if (name.len == 0 || (*name.at != '_' && *name.at != 'H'))
        return 0;
    for (size_t i = 0; i < sizeof superglobals / sizeof *superglobals; i++)
        if (span_is(name, superglobals[i].name))
            return superglobals[i].taint;
    return 0;
}

const char *php_sink_name(enum php_sink sink)
{
    static const char *const names[PHP_SINKS] = {
        [PHP_SINK_NONE] = "nothing",
        [PHP_SINK_EVAL] = "eval",
        [PHP_SINK_ASSERT] = "assert",
        [PHP_SINK_CREATE_FUNCTION] = "code of a new function",
        [PHP_SINK_REGEX] = "pattern that runs code",
        [PHP_SINK_COMMAND] = "command",
        [PHP_SINK_CALL] = "name of a called function",
        [PHP_SINK_NEW] = "name of a class",
        [PHP_SINK_INCLUDE] = "included file",
        [PHP_SINK_UNSERIALIZE] = "unserialize",
        [PHP_SINK_WRITE_NAME] = "name of a written file",
        [PHP_SINK_WRITE] = "written text",
        [PHP_SINK_UPLOAD] = "name of an uploaded file",
        [PHP_SINK_RENAME] = "renamed file",
        [PHP_SINK_DELETE] = "deleted file",
        [PHP_SINK_CHMOD] = "rights of a file",
        [PHP_SINK_READ] = "name of a read file",
        [PHP_SINK_LIST] = "listed folder",
        [PHP_SINK_EXTRACT] = "names of variables",
        [PHP_SINK_MAIL] = "mail",
        [PHP_SINK_MAIL_PARAMETERS] = "parameters of the mail program",
        [PHP_SINK_ENVIRONMENT] = "environment",
        [PHP_SINK_LOAD] = "loaded library",
        [PHP_SINK_SETTING] = "setting of PHP",
        [PHP_SINK_SQL] = "SQL",
        [PHP_SINK_CONNECT] = "host to connect to",
        [PHP_SINK_HEADER] = "header",
        [PHP_SINK_OUTPUT] = "output",
        [PHP_SINK_TOUCH] = "time of a file",
    };
    return (unsigned)sink < PHP_SINKS ? names[sink] : "";
}

const char *php_taint_name(uint32_t taint)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        /* strongest first */
        {PHP_FROM_REQUEST, "the request ($_GET, $_POST, ...)"},
        {PHP_FROM_FILES, "an upload ($_FILES)"},
        {PHP_FROM_SERVER, "what the client says ($_SERVER)"},
        {PHP_FROM_REMOTE, "another server"},
        {PHP_FROM_UNDEFINED, "a variable that nothing sets"},
        {PHP_FROM_IMAGE, "an image's data"},
        {PHP_FROM_SESSION, "the session"},
        {PHP_FROM_SELF, "the file itself"},
        {PHP_FROM_DATABASE, "a database"},
        {PHP_FROM_ENVIRONMENT, "the environment"},
        {PHP_FROM_FILE, "a file"},
        {PHP_FROM_INCLUDE, "an included file"},
        {PHP_FROM_OUTPUT, "an output"},
        {PHP_FROM_NAME, "a name in the code"},
        {PHP_FROM_PARAMETER, "a parameter"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (taint & names[i].bit)
            return names[i].name;
    return "nowhere";
}
