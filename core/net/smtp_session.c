/* smtp_session - libesmtp (loaded on first use) says the SMTP over a wire of ours.
 *
 * libesmtp connects for itself and can be handed no descriptor. So it is sent to a listening socket
 * of this process on loopback, and the moment it is connected, before it has read or written a
 * byte, its descriptor is replaced by one end of a socket pair: nothing that matters ever passes
 * loopback, whoever else may connect there. Its own TLS stays off, and with it the files that it
 * would read in the home directory.
 *
 * Its "success" means little: what counts is the answers, noted as they come where the caller sees
 * them even if this process is killed.
 */
#include "smtp_parts.h"

#ifdef HAVE_ESMTP
#include "spamgear/base/base64.h"
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/secret.h"
#include <arpa/inet.h>
#include <auth-client.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#define smtp_recipient libesmtp_recipient /* both have a struct of this name */
#include <libesmtp.h>
#undef smtp_recipient

#define ESMTP_FUNCTIONS(F)                                                                         \
    F(smtp_create_session)                                                                         \
    F(smtp_add_message)                                                                            \
    F(smtp_set_server)                                                                             \
    F(smtp_set_hostname)                                                                           \
    F(smtp_set_reverse_path)                                                                       \
    F(smtp_add_recipient)                                                                          \
    F(smtp_set_messagecb)                                                                          \
    F(smtp_set_eventcb)                                                                            \
    F(smtp_set_timeout)                                                                            \
    F(smtp_start_session)                                                                          \
    F(smtp_message_transfer_status)                                                                \
    F(smtp_reverse_path_status)                                                                    \
    F(smtp_recipient_status)                                                                       \
    F(smtp_errno)                                                                                  \
    F(smtp_strerror)                                                                               \
    F(smtp_auth_set_context)                                                                       \
    F(auth_client_init)                                                                            \
    F(auth_create_context)                                                                         \
    F(auth_set_mechanism_flags)                                                                    \
    F(auth_set_interact_cb)

ESMTP_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {ESMTP_FUNCTIONS(LAZY_SYMBOL){0}};

#define OWN_GREETING "220 ready\r\n" /* the server's was read before */

struct dialogue {
    const struct smtp_job *job;
    struct smtp_relay relay;
    int listener, theirs; /* theirs: libesmtp's end of the pair */
    struct sockaddr_in here;
    smtp_session_t session;
    smtp_message_t message;
    smtp_recipient_t *recipients; /* NULL: left out */
    size_t given;                 /* bytes of the message */
    bool data;                    /* some of the message was sent */
};

/* ---- what the server answered ---- */

/* A server that was told the password could have it written into a log. */
static void hide_secrets(const struct smtp_server *server, struct strbuf *text)
{
    struct strbuf plain = {0}, coded = {0};
    if (server->user == NULL)
        return;
    secret_hide(text, span_text(server->password));
    base64_write(span_text(server->password), &coded);
    secret_hide(text, strbuf_span(&coded));
    strbuf_reset(&coded);
    strbuf_add(&plain, "", 1);
    strbuf_add_text(&plain, server->user);
    strbuf_add(&plain, "", 1);
    strbuf_add_text(&plain, server->password);
    base64_write(strbuf_span(&plain), &coded); /* as AUTH PLAIN has it */
    secret_hide(text, strbuf_span(&coded));
    strbuf_clear(&plain);
    strbuf_clear(&coded);
}

static enum smtp_result result_of(int code)
{
    return code / 100 == 2   ? SMTP_SENT
           : code / 100 == 5 ? SMTP_REFUSED
           : code / 100 == 4 ? SMTP_LATER
                             : SMTP_NOT_TRIED;
}

static void tell(struct dialogue *d, size_t i, const smtp_status_t *status, enum smtp_result result)
{
    struct smtp_told *told = &d->job->progress->told[i];
    struct strbuf text = {0};
    if (status->enh_class != 0) /* libesmtp has cut it off the text */
        strbuf_format(&text, "%d.%d.%d ", status->enh_class, status->enh_subject,
                      status->enh_detail);
    smtp_reply_text(&text, span_text(status->text));
    hide_secrets(d->job->server, &text);
    told->code = status->code;
    snprintf(told->text, sizeof told->text, "%s", strbuf_text(&text));
    told->result = (int)result;
    strbuf_clear(&text);
}

