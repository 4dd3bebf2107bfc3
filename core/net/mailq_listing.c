/* mailq_listing - every message of a Postfix instance, as showq tells it: over its socket, which
 * root and group postdrop may reach, or through postqueue, which has the rights to.
 *
 * `postqueue -j` (since Postfix 3.1) prints a JSON object a line, in which the recipients come
 * last: only the start of a line is kept, so that no message makes this grow.
 */
#include "mailq_parts.h"

#include "spamgear/base/json_read.h"
#include "spamgear/base/spawn.h"
#include "spamgear/base/text.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COMPLAINT_MAX 200 /* bytes shown of a line that is no JSON */

/* ---- the socket ---- */

static int connect_to(const char *spool, struct strbuf *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof address.sun_path, "%s/public/showq", spool);
    int fd = -1;
    if (len < 0 || (size_t)len >= sizeof address.sun_path)
        return strbuf_why(why, "%s/public/showq: its path is too long", spool);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    strbuf_why(why, "%s: %s", address.sun_path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* 1: some bytes; 0: the end; -1 with why. */
static int take_some(int fd, int64_t deadline, struct mailq_showq *showq, struct strbuf *why)
{
    char block[1 << 14];
    struct pollfd ask = {.fd = fd, .events = POLLIN};
    if (clock_steady_ms() >= deadline)
        return strbuf_why(why, "showq: took too long");
    if (poll(&ask, 1, mailq_left(deadline)) <= 0)
        return 1;
    ssize_t got = read(fd, block, sizeof block);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? 1
                                                 : strbuf_why(why, "showq: %s", strerror(errno));
    if (got == 0)
        return showq->done ? 0 : strbuf_why(why, "showq's answer is not whole");
    return mailq_showq_feed(showq, (struct span){block, (size_t)got}, why) == 0 ? 1 : -1;
}

static int ask_showq(const struct mailq_instance *instance, int64_t deadline, mailq_each *each,
                     void *state, struct strbuf *why)
{
    struct mailq_showq showq = {.each = each, .state = state};
    int result = 1, fd = connect_to(instance->spool, why);
    if (fd < 0)
        return -1;
    while (result > 0 && !showq.done)
        result = take_some(fd, deadline, &showq, why);
    close(fd);
    mailq_showq_clear(&showq);
    return result < 0 ? -1 : 0;
}

/* ---- postqueue ---- */

enum key { QUEUE, QUEUE_ID, TIME, SENDER, KEYS };
static const char *const key_names[KEYS] = {"queue_name", "queue_id", "arrival_time", "sender"};

/* Fields until the recipients begin. False: not all of them are there. */
static bool read_fields(struct span line, struct strbuf fields[KEYS])
{
    struct json_reader reader;
    unsigned seen = 0;
    int key = KEYS;
    json_read_init(&reader, line);
    for (enum json_piece piece = json_read_next(&reader); piece < JSON_END;
         piece = json_read_next(&reader)) {
        if (reader.depth != 1)
            break;
        if (piece == JSON_KEY) {
            for (key = 0;
                 key < KEYS && !span_is(strbuf_span(&reader.text), span_text(key_names[key]));)
                key++;
        } else if (key < KEYS && piece == (key == TIME ? JSON_NUMBER : JSON_STRING)) {
            strbuf_reset(&fields[key]);
            strbuf_add_span(&fields[key], strbuf_span(&reader.text));
            seen |= 1u << key;
        }
    }
    json_read_clear(&reader);
    return seen == (1u << KEYS) - 1;
}

/* What is no message is what postqueue complains of. */
static void refuse_line(struct mailq_lines *lines)
{
    struct span text = strbuf_span(&lines->line);
    struct strbuf shown = {0};
    if (text.len > COMPLAINT_MAX)
        text.len = COMPLAINT_MAX;
    text_escape(&shown, text);
    strbuf_why(lines->why, "postqueue: line %lu: %s", lines->number, strbuf_text(&shown));
    strbuf_clear(&shown);
    lines->wrong = true;
}

static void end_line(struct mailq_lines *lines)
{
    struct strbuf fields[KEYS] = {{0}};
    unsigned long long time = 0;
    lines->number++;
    if (span_has_prefix(strbuf_span(&lines->line), SPAN("postqueue: warning: "))) {
        strbuf_reset(&lines->line); /* that Postfix does not run, which is no matter */
        return;
    }
    if (read_fields(strbuf_span(&lines->line), fields) &&
        mailq_is_queue(strbuf_span(&fields[QUEUE])) &&
        span_number(strbuf_span(&fields[TIME]), &time) && time <= INT64_MAX) {
        struct mailq_message message = {.queue = strbuf_span(&fields[QUEUE]),
                                        .queue_id = strbuf_span(&fields[QUEUE_ID]),
                                        .sender = strbuf_span(&fields[SENDER]),
                                        .arrival = (int64_t)time};
        lines->each(lines->state, &message);
    } else {
        refuse_line(lines);
    }
    for (int i = 0; i < KEYS; i++)
        strbuf_clear(&fields[i]);
    strbuf_reset(&lines->line);
}

void mailq_lines_feed(struct mailq_lines *lines, struct span bytes)
{
    while (bytes.len > 0 && !lines->wrong) {
        const char *end = memchr(bytes.at, '\n', bytes.len);
        size_t len = end == NULL ? bytes.len : (size_t)(end - bytes.at);
        size_t room = MAILQ_LINE_MAX - lines->line.len;
        strbuf_add(&lines->line, bytes.at, len < room ? len : room);
        bytes = span_skip(bytes, len + (end != NULL));
        if (end != NULL)
            end_line(lines);
    }
}

int mailq_lines_end(struct mailq_lines *lines)
{
    if (!lines->wrong && lines->line.len > 0)
        refuse_line(lines);
    strbuf_clear(&lines->line);
    return lines->wrong ? -1 : 0;
}

static void take_piece(void *state, struct span bytes)
{
    mailq_lines_feed(state, bytes);
}

static int ask_postqueue(const struct mailq_instance *instance, int64_t deadline, mailq_each *each,
                         void *state, struct strbuf *why)
{
    struct strbuf program = {0}, complaint = {0};
    struct mailq_lines lines = {.each = each, .state = state, .why = &complaint};
    strbuf_format(&program, "%s/postqueue", instance->commands);
    const char *argv[] = {strbuf_text(&program), "-c", instance->config, "-j", NULL};
    int status = spawn_read(argv, SPAN(""), mailq_left(deadline), take_piece, &lines, why);
    if (mailq_lines_end(&lines) != 0 && status >= 0)
        status = strbuf_why(why, "%s", strbuf_text(&complaint));
    else if (status > 0)
        status = strbuf_why(why, "postqueue: ended with status %d", status);
    strbuf_clear(&program);
    strbuf_clear(&complaint);
    return status < 0 ? -1 : 0;
}

/* ---- either ---- */

/* Has a way that failed called each() already? Then another one would tell everything twice. */
struct relay {
    mailq_each *each;
    void *state;
    uint64_t told;
};

static void relay(void *state, const struct mailq_message *message)
{
    struct relay *to = state;
    to->told++;
    to->each(to->state, message);
}

int mailq_listing(const struct mailq_instance *instance, int64_t deadline, mailq_each *each,
                  void *state, const char **how, struct strbuf *why)
{
    struct relay to = {.each = each, .state = state};
    struct strbuf first = {0};
    *how = "showq";
    int result = ask_showq(instance, deadline, relay, &to, &first);
    if (result != 0 && to.told == 0 && clock_steady_ms() < deadline) {
        *how = "postqueue";
        result = ask_postqueue(instance, deadline, relay, &to, why);
        if (result != 0) {
            struct strbuf second = {0};
            strbuf_add_span(&second, strbuf_span(why));
            strbuf_why(why, "%s; %s", strbuf_text(&first), strbuf_text(&second));
            strbuf_clear(&second);
        }
    } else if (result != 0) {
        strbuf_why(why, "%s", strbuf_text(&first));
    }
    strbuf_clear(&first);
    return result;
}
