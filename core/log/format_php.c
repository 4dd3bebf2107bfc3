/* format_php - which script sent mail: PHP's mail.log and two wrappers around sendmail.
 *
 * mail.log (php-src ext/standard/mail.c): "mail() on [PATH:LINE]: To: LIST -- Headers: .."; no
 * date before PHP 5.5; through syslog any tag. The path may hold " : eval()'d code" layers
 * and phar:// names, which stand for the file that holds the code. Code without a file
 * (php -r, standard input) is no script: PARSE_NOTHING.
 *
 * The wrappers write (recipes in use since the first spam-gear)
 *     sendmail-php url=U, client=IP, filename=PATH, uid=N, user=U, args=..
 *     sendmail2relay user="U" path="P"        (a path ending in '/' is a directory)
 *
 * Who can forge what: a path is chosen by its tenant, url= by whoever asks for it, args= by
 * the script. mail.log's path ends at the first ":LINE]: To: ", so what a path imitates only
 * shortens that same path. url= stands before filename=, so fields are read from the
 * right. What a script puts into args= can imitate all that stands before it, and no
 * reader can tell: these wrappers do not escape. So the paths that are named are only
 * worth a scan, which decides by what the file holds; PHP's own mail.log cannot be
 * imitated this way.
 */
#include "spamgear/log/format.h"

#include "spamgear/log/fields.h"

/* --- mail.log --- */

/* Takes "PATH:LINE]: To: ". */
static bool take_path(struct span *s, struct span *path)
{
    struct span rest = *s, before, number, digits;
    while (field_until_text(&rest, SPAN("]: To: "), &before)) {
        *path = span_of(s->at, span_end(before));
        if (!field_cut_last(path, SPAN(":"), &number) || !field_digits(&number, &digits) ||
            number.len > 0)
            continue;
        *s = rest;
        return true;
    }
    return false;
}

/* Cuts one "(12) : eval()'d code" off the end of the path. */
static bool cut_layer(struct span *path)
{
    static const char *const layers[] = {
        ") : eval()'d code",
        ") : assert code",
        ") : regexp code",
        ") : runtime-created function",
    };
    struct span rest = *path, number, digits;
    size_t i = 0, count = sizeof(layers) / sizeof(layers[0]);
    while (i < count && !field_eat_end(&rest, span_text(layers[i])))
        i++;
    if (i == count || !field_cut_last(&rest, SPAN("("), &number) ||
        !field_digits(&number, &digits) || number.len > 0)
        return false;
    *path = rest;
    return true;
}

/* "phar:///a/b.phar/in/side.php": the archive. PHP runs code from a name with .phar in it. */
static void cut_phar(struct span *path)
{
    struct span rest = *path, before;
    if (!field_until_text(&rest, SPAN(".phar"), &before))
        return;
    const char *slash = memchr(rest.at, '/', rest.len);
    *path = span_of(path->at, slash == NULL ? span_end(rest) : slash);
}

/* Code may be read through a stream; what was read is what counts. Other streams (data:,
 * http:) stay as they are. */
static void cut_stream(struct span *path)
{
    static const char *const plain[] = {"file://", "compress.zlib://", "compress.bzip2://"};
    struct span rest = *path, file;
    if (field_eat(path, SPAN("phar://")))
        cut_phar(path);
    else if (span_has_prefix(rest, SPAN("php://filter/")) &&
             field_cut_last(&rest, SPAN("resource="), &file) && file.len > 0)
        *path = file;
    else if (field_eat(&rest, SPAN("zip://")) && field_until(&rest, '#', &file))
        *path = file;
    else
        for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
            if (field_eat(path, span_text(plain[i])))
                return;
}

/* Is it a file, or code that php was given otherwise? */
static bool is_file(struct span path)
{
    return path.len > 0 && !span_has_prefix(path, SPAN("Command line ")) &&
           !span_is(path, SPAN("Standard input code")) &&
           !span_is(path, SPAN("[no active file]")) && !span_is(path, SPAN("-"));
}

/* After "mail() on [" */
static enum parse_result parse_mail(struct span text, struct event *event)
{
    struct span path, list;
    if (!take_path(&text, &path))
        return PARSE_UNKNOWN;
    while (cut_layer(&path))
        ;
    cut_stream(&path);
    if (!is_file(path))
        return PARSE_NOTHING;
    if (!field_until_text(&text, SPAN(" -- Headers: "), &list))
        list = text;
    event->sender_kind = SENDER_SCRIPT;
    event->sender = path;
    event->recipients = field_count_addresses(list);
    return PARSE_EVENT;
}