static void mail_answered(struct dialogue *d)
{
    const smtp_status_t *status = p_smtp_reverse_path_status(d->message);
    enum smtp_result result = result_of(status->code);
    for (size_t i = 0; i < d->job->count && result != SMTP_SENT; i++)
        if (d->recipients[i] != NULL)
            tell(d, i, status, result);
}

static void recipient_answered(struct dialogue *d, smtp_recipient_t recipient)
{
    const smtp_status_t *status = p_smtp_recipient_status(recipient);
    enum smtp_result result = result_of(status->code);
    for (size_t i = 0; i < d->job->count; i++)
        if (d->recipients[i] == recipient)
            tell(d, i, status, result == SMTP_SENT ? SMTP_NOT_TRIED : result);
}

/* Those whom the server did not refuse before get what it says of the message. "2xx" to a DATA that
 * was not followed by any is no delivery. */
static void message_answered(struct dialogue *d)
{
    const smtp_status_t *status = p_smtp_message_transfer_status(d->message);
    enum smtp_result result = result_of(status->code);
    if (result == SMTP_SENT && !d->data)
        return;
    for (size_t i = 0; i < d->job->count; i++) {
        struct smtp_told *told = &d->job->progress->told[i];
        if (d->recipients[i] != NULL && told->result == SMTP_NOT_TRIED && told->code / 100 == 2)
            tell(d, i, status, result);
    }
    d->relay.over = true;
}

/* ---- the connection ---- */

static int open_listener(struct dialogue *d, struct strbuf *why)
{
    socklen_t len = sizeof d->here;
    d->here = (struct sockaddr_in){.sin_family = AF_INET};
    d->here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr *here = (struct sockaddr *)&d->here;
    if (d->listener < 0 || bind(d->listener, here, len) != 0 || listen(d->listener, 8) != 0 ||
        getsockname(d->listener, here, &len) != 0)
        return strbuf_why(why, "loopback: %s", strerror(errno));
    return 0;
}

static int open_pair(struct dialogue *d, struct strbuf *why)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return strbuf_why(why, "socketpair: %s", strerror(errno));
    d->theirs = pair[0];
    d->relay.fd = pair[1];
    if (send(pair[1], OWN_GREETING, sizeof OWN_GREETING - 1, MSG_NOSIGNAL) < 0)
        return strbuf_why(why, "socketpair: %s", strerror(errno));
    return 0;
}

/* The child has a handful of descriptors; one of them is connected to our listener. */
static void take_over(struct dialogue *d)
{
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof peer;
        if (fd != d->listener && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
            peer.sin_family == AF_INET && peer.sin_port == d->here.sin_port &&
            peer.sin_addr.s_addr == d->here.sin_addr.s_addr)
            dup2(d->theirs, fd);
    }
    close(d->theirs); /* libesmtp has it now; if not, the relay sees the end */
    close(d->listener);
}

/* ---- libesmtp ---- */

static void on_event(smtp_session_t session, int event, void *context, ...)
{
    struct dialogue *d = context;
    va_list args;
    (void)session;
    va_start(args, context);
    int step = d->job->progress->step;
    switch (event) {
    case SMTP_EV_CONNECT: take_over(d); break;
    case SMTP_EV_MAILSTATUS:
        step = SMTP_STEP_RECIPIENTS;
        mail_answered(d);
        break;
    case SMTP_EV_RCPTSTATUS:
        step = SMTP_STEP_DATA;
        (void)va_arg(args, const char *);
        recipient_answered(d, va_arg(args, smtp_recipient_t));
        break;
    case SMTP_EV_MESSAGEDATA:
        step = SMTP_STEP_MESSAGE;
        d->data = true;
        break;
    case SMTP_EV_MESSAGESENT:
        step = SMTP_STEP_QUIT;
        message_answered(d);
        break;
    default: break;
    }
    d->job->progress->step = step;
    va_end(args);
}

static const char *give_message(void **own, int *len, void *context)
{
    struct dialogue *d = context;
    (void)own;
    if (len == NULL) {
        d->given = 0;
        return NULL;
    }
    struct span rest = span_skip(d->job->message, d->given);
    *len = (int)(rest.len > 65536 ? 65536 : rest.len);
    d->given += (size_t)*len;
    return rest.at;
}

