/* mail_deliver - one message, handed to servers in their order, or to the sendmail program. */
#include "mail_parts.h"

#include "spamgear/base/secret.h"
#include "spamgear/base/spawn.h"
#include "spamgear/base/text.h"
#include <stdio.h>
#include <string.h>

#define SAID_MAX 200 /* bytes of what sendmail says */

/* ---- what is known of a recipient ---- */

static void learn(struct mail_recipient *to, enum smtp_result got, const char *server,
                  const char *why)
{
    enum smtp_result merged = mail_merge(to->state, got);
    struct strbuf how = {0};
    bool news = merged == got && to->state != SMTP_SENT;
    to->state = merged;
    if (!news && to->how != NULL)
        return; /* what decided is told: who gave it to him first, who may take it later */
    strbuf_add_text(&how, server);
    if (why != NULL)
        strbuf_format(&how, "%s%s", *server != '\0' ? ": " : "", why);
    free(to->how);
    to->how = strbuf_take(&how);
}

/* ---- servers ---- */

static int prepare(struct smtp_server *server, const struct mail_settings *settings,
                   const char *url, struct strbuf *password, struct strbuf *why)
{
    if (smtp_server_parse(server, url, why) != 0)
        return -1;
    if (settings->user != NULL && settings->password_file != NULL &&
        secret_read(settings->password_file, password, why) != 0)
        return -1;
    server->tls = (enum smtp_tls)settings->tls;
    server->user = settings->user;
    server->password = password->len > 0 ? strbuf_text(password) : NULL;
    server->ca_file = settings->ca_file;
    server->hello = settings->hello;
    server->tls12 = settings->tls12;
    server->deadline_ms = (int)(settings->timeout_s * 1000);
    return 0;
}

static int send_through(const struct mail_delivery *delivery, const char *url,
                        struct smtp_recipient *to, size_t count, struct strbuf *why)
{
    struct smtp_server server = {0};
    struct strbuf password = {0};
    int result = prepare(&server, delivery->settings, url, &password, why);
    if (result == 0)
        result = smtp_send(&server, delivery->from, delivery->message, to, count, why);
    smtp_server_clear(&server);
    strbuf_clear(&password);
    return result;
}

static void learn_of_server(struct mail_recipient *to, const struct smtp_recipient *told,
                            const char *url, const char *why)
{
    enum smtp_result got = told->result == SMTP_NOT_TRIED ? SMTP_LATER : told->result;
    struct strbuf text = {0};
    char code[16];
    snprintf(code, sizeof code, "%d ", told->code);
    if (told->text != NULL && told->code > 0 && strncmp(told->text, code, strlen(code)) != 0)
        strbuf_add_text(&text, code);
    if (told->text != NULL)
        strbuf_add_text(&text, told->text);
    if (got == SMTP_SENT)
        learn(to, got, url, NULL);
    else if (text.len > 0)
        learn(to, got, url, strbuf_text(&text));
    else
        learn(to, got, "", why); /* which begins with the server */
    strbuf_clear(&text);
}

/* One server, for those whom it serves and who still wait (or all of them). */
static void try_route(struct mail_delivery *delivery, const struct mail_route *route,
                      struct texts *problems)
{
    VEC(struct smtp_recipient) asked = {0};
    VEC(struct mail_recipient *) whose = {0};
    struct strbuf why = {0};
    for (size_t i = 0; i < delivery->count; i++) {
        struct mail_recipient *to = &delivery->to[i];
        if (!mail_route_serves(route, to->address) ||
            (to->state == SMTP_SENT && !delivery->each_server))
            continue;
        *vec_add(&asked) = (struct smtp_recipient){.address = to->address};
        *vec_add(&whose) = to;
    }
    if (asked.len > 0 && send_through(delivery, route->url, asked.at, asked.len, &why) != 0) {
        texts_add(problems, strbuf_text(&why));
        if (delivery->dead != NULL)
            texts_add(delivery->dead, route->url);
    }
    for (size_t i = 0; i < asked.len; i++)
        learn_of_server(whose.at[i], &asked.at[i], route->url, strbuf_text(&why));
    smtp_recipients_clear(asked.at, asked.len);
    vec_clear(&asked);
    vec_clear(&whose);
    strbuf_clear(&why);
}

static bool is_dead(const struct mail_delivery *delivery, const char *url)
{
    return delivery->dead != NULL && texts_has(delivery->dead, url);
}