static enum parse_result parse_php(const struct log_format *format, const struct log_line *line,
                                   struct event *event)
{
    struct syslog_head head = {.text = line->rest};
    (void)format;
    if (line->shape != STAMP_BARE) {
        if (!syslog_split(line, &head))
            return PARSE_FOREIGN;
        event->repeat = syslog_unfold(&head);
    }
    if (field_eat(&head.text, SPAN("mail() on [")))
        return parse_mail(head.text, event);
    /* A stamp that could not be read, of a time zone unknown here: no line to count as now. */
    struct span stamp;
    return field_eat(&head.text, SPAN("[")) && field_until(&head.text, ']', &stamp) &&
                   span_has_prefix(head.text, SPAN(" mail() on ["))
               ? PARSE_UNKNOWN
               : PARSE_FOREIGN;
}

const struct log_format format_php = {
    .name = "php",
    .summary = "PHP mail.log: scripts that call mail()",
    .needles = {"mail() on ["},
    .parse = parse_php,
    .undated_ok = true,
};

/* --- Wrappers --- */

/* The text behind "NAME ", or all of it where NAME is the tag. */
static bool split_wrapper(const struct log_line *line, struct span name, struct event *event,
                          struct span *text)
{
    struct syslog_head head;
    if (!syslog_split(line, &head))
        return false;
    event->repeat = syslog_unfold(&head);
    *text = head.text;
    if (field_eat(text, name))
        return field_eat(text, SPAN(" ")) || field_eat(text, SPAN(": "));
    return span_is(head.tag, name);
}

static enum parse_result parse_wrapper(const struct log_format *format, const struct log_line *line,
                                       struct event *event)
{
    struct span text, user, args, uid;
    (void)format;
    if (!split_wrapper(line, SPAN("sendmail-php"), event, &text))
        return PARSE_FOREIGN;
    if (!field_cut_last(&text, SPAN(", args="), &args) ||
        !field_cut_last(&text, SPAN(", user="), &user) ||
        !field_cut_last(&text, SPAN(", uid="), &uid) || !field_digits(&uid, &event->uid) ||
        uid.len > 0 || !field_cut_last(&text, SPAN(", filename="), &event->sender) ||
        event->sender.len == 0)
        return PARSE_UNKNOWN;
    struct span client;
    if (field_cut_last(&text, SPAN(", client="), &client) && field_is_address(client))
        event->client = event->client_addr = client;
    event->sender_kind = SENDER_SCRIPT;
    return PARSE_EVENT;
}

const struct log_format format_php_wrapper = {
    .name = "php-wrapper",
    .summary = "sendmail-php wrapper lines: scripts",
    .needles = {"sendmail-php"},
    .parse = parse_wrapper,
};

/* user="U" path="P". U is a system user; P may hold anything, quotes too. */
static bool split_relay(const struct log_line *line, struct event *event, struct span *user,
                        struct span *path, enum parse_result *result)
{
    struct span text;
    *result = PARSE_FOREIGN;
    if (!split_wrapper(line, SPAN("sendmail2relay"), event, &text))
        return false;
    *result = PARSE_UNKNOWN;
    if (!field_eat(&text, SPAN("user=\"")) || !field_until_text(&text, SPAN("\" path=\""), user) ||
        !field_eat_end(&text, SPAN("\"")))
        return false;
    *path = text;
    return user->len > 0 && path->len > 0;
}

static enum parse_result parse_relay(const struct log_format *format, const struct log_line *line,
                                     struct event *event)
{
    enum parse_result result;
    struct span path;
    (void)format;
    if (!split_relay(line, event, &event->sender, &path, &result))
        return result;
    event->sender_kind = SENDER_LOCAL;
    return PARSE_EVENT;
}

static enum parse_result parse_relay_path(const struct log_format *format,
                                          const struct log_line *line, struct event *event)
{
    enum parse_result result;
    struct span user;
    (void)format;
    if (!split_relay(line, event, &user, &event->sender, &result))
        return result;
    event->sender_kind = SENDER_SCRIPT;
    return PARSE_EVENT;
}

const struct log_format format_sendmail2relay = {
    .name = "sendmail2relay",
    .summary = "sendmail2relay lines: users",
    .needles = {"sendmail2relay"},
    .parse = parse_relay,
};

const struct log_format format_sendmail2relay_path = {
    .name = "sendmail2relay-path",
    .summary = "sendmail2relay lines: scripts and directories",
    .needles = {"sendmail2relay"},
    .parse = parse_relay_path,
};