/* PLAIN and LOGIN ask for the same two. */
static int give_login(auth_client_request_t request, char **result, int fields, void *context)
{
    const struct smtp_server *server = context;
    for (int i = 0; i < fields; i++) {
        if (request[i].flags & AUTH_USER)
            result[i] = (char *)(size_t)server->user;
        else if (request[i].flags & AUTH_PASS)
            result[i] = (char *)(size_t)server->password;
        else
            return 0;
    }
    return 1;
}

static bool set_login(struct dialogue *d)
{
    const struct smtp_server *server = d->job->server;
    if (server->user == NULL)
        return true;
    p_auth_client_init();
    auth_context_t login = p_auth_create_context();
    return login != NULL && p_auth_set_mechanism_flags(login, AUTH_PLUGIN_PLAIN, 0) &&
           p_auth_set_interact_cb(login, give_login, (void *)(size_t)server) &&
           p_smtp_auth_set_context(d->session, login);
}

/* The parent's deadline is the one that counts: libesmtp's own may not come before it. */
static void set_timeouts(struct dialogue *d)
{
    static const int which[] = {Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER,
                                Timeout_DATA2};
    for (size_t i = 0; i < sizeof which / sizeof *which; i++)
        p_smtp_set_timeout(d->session, which[i] | Timeout_OVERRIDE_RFC2822_MINIMUM,
                           d->job->server->deadline_ms + 1000L);
}

static bool set_up(struct dialogue *d)
{
    const struct smtp_job *job = d->job;
    char where[32];
    snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(d->here.sin_port));
    d->session = p_smtp_create_session();
    d->message = d->session == NULL ? NULL : p_smtp_add_message(d->session);
    if (d->message == NULL || !p_smtp_set_server(d->session, where) ||
        !p_smtp_set_hostname(d->session, job->hello) ||
        !p_smtp_set_reverse_path(d->message, *job->from == '\0' ? NULL : job->from) ||
        !p_smtp_set_messagecb(d->message, give_message, d) ||
        !p_smtp_set_eventcb(d->session, on_event, d))
        return false;
    for (size_t i = 0; i < job->count; i++)
        if (job->progress->told[i].result == SMTP_NOT_TRIED) {
            d->recipients[i] = p_smtp_add_recipient(d->message, job->recipients[i].address);
            if (d->recipients[i] == NULL)
                return false;
        }
    set_timeouts(d);
    return set_login(d);
}

static int libesmtp_failed(struct strbuf *why)
{
    char text[200] = "";
    const char *said = p_smtp_strerror(p_smtp_errno(), text, sizeof text);
    return strbuf_why(why, "libesmtp: %s", said == NULL ? "unknown error" : said);
}

/* Did every recipient get an answer? Else why: the relay knows best. */
static int judge(struct dialogue *d, struct strbuf *why)
{
    bool all = true;
    for (size_t i = 0; i < d->job->count; i++)
        all = all && d->job->progress->told[i].result != SMTP_NOT_TRIED;
    if (all)
        return 0;
    if (d->relay.why.len == 0)
        return libesmtp_failed(why);
    hide_secrets(d->job->server, &d->relay.why);
    return strbuf_why(why, "%s", strbuf_text(&d->relay.why));
}

int smtp_session(const struct smtp_job *job, struct smtp_wire *wire, struct strbuf *why)
{
    static const char *const names[] = {"libesmtp.so.6", NULL};
    struct dialogue d = {.job = job, .relay = {.wire = wire}};
    if (lazy_open(names, symbols, why) != 0)
        return -1;
    if (open_listener(&d, why) != 0 || open_pair(&d, why) != 0)
        return -1;
    d.recipients = mem_zero(job->count, sizeof *d.recipients);
    d.relay.gate.wanted = job->server->user != NULL;
    job->progress->step = SMTP_STEP_HELLO;
    int result = -1;
    if (d.relay.gate.wanted && wire->ssl == NULL)
        strbuf_why(why, "no log-in without TLS");
    else if (!set_up(&d))
        libesmtp_failed(why);
    else if (smtp_relay_start(&d.relay, why) == 0) {
        p_smtp_start_session(d.session);
        smtp_relay_join(&d.relay);
        result = judge(&d, why);
    }
    free(d.recipients);
    return result; /* the rest goes with the child */
}
#else
int smtp_session(const struct smtp_job *job, struct smtp_wire *wire, struct strbuf *why)
{
    (void)job, (void)wire;
    return strbuf_why(why, "built without libesmtp");
}
#endif