static void learn_all(struct mail_delivery *delivery, enum smtp_result got, const char *server,
                      const char *why)
{
    for (size_t i = 0; i < delivery->count; i++)
        learn(&delivery->to[i], got, server, why);
}

static void by_servers(struct mail_delivery *delivery, struct texts *problems)
{
    struct mail_routes routes = {0};
    struct strbuf why = {0};
    if (mail_routes_read(&routes, &delivery->settings->smtp, &why) != 0) {
        texts_add(problems, strbuf_text(&why));
        learn_all(delivery, SMTP_LATER, "", strbuf_text(&why));
    }
    for (size_t i = 0; i < routes.list.len; i++) {
        const struct mail_route *route = &routes.list.at[i];
        if (!is_dead(delivery, route->url)) {
            try_route(delivery, route, problems);
            continue;
        }
        for (size_t j = 0; j < delivery->count; j++)
            if (mail_route_serves(route, delivery->to[j].address))
                learn(&delivery->to[j], SMTP_LATER, route->url, "was not reached before");
    }
    vec_clear(&routes.list);
    strbuf_clear(&why);
}

/* ---- sendmail ---- */

static void without_cr(struct strbuf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
            strbuf_add_char(out, text.at[i]);
}

static void first_line(struct strbuf *out, const struct strbuf *output)
{
    struct span said = strbuf_span(output), line = {NULL, 0};
    if (!span_take_line(&said, &line) || line.len == 0)
        return;
    line.len = line.len < SAID_MAX ? line.len : SAID_MAX;
    strbuf_add_text(out, ": ");
    text_escape(out, line);
}

/* The words of the program: recipients stand behind --, so that none is an option. */
static int run_sendmail(const struct mail_delivery *delivery, struct strbuf *output,
                        struct strbuf *why)
{
    VEC(const char *) argv = {0};
    struct strbuf text = {0};
    bool by_header = delivery->by_header.len > 0;
    *vec_add(&argv) = delivery->settings->sendmail;
    *vec_add(&argv) = "-i";
    *vec_add(&argv) = by_header ? "-t" : "-f";
    if (by_header) {
        strbuf_add_span(&text, delivery->by_header);
    } else {
        without_cr(&text, delivery->message);
        *vec_add(&argv) = *delivery->from != '\0' ? delivery->from : "<>";
        *vec_add(&argv) = "--";
        for (size_t i = 0; i < delivery->count; i++)
            *vec_add(&argv) = delivery->to[i].address;
    }
    *vec_add(&argv) = NULL;
    int status = spawn_run(argv.at, strbuf_span(&text), (int)(delivery->settings->timeout_s * 1000),
                           output, why);
    vec_clear(&argv);
    strbuf_clear(&text);
    return status;
}

/* It takes the message for all or for nobody. */
static void by_sendmail(struct mail_delivery *delivery)
{
    const char *program = delivery->settings->sendmail;
    struct strbuf output = {0}, why = {0};
    int status = run_sendmail(delivery, &output, &why);
    if (status == 0) {
        learn_all(delivery, SMTP_SENT, program, NULL);
    } else if (status < 0) { /* why begins with the program's name */
        const char *reason = strbuf_text(&why);
        size_t name = strlen(program);
        bool named = strncmp(reason, program, name) == 0 && strncmp(reason + name, ": ", 2) == 0;
        learn_all(delivery, SMTP_LATER, program, named ? reason + name + 2 : reason);
    } else {
        strbuf_why(&why, "exit status %d", status);
        first_line(&why, &output);
        learn_all(delivery, mail_sendmail_result(status), program, strbuf_text(&why));
    }
    strbuf_clear(&output);
    strbuf_clear(&why);
}

/* Mistakes of the configuration are mended by people: mail waits for that. */
void mail_deliver(struct mail_delivery *delivery, struct texts *problems)
{
    if (delivery->settings->smtp.len > 0)
        by_servers(delivery, problems);
    else if (delivery->settings->sendmail != NULL && *delivery->settings->sendmail != '\0')
        by_sendmail(delivery);
    else
        learn_all(delivery, SMTP_LATER, "", "neither a server nor sendmail is configured");
}

int64_t mail_lease_s(const struct mail_settings *settings)
{
    return 120 + (int64_t)(settings->smtp.len + 1) * settings->timeout_s;
}

const char *mail_how(const struct mail_recipient *to)
{
    return to->how != NULL ? to->how : "no server is for this address";
}

void mail_recipients_clear(struct mail_recipient *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(to[i].how);
}
