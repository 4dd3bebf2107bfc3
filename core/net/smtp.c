/* smtp - what the caller sees: a server, a message, and what became of it for each recipient.
 *
 * The delivery runs apart, in a child that is killed at the deadline. What it learnt until then
 * stands in memory that both share, so a server that hangs after it took the message does not make
 * it be sent twice.
 */
#include "smtp_parts.h"
#include "spamgear/base/addr.h"
#include "spamgear/base/apart.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include "spamgear/net/message.h"
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ANSWER_MAX 4096

/* ---- URLs ---- */

static bool is_name(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) && strchr("-._", s.at[i]) == NULL)
            return false;
    return s.len > 0 && s.len <= 253 && *s.at != '-' && *s.at != '.';
}

/* Takes HOST or [ADDRESS] off the front. */
static bool take_host(struct span *rest, struct span *host)
{
    struct addr addr;
    if (rest->len > 0 && *rest->at == '[') {
        const char *end = memchr(rest->at, ']', rest->len);
        if (end == NULL)
            return false;
        *host = span_of(rest->at + 1, end);
        *rest = span_of(end + 1, span_end(*rest));
        return addr_parse(*host, &addr) && !span_has_prefix(*host, SPAN("IPv6:"));
    }
    const char *colon = rest->len == 0 ? NULL : memchr(rest->at, ':', rest->len);
    *host = colon == NULL ? *rest : span_of(rest->at, colon);
    *rest = span_skip(*rest, host->len);
    return is_name(*host);
}

int smtp_server_parse(struct smtp_server *server, const char *url, struct strbuf *why)
{
    struct span rest = span_text(url), host;
    bool tls = span_has_prefix(rest, SPAN("smtps://"));
    unsigned long long port = tls ? 465 : 25;
    if (tls || span_has_prefix(rest, SPAN("smtp://")))
        rest = span_skip(rest, tls ? 8 : 7);
    if (span_has_suffix(rest, SPAN("/")))
        rest.len--;
    if (!take_host(&rest, &host))
        return strbuf_why(why,
                          "%s: no host; write smtp://HOST:PORT, smtps://HOST, or [ADDRESS] "
                          "for an IPv6 address",
                          url);
    if (rest.len > 0 &&
        (*rest.at != ':' || !span_number(span_skip(rest, 1), &port) || port == 0 || port > 65535))
        return strbuf_why(why, "%s: what follows the host is no port", url);
    server->host = mem_text_of(host.at, host.len);
    server->port = (unsigned)port;
    server->implicit_tls = tls;
    return 0;
}

void smtp_server_clear(struct smtp_server *server)
{
    free(server->host);
    server->host = NULL;
}

/* ---- what may be sent ---- */

/* libesmtp would put its headers behind a body with bare newlines, and any server may refuse 8-bit
 * data: message_write makes neither. */
static const char *bad_message(struct span message)
{
    if (!span_has_suffix(message, SPAN("\r\n")) || span_find(message, SPAN("\r\n\r\n")) == NULL)
        return "the message has no body or does not end with CRLF";
    for (size_t i = 0; i < message.len; i++) {
        char before = i == 0 ? '\0' : message.at[i - 1];
        if ((message.at[i] == '\n') != (before == '\r'))
            return "the message has lines that do not end with CRLF";
        if (message.at[i] == '\0' || (unsigned char)message.at[i] >= 0x80)
            return "the message holds other bytes than ASCII";
    }
    return NULL;
}

bool smtp_is_hello(const char *hello)
{
    struct span s = span_text(hello);
    if (s.len > 2 && *s.at == '[' && s.at[s.len - 1] == ']')
        s = (struct span){s.at + 1, s.len - 2};
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) && strchr("-._:", s.at[i]) == NULL)
            return false;
    return s.len > 0 && s.len <= 253;
}

static const char *bad_login(const struct smtp_server *server)
{
    if (server->user == NULL)
        return NULL;
    if (server->password == NULL)
        return "there is a user but no password";
    if (server->tls == SMTP_TLS_OFF && !server->implicit_tls)
        return "a password is never sent without TLS, and TLS is off";
    if (strlen(server->user) > SMTP_WORD_MAX || strlen(server->password) > SMTP_WORD_MAX)
        return "user or password has more than 255 bytes";
    return NULL;
}

static bool is_bare(const char *address)
{
    char *bare = message_address(span_text(address));
    bool same = bare != NULL && strcmp(bare, address) == 0;
    free(bare);
    return same;
}

static const char *bad_job(const struct smtp_job *job)
{
    const char *bad = bad_login(job->server);
    if (bad == NULL && !smtp_is_hello(job->hello))
        bad = "the name for EHLO is no host name";
    if (bad == NULL && *job->from != '\0' && !is_bare(job->from))
        bad = "the sender is no address";
    return bad;
}

