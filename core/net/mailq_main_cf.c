/* mailq_main_cf - values of Postfix's main.cf (postconf(5)), and the instances they name.
 *
 * The file is read as Postfix reads it: the last of several definitions counts, a line that begins
 * with a blank goes on with the one before, $name is replaced. What needs more than that
 * (conditions, names that only Postfix knows the value of) is asked of postconf. The instances are
 * those of MULTI_INSTANCE_README: multi_instance_directories in the first one's main.cf.
 */
#include "mailq_parts.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/spawn.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS        " \t\r\n"
#define MAIN_CF_MAX   (1u << 20)
#define DEPTH         8
#define VALUE_MAX     65536
#define INSTANCES_MAX 100

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The whole definition that begins with this line: until one that does not begin with a blank.
 * Comments and empty lines may stand between. */
static struct span take_continued(struct span *rest, struct span first)
{
    struct span all = first, after = *rest, line;
    while (span_take_line(&after, &line)) {
        struct span text = span_trim(line, BLANKS);
        bool is_nothing = text.len == 0 || *text.at == '#';
        if (!is_nothing && !is_blank(*line.at))
            break;
        if (!is_nothing)
            all = span_of(first.at, span_end(line));
        *rest = after;
    }
    return all;
}

/* The lines of a definition without the comments between them, joined by blanks. */
static void join(struct span lines, struct strbuf *out)
{
    struct span line;
    while (span_take_line(&lines, &line)) {
        line = span_trim(line, BLANKS);
        if (line.len == 0 || *line.at == '#')
            continue;
        if (out->len > 0)
            strbuf_add_char(out, ' ');
        strbuf_add_span(out, line);
    }
}

/* The last definition of name; false: none. */
static bool find(struct span text, struct span name, struct strbuf *value)
{
    struct span line;
    bool found = false;
    while (span_take_line(&text, &line)) {
        struct span start = span_trim(line, BLANKS);
        if (start.len == 0 || *start.at == '#')
            continue;
        struct span all = take_continued(&text, line);
        const char *equals = memchr(all.at, '=', all.len);
        if (equals == NULL || !span_is(span_trim(span_of(all.at, equals), BLANKS), name))
            continue;
        strbuf_reset(value);
        join(span_of(equals + 1, span_end(all)), value);
        found = true;
    }
    return found;
}

/* "$name", "${name}" or "$(name)" at the start of s: its name, and the length of all; 0: it is
 * something else. */
static size_t reference(struct span s, struct span *name)
{
    size_t begin = s.len > 1 && (s.at[1] == '{' || s.at[1] == '(') ? 2 : 1, end = begin;
    while (end < s.len && (isalnum((unsigned char)s.at[end]) || s.at[end] == '_'))
        end++;
    *name = (struct span){s.at + begin, end - begin};
    if (end == begin)
        return 0;
    if (begin == 1)
        return end;
    return end < s.len && s.at[end] == (s.at[1] == '{' ? '}' : ')') ? end + 1 : 0;
}

/* Appends value with its references replaced. False: not all of them are known here. */
static bool expand(struct span text, const char *config, struct span value, unsigned depth,
                   struct strbuf *out)
{
    bool known = depth <= DEPTH;
    while (known && value.len > 0 && out->len < VALUE_MAX) {
        struct span name;
        struct strbuf other = {0};
        if (*value.at != '$') {
            strbuf_add_char(out, *value.at);
            value = span_skip(value, 1);
            continue;
        }
        size_t len = reference(value, &name);
        if (len > 0 && span_is(name, SPAN("config_directory")))
            strbuf_add_text(&other, config);
        else
            known = len > 0 && find(text, name, &other);
        known = known && expand(text, config, strbuf_span(&other), depth + 1, out);
        strbuf_clear(&other);
        value = span_skip(value, len);
    }
    return known && out->len < VALUE_MAX;
}

static int ask_postconf(const char *config, const char *name, int64_t deadline,
                        struct strbuf *value, struct strbuf *why)
{
    const char *argv[] = {"postconf", "-c", config, "-xh", name, NULL};
    struct span line, rest;
    int status = spawn_run(argv, SPAN(""), mailq_left(deadline), value, why);
    if (status < 0)
        return -1;
    rest = strbuf_span(value);
    if (status != 0 || !span_take_line(&rest, &line) || rest.len > 0)
        return strbuf_why(why, "%s/main.cf: %s: postconf does not tell it", config, name);
    value->len = line.len;
    value->data[line.len] = '\0';
    return 0;
}

