/* postlog_ask - `postlog status`: what the daemon says of itself, or what is left of it. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS  5000
#define ANSWER_MAX (1u << 20)

enum { STATUS_WELL, STATUS_TROUBLE, STATUS_GONE };

static int connect_to(const char *path, struct strbuf *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(path, "unix:", 5) == 0)
        path += 5;
    if (strlen(path) >= sizeof address.sun_path)
        return strbuf_why(why, "%s: too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    strbuf_why(why, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool read_answer(int fd, struct strbuf *answer)
{
    int64_t deadline = clock_steady_ms() + ANSWER_MS;
    char block[4096];
    while (answer->len < ANSWER_MAX) {
        struct pollfd ask = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_steady_ms();
        if (left <= 0 || poll(&ask, 1, (int)left) <= 0)
            return false;
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got <= 0)
            return got == 0;
        strbuf_add(answer, block, (size_t)got);
    }
    return false;
}

/* The body of the daemon's page. 0, or -1 with why. */
static int fetch_page(const char *socket, const char *page, struct strbuf *body, struct strbuf *why)
{
    struct strbuf text = {0};
    int fd = connect_to(socket, why);
    if (fd < 0)
        return -1;
    strbuf_format(&text, "GET %s HTTP/1.0\r\n\r\n", page);
    ssize_t sent = send(fd, text.data, text.len, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)text.len;
    strbuf_reset(&text);
    whole = whole && read_answer(fd, &text);
    close(fd);
    const char *end = span_find(strbuf_span(&text), SPAN("\r\n\r\n"));
    bool good = whole && end != NULL && strncmp(strbuf_text(&text), "HTTP/1.", 7) == 0 &&
                strncmp(text.data + 8, " 200", 4) == 0;
    if (good)
        strbuf_add_span(body, span_of(end + 4, text.data + text.len));
    else
        strbuf_why(why, "%s: the daemon does not answer", socket);
    strbuf_clear(&text);
    return good ? 0 : -1;
}

/* ---- without its answer ---- */

/* What its state tells. */
struct left {
    int held; /* by a process: 1, 0; -1: cannot tell */
    bool known;
    uint64_t rows, bytes, waiting;
    struct texts logs, times; /* a log, and when its newest line was; "": not known */
};

static void take_mark(void *at, const char *source, struct span text)
{
    struct left *left = at;
    struct follow_mark mark;
    struct strbuf why = {0};
    char when[32] = "";
    if (follow_mark_read(text, &mark, &why) == 0 && mark.before != STAMP_NONE) /* of a file */
        stamp_format(mark.before, when);
    texts_add(&left->logs, source);
    texts_add(&left->times, when);
    strbuf_clear(&why);
}

static int look_into(struct left *left, const struct postlog_plan *plan, struct strbuf *why)
{
    uint64_t newest = 0, sent = 0;
    struct state_reader *reader = state_reader_open(plan->store.state, why);
    if (reader == NULL)
        return -1;
    int result = state_reader_size(reader, &newest, &left->rows, &left->bytes, why);
    if (result == 0)
        result = state_reader_sent(reader, &sent, why);
    if (result == 0)
        result = state_reader_marks(reader, take_mark, left, why);
    state_reader_close(reader);
    left->waiting = plan->store.feeds && newest > sent ? newest - sent : 0;
    if (left->waiting > left->rows) /* numbers begin anywhere */
        left->waiting = left->rows;
    return result < 0 ? -1 : 0;
}

static void json_of_logs(struct json *json, const struct left *left)
{
    json_open(json, "logs", '[');
    for (size_t i = 0; i < left->logs.len; i++) {
        json_open(json, NULL, '{');
        json_text(json, "name", span_text(left->logs.at[i]));
        json_word(json, "newest", *left->times.at[i] != '\0' ? left->times.at[i] : NULL);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_json(struct strbuf *out, const struct left *left)
{
    struct json json = {.out = out};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    if (left->held >= 0)
        json_bool(&json, "running", left->held > 0);
    else
        json_word(&json, "running", NULL);
    json_bool(&json, "well", false);
    if (left->known) {
        json_number(&json, "rows", left->rows);
        json_number(&json, "bytes", left->bytes);
        json_number(&json, "database_waiting", left->waiting);
        json_of_logs(&json, left);
    }
    json_close(&json, '}');
    strbuf_add_char(out, '\n');
}

static void add_text(struct strbuf *out, const struct left *left)
{
    strbuf_add_text(out, left->held > 0    ? "running, but it does not answer\n"
                         : left->held == 0 ? "not running\n"
                                           : "cannot tell whether it runs\n");
    for (size_t i = 0; i < left->logs.len; i++) {
        strbuf_add_text(out, "log       ");
        text_escape(out, span_text(left->logs.at[i]));
        strbuf_format(out, ": newest line %s\n",
                      *left->times.at[i] != '\0' ? left->times.at[i] : "-");
    }
    if (left->known)
        strbuf_format(out,
                      "state     %" PRIu64 " rows in %" PRIu64 " bytes, %" PRIu64
                      " of them wait for the database\n",
                      left->rows, left->bytes, left->waiting);
}

static int tell_state(const struct postlog_plan *plan, bool json)
{
    struct left left = {0};
    struct strbuf why = {0}, out = {0};
    left.held = state_is_held(plan->store.state, &why);
    left.known = look_into(&left, plan, &why) == 0;
    (json ? add_json : add_text)(&out, &left);
    fwrite(strbuf_text(&out), 1, out.len, stdout);
    if (why.len > 0)
        diag_warn("%s", strbuf_text(&why));
    texts_clear(&left.logs);
    texts_clear(&left.times);
    strbuf_clear(&out);
    strbuf_clear(&why);
    return left.held > 0 ? STATUS_TROUBLE : STATUS_GONE;
}

int postlog_status_ask(const struct postlog_plan *plan)
{
    bool json = plan->set->format == 1;
    struct strbuf body = {0}, why = {0};
    int status;
    if (fetch_page(plan->set->socket, json ? "/status.json" : "/status", &body, &why) == 0) {
        struct span well = /* trouble, behind it, may hold words of a stranger */
            json ? SPAN("{\"schema\":1,\"running\":true,\"well\":true,") : SPAN("running, well:");
        fwrite(strbuf_text(&body), 1, body.len, stdout);
        status = span_has_prefix(strbuf_span(&body), well) ? STATUS_WELL : STATUS_TROUBLE;
    } else {
        diag_warn("%s", strbuf_text(&why));
        status = tell_state(plan, json);
    }
    strbuf_clear(&body);
    strbuf_clear(&why);
    return status;
}