/* ---- the delivery ---- */

static int work(void *context, struct strbuf *answer, struct strbuf *why)
{
    const struct smtp_job *job = context;
    struct smtp_wire wire;
    (void)answer;
    signal(SIGPIPE, SIG_IGN);
    return smtp_dial(&wire, job, why) != 0 ? -1 : smtp_session(job, &wire, why);
}

static size_t progress_size(size_t count)
{
    return sizeof(struct smtp_progress) + count * sizeof(struct smtp_told);
}

/* What no server can be given is refused here, for good: recipients, or the message for all of
 * them. How many are left. */
static size_t begin(const struct smtp_job *job, struct smtp_recipient *recipients)
{
    size_t left = 0;
    const char *bad = bad_message(job->message);
    for (size_t i = 0; i < job->count; i++) {
        const char *wrong = is_bare(recipients[i].address) ? bad : "is no address";
        recipients[i].code = 0;
        recipients[i].result = wrong == NULL ? SMTP_NOT_TRIED : SMTP_REFUSED;
        recipients[i].text = wrong == NULL ? NULL : mem_text(wrong);
        job->progress->told[i].result = (int)recipients[i].result;
        left += wrong == NULL;
    }
    return left;
}

/* The child may have died while it wrote: nothing of it is taken on trust. How many recipients have
 * no answer. */
static size_t collect(const struct smtp_job *job, struct smtp_recipient *recipients)
{
    size_t open = 0;
    for (size_t i = 0; i < job->count; i++) {
        struct smtp_told *told = &job->progress->told[i];
        struct strbuf text = {0};
        int result = told->result;
        if (recipients[i].result == SMTP_NOT_TRIED &&
            (result == SMTP_SENT || result == SMTP_LATER || result == SMTP_REFUSED)) {
            text_escape(&text, (struct span){told->text, strnlen(told->text, SMTP_TEXT_MAX)});
            recipients[i].result = (enum smtp_result)result;
            recipients[i].code = told->code;
            recipients[i].text = strbuf_take(&text);
        }
        open += recipients[i].result == SMTP_NOT_TRIED;
    }
    return open;
}

static const char *step_name(int step)
{
    static const char *const names[] = {
        [SMTP_STEP_START] = "starting",
        [SMTP_STEP_CONNECT] = "connecting",
        [SMTP_STEP_GREETING] = "waiting for its greeting",
        [SMTP_STEP_TLS_ASK] = "asking for TLS",
        [SMTP_STEP_TLS] = "starting TLS",
        [SMTP_STEP_HELLO] = "saying hello and logging in",
        [SMTP_STEP_RECIPIENTS] = "naming the recipients",
        [SMTP_STEP_DATA] = "announcing the message",
        [SMTP_STEP_MESSAGE] = "sending the message",
        [SMTP_STEP_QUIT] = "taking leave",
    };
    return step >= 0 && step < (int)(sizeof names / sizeof *names) ? names[step] : "?";
}

static int deliver(struct smtp_job *job, struct smtp_recipient *recipients, struct strbuf *why)
{
    const struct smtp_server *server = job->server;
    struct strbuf answer = {0}, problem = {0};
    int result = apart_run(work, job, server->deadline_ms, ANSWER_MAX, &answer, &problem);
    size_t open = collect(job, recipients);
    if (open > 0)
        strbuf_why(why, strchr(server->host, ':') == NULL ? "%s:%u: %s: %s" : "[%s]:%u: %s: %s",
                   server->host, server->port, step_name(job->progress->step),
                   result == 0 ? "no answer for every recipient" : strbuf_text(&problem));
    strbuf_clear(&answer);
    strbuf_clear(&problem);
    return open == 0 ? 0 : -1;
}

int smtp_send(const struct smtp_server *server, const char *from, struct span message,
              struct smtp_recipient *recipients, size_t count, struct strbuf *why)
{
    struct smtp_job job = {.server = server,
                           .from = from,
                           .message = message,
                           .recipients = recipients,
                           .count = count,
                           .hello = server->hello == NULL ? message_host() : server->hello};
    size_t size = progress_size(count);
    job.progress = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (job.progress == MAP_FAILED) {
        for (size_t i = 0; i < count; i++)
            recipients[i] = (struct smtp_recipient){.address = recipients[i].address};
        return strbuf_why(why, "memory: %s", strerror(errno));
    }
    size_t left = begin(&job, recipients);
    const char *bad = bad_job(&job);
    int result = bad != NULL ? strbuf_why(why, "%s", bad)
                 : left == 0 ? 0
                             : deliver(&job, recipients, why);
    munmap(job.progress, size);
    return result;
}

void smtp_recipients_clear(struct smtp_recipient *recipients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(recipients[i].text);
        recipients[i].text = NULL;
    }
}