int mailq_parameter(const char *config, const char *name, const char *other, int64_t deadline,
                    struct strbuf *value, struct strbuf *why)
{
    struct strbuf path = {0}, text = {0}, raw = {0};
    strbuf_format(&path, "%s/main.cf", config);
    strbuf_reset(value);
    int result = infile_read(strbuf_text(&path), MAIN_CF_MAX, &text, NULL, why);
    if (result == 0 && !find(strbuf_span(&text), span_text(name), &raw))
        strbuf_add_text(value, other);
    else if (result == 0 && !expand(strbuf_span(&text), config, strbuf_span(&raw), 0, value))
        result = ask_postconf(config, name, deadline, value, why);
    strbuf_clear(&path);
    strbuf_clear(&text);
    strbuf_clear(&raw);
    return result;
}

/* ---- instances ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The first one has no name, and its folder may be given by hand. */
static int add_instance(const char *config, const char *spool, int64_t deadline,
                        struct mailq_instances *list, struct strbuf *why)
{
    struct strbuf name = {0}, folder = {0}, commands = {0};
    int result = 0;
    if (list->len > 0)
        result = mailq_parameter(config, "multi_instance_name", "", deadline, &name, why);
    if (list->len > 0 && name.len == 0)
        strbuf_add_text(&name, last_part(config));
    if (spool != NULL)
        strbuf_add_text(&folder, spool);
    else if (result == 0)
        result = mailq_parameter(config, "queue_directory", "/var/spool/postfix", deadline, &folder,
                                 why);
    if (result == 0)
        result =
            mailq_parameter(config, "command_directory", "/usr/sbin", deadline, &commands, why);
    if (result == 0)
        *(vec_add(list)) = (struct mailq_instance){.config = mem_text(config),
                                                   .name = strbuf_take(&name),
                                                   .spool = strbuf_take(&folder),
                                                   .commands = strbuf_take(&commands)};
    strbuf_clear(&name);
    strbuf_clear(&folder);
    strbuf_clear(&commands);
    return result;
}

/* The further ones: folders, separated by commas and blanks. */
static int add_others(char *folders, int64_t deadline, struct mailq_instances *list,
                      struct strbuf *why)
{
    char *rest = NULL;
    for (char *at = strtok_r(folders, ", \t\r\n", &rest); at != NULL;
         at = strtok_r(NULL, ", \t\r\n", &rest)) {
        if (list->len >= INSTANCES_MAX)
            return strbuf_why(why, "more than %d instances of Postfix", INSTANCES_MAX);
        if (add_instance(at, NULL, deadline, list, why) != 0)
            return -1;
    }
    return 0;
}

/* A spool that was named needs no main.cf. */
static bool is_spool_only(const char *config, const char *spool)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/main.cf", config);
    bool missing = spool != NULL && access(strbuf_text(&path), F_OK) != 0 && errno == ENOENT;
    strbuf_clear(&path);
    return missing;
}

int mailq_instances(const struct mailq_settings *settings, int64_t deadline,
                    struct mailq_instances *list, struct strbuf *why)
{
    const char *config =
        settings->postfix_config == NULL ? "/etc/postfix" : settings->postfix_config;
    struct strbuf others = {0};
    *list = (struct mailq_instances){0};
    if (is_spool_only(config, settings->postfix_spool)) {
        *(vec_add(list)) = (struct mailq_instance){.config = mem_text(config),
                                                   .name = mem_text(""),
                                                   .spool = mem_text(settings->postfix_spool),
                                                   .commands = mem_text("/usr/sbin")};
        return 0;
    }
    int result = add_instance(config, settings->postfix_spool, deadline, list, why);
    if (result == 0)
        result = mailq_parameter(config, "multi_instance_directories", "", deadline, &others, why);
    if (result == 0 && others.len > 0)
        result = add_others(others.data, deadline, list, why);
    strbuf_clear(&others);
    return result;
}

void mailq_instances_clear(struct mailq_instances *list)
{
    for (size_t i = 0; i < list->len; i++) {
        free(list->at[i].config);
        free(list->at[i].name);
        free(list->at[i].spool);
        free(list->at[i].commands);
    }
    vec_clear(list);
}
