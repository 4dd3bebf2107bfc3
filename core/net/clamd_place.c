/* clamd_place - where a clamd listens, as its own clamd.conf(5) says.
 *
 * A line is a keyword and, behind white space, its value: quoted, or up to the end of the line
 * (shared/optparser.c). The path and the address are used as they stand, so a value with control
 * bytes, or longer than such a thing can be, is refused and not cut.
 */
#include "spamgear/net/clamd.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BLANKS   " \t\r"
#define CONF_MAX (1u << 20)

static const char *const usual_places[] = {
    "/etc/clamav/clamd.conf",
    "/etc/clamd.d/scan.conf",
    "/etc/clamd.conf",
    "/usr/local/etc/clamd.conf",
};
static const char usual_socket[] = "/run/clamav/clamd.ctl";

void clamd_place_clear(struct clamd_place *place)
{
    free(place->socket);
    free(place->host);
    free(place->port);
    free(place->database);
    *place = (struct clamd_place){0};
}

void clamd_place_describe(const struct clamd_place *place, struct strbuf *out)
{
    if (place->socket != NULL)
        strbuf_add_text(out, place->socket);
    else
        strbuf_format(out, "%s:%s", place->host, place->port);
}

/* ---- values ---- */

/* Keeps the first value of a keyword: TCPAddr may stand several times. */
static void keep(char **field, struct span value)
{
    if (*field == NULL)
        *field = mem_text_of(value.at, value.len);
}

static const char *take_socket(struct clamd_place *place, struct span value)
{
    if (value.at[0] != '/' || value.len >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return "is no path of a socket";
    keep(&place->socket, value);
    return NULL;
}

/* Where clamd was started a relative one leads nobody knows. */
static const char *take_database(struct clamd_place *place, struct span value)
{
    if (value.at[0] == '/')
        keep(&place->database, value);
    return NULL;
}

static const char *take_port(struct clamd_place *place, struct span value)
{
    unsigned long long port;
    if (!span_number(value, &port) || port == 0 || port > 65535)
        return "is no port";
    keep(&place->port, value);
    return NULL;
}

/* What listens on all addresses is asked on this machine's own. */
static const char *take_host(struct clamd_place *place, struct span value)
{
    if (value.len >= NI_MAXHOST)
        return "is no address";
    if (span_is(value, SPAN("0.0.0.0")))
        value = SPAN("127.0.0.1");
    else if (span_is(value, SPAN("::")))
        value = SPAN("::1");
    keep(&place->host, value);
    return NULL;
}

static const char *take_size(uint64_t *size, struct span value)
{
    static const char units[] = "kmg";
    unsigned long long number;
    const char *unit = value.len > 1 ? strchr(units, value.at[value.len - 1] | 0x20) : NULL;
    unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
    if (unit != NULL)
        value.len--;
    if (!span_number(value, &number) || number > UINT64_MAX >> shift)
        return "is no size";
    *size = number == 0 ? UINT64_MAX : (uint64_t)number << shift;
    return NULL;
}

static const char *take_stream_max(struct clamd_place *place, struct span value)
{
    return take_size(&place->stream_max, value);
}

/* Of two limits the smaller one holds. */
static const char *take_file_max(struct clamd_place *place, struct span value)
{
    uint64_t size;
    const char *wrong = take_size(&size, value);
    if (wrong == NULL && (place->file_max == 0 || size < place->file_max))
        place->file_max = size;
    return wrong;
}

static const char *take_scan_ms(struct clamd_place *place, struct span value)
{
    unsigned long long number;
    if (!span_number(value, &number) || number > INT32_MAX)
        return "is no number of milliseconds";
    place->scan_ms = number == 0 ? INT64_MAX : (int64_t)number;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*take)(struct clamd_place *place, struct span value); /* what is wrong, or NULL */
} keywords[] = {
    {"LocalSocket", take_socket},   {"TCPSocket", take_port},
    {"TCPAddr", take_host},         {"StreamMaxLength", take_stream_max},
    {"MaxFileSize", take_file_max}, {"MaxScanSize", take_file_max},
    {"MaxScanTime", take_scan_ms},  {"DatabaseDirectory", take_database},
};

