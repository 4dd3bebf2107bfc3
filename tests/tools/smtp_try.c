/* smtp_try URL [KEY=VALUE]... - hands one mail to a server, and tells what became of it.
 *
 *     smtp_try smtp://127.0.0.1:2525 to=a@b to=c@d tls=off < BODY
 *
 * Keys: to, from, tls (required, opportunistic, off), user, password-file, ca, hello, tls12,
 * deadline (ms), repeat (times). One line for each recipient, "failed: WHY" when the dialogue
 * did not come to its end; the status is then 1.
 */
#include "spamgear/net/message.h"
#include "spamgear/net/smtp.h"

#include <stdio.h>
#include <stdlib.h>

struct trial {
    struct smtp_server server;
    struct texts to;
    struct strbuf password;
    const char *from;
    int repeat;
};

static void read_all(FILE *f, struct strbuf *out)
{
    char block[4096];
    size_t got;
    while (f != NULL && (got = fread(block, 1, sizeof block, f)) > 0)
        strbuf_add(out, block, got);
}

static void read_password(struct trial *trial, const char *path)
{
    FILE *f = fopen(path, "r");
    read_all(f, &trial->password);
    if (f != NULL)
        fclose(f);
    char *end = trial->password.data == NULL ? NULL : strchr(trial->password.data, '\n');
    if (end != NULL)
        *end = '\0';
    trial->server.password = strbuf_text(&trial->password);
}

static void set(struct trial *trial, const char *argument)
{
    const char *value = strchr(argument, '=');
    struct span key = value == NULL ? span_text(argument) : span_of(argument, value);
    value = value == NULL ? "1" : value + 1;
    const struct {
        const char *key, **at;
    } texts[] = {{"from", &trial->from},
                 {"user", &trial->server.user},
                 {"ca", &trial->server.ca_file},
                 {"hello", &trial->server.hello}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (span_is(key, span_text(texts[i].key)))
            *texts[i].at = value;
    if (span_is(key, SPAN("to")))
        texts_add(&trial->to, value);
    else if (span_is(key, SPAN("tls")))
        trial->server.tls = *value == 'r'               ? SMTP_TLS_REQUIRED
                            : strcmp(value, "off") == 0 ? SMTP_TLS_OFF
                                                        : SMTP_TLS_OPPORTUNISTIC;
    else if (span_is(key, SPAN("tls12")))
        trial->server.tls12 = true;
    else if (span_is(key, SPAN("deadline")))
        trial->server.deadline_ms = (int)strtol(value, NULL, 10);
    else if (span_is(key, SPAN("repeat")))
        trial->repeat = (int)strtol(value, NULL, 10);
    else if (span_is(key, SPAN("password-file")))
        read_password(trial, value);
}

static int send_once(const struct trial *trial, struct span message)
{
    static const char *const results[] = {"not tried", "sent", "later", "refused"};
    struct smtp_recipient *recipients = mem_zero(trial->to.len + 1, sizeof *recipients);
    struct strbuf why = {0};
    for (size_t i = 0; i < trial->to.len; i++)
        recipients[i].address = trial->to.at[i];
    int result = smtp_send(&trial->server, trial->from, message, recipients, trial->to.len, &why);
    for (size_t i = 0; i < trial->to.len; i++)
        printf("%s: %s %d %s\n", trial->to.at[i], results[recipients[i].result], recipients[i].code,
               recipients[i].text == NULL ? "-" : recipients[i].text);
    if (result != 0)
        printf("failed: %s\n", strbuf_text(&why));
    smtp_recipients_clear(recipients, trial->to.len);
    free(recipients);
    strbuf_clear(&why);
    return result;
}

int main(int argc, char **argv)
{
    struct trial trial = {
        .server = {.deadline_ms = 20000}, .from = "from@example.net", .repeat = 1};
    struct strbuf body = {0}, mail = {0}, why = {0};
    int failed = 0;
    if (argc < 2 || smtp_server_parse(&trial.server, argv[1], &why) != 0) {
        fprintf(stderr, "smtp_try: %s\n", argc < 2 ? "no server" : strbuf_text(&why));
        strbuf_clear(&why);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        set(&trial, argv[i]);
    read_all(stdin, &body);
    message_write(&mail, &(struct message){.from = trial.from,
                                           .to = &trial.to,
                                           .subject = "a trial",
                                           .body = strbuf_span(&body)});
    for (int i = 0; i < trial.repeat; i++)
        failed += send_once(&trial, strbuf_span(&mail)) != 0;
    smtp_server_clear(&trial.server);
    texts_clear(&trial.to);
    strbuf_clear(&trial.password);
    strbuf_clear(&body);
    strbuf_clear(&mail);
    return failed != 0;
}