/* ---- lines ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The value, without quotes. False when they do not close. */
static bool unquote(struct span *value)
{
    if (value->len == 0 || value->at[0] != '"')
        return true;
    *value = span_skip(*value, 1);
    const char *end = memchr(value->at, '"', value->len);
    value->len = end == NULL ? 0 : (size_t)(end - value->at);
    return end != NULL;
}

static const char *check_value(struct span *value)
{
    if (!unquote(value))
        return "has quotes that do not close";
    if (value->len == 0)
        return "has no value";
    for (size_t i = 0; i < value->len; i++)
        if ((unsigned char)value->at[i] < 0x20 || value->at[i] == 0x7f)
            return "holds a control byte";
    return NULL;
}

/* NULL, or what is wrong; *name gets the keyword. */
static const char *take_line(struct clamd_place *place, struct span line, const char **name)
{
    line = span_trim(line, BLANKS);
    size_t len = 0;
    while (len < line.len && !is_space(line.at[len]))
        len++;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (len != strlen(keywords[i].name) || strncasecmp(line.at, keywords[i].name, len) != 0)
            continue;
        *name = keywords[i].name;
        struct span value = span_trim(span_skip(line, len), BLANKS);
        const char *wrong = check_value(&value);
        return wrong != NULL ? wrong : keywords[i].take(place, value);
    }
    return NULL;
}

static int settle(struct clamd_place *place, const char *file, struct strbuf *why)
{
    if (place->socket == NULL && place->port == NULL)
        return strbuf_why(why, "%s: names neither a LocalSocket nor a TCPSocket", file);
    if (place->socket == NULL)
        keep(&place->host, SPAN("localhost"));
    return 0;
}

int clamd_place_parse(struct clamd_place *place, struct span text, const char *file,
                      struct strbuf *why)
{
    struct span line;
    int result = 0;
    *place = (struct clamd_place){0};
    for (unsigned number = 1; result == 0 && span_take_line(&text, &line); number++) {
        const char *name, *wrong = take_line(place, line, &name);
        if (wrong != NULL)
            result = strbuf_why(why, "%s:%u: %s %s", file, number, name, wrong);
    }
    if (result == 0)
        result = settle(place, file, why);
    if (result != 0)
        clamd_place_clear(place);
    return result;
}

/* ---- files ---- */

/* The bytes of an open file, at most CONF_MAX. 0, or -1 with what is wrong. */
static int slurp(int fd, struct strbuf *text, const char **wrong)
{
    struct stat st;
    char block[4096];
    ssize_t got = -1;
    *wrong = "is no regular file";
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return -1;
    while (text->len <= CONF_MAX && (got = read(fd, block, sizeof block)) > 0)
        strbuf_add(text, block, (size_t)got);
    *wrong = got < 0 ? strerror(errno) : "is larger than 1 MiB";
    return got == 0 ? 0 : -1;
}

/* 0; 1: there is no such file; -1 with why. */
static int read_conf(struct clamd_place *place, const char *path, struct strbuf *why)
{
    struct strbuf text = {0};
    const char *wrong;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        strbuf_why(why, "%s: %s", path, strerror(errno));
        return missing ? 1 : -1;
    }
    int result = slurp(fd, &text, &wrong) == 0
                     ? clamd_place_parse(place, strbuf_span(&text), path, why)
                     : strbuf_why(why, "%s: %s", path, wrong);
    close(fd);
    strbuf_clear(&text);
    return result;
}

int clamd_place_find(struct clamd_place *place, const char *conf, struct strbuf *why)
{
    struct stat st;
    *place = (struct clamd_place){0};
    if (conf != NULL)
        return read_conf(place, conf, why) == 0 ? 0 : -1;
    for (size_t i = 0; i < sizeof usual_places / sizeof *usual_places; i++) {
        int result = read_conf(place, usual_places[i], why);
        if (result != 1)
            return result;
    }
    if (stat(usual_socket, &st) != 0 || !S_ISSOCK(st.st_mode))
        return strbuf_why(why, "no clamd.conf in its usual places, and no socket %s", usual_socket);
    place->socket = mem_text(usual_socket);
    return 0;
}
