/* notice - a mail to a tenant, from a template in which nothing is evaluated.
 *
 * ${EMAIL}, ${USERNAME} and ${SHELLS} are replaced in one pass, so what was put in is not looked
 * at again; ${SHELLS} only in the body, since file names are the tenant's (or the attacker's) and
 * must not make headers. What is put in a header loses its control bytes. Headers that are missing
 * are added, those with other bytes than ASCII are encoded (RFC 2047), body lines that no mail
 * server would carry (RFC 5322, 2.1.1: 998 bytes) are broken. The template, which the admin wrote,
 * says who gets it (sendmail -t, or what react/mail reads from it for other servers).
 */
#include "spamgear/react/notice.h"

#include "spamgear/base/map.h"
#include "spamgear/net/message.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TEMPLATE_BYTES (64u << 10)
#define LINES_MAX      1000 /* told in one mail; the others are counted */
#define BODY_LINE      900  /* bytes */
#define SEND_S         60

struct letter {
    struct strbuf user, address, lines;
    unsigned count;
};

struct notices {
    struct strbuf template;
    char *sendmail;
    struct mail_settings mail;
    struct map names; /* user, newline, address */
    VEC(struct letter) letters;
};

static const char built_in[] =
    "To: ${EMAIL}\n"
    "Subject: Malicious code was found in files of your account\n"
    "\n"
    "Dear ${USERNAME},\n"
    "\n"
    "a scan of this server found malicious code in files of your account:\n"
    "\n"
    "${SHELLS}\n"
    "\n"
    "Behind each file stands what was found in it, and what was done: [QUARANTINED] means\n"
    "that the file was taken away and is kept by us, [CLEANED] that the foreign code was cut out\n"
    "of it. All other files are where they were.\n"
    "\n"
    "With such code strangers send spam, attack other sites and read your data, all in your\n"
    "name. Taking the files away does not close the hole they came in through. Please do now:\n"
    "\n"
    "1. Update your content management system and all of its plugins and themes. Remove those\n"
    "   that you do not use or that nobody maintains any more.\n"
    "2. Change the passwords of your administrators, of FTP or SSH, of the database, and of your\n"
    "   mailboxes, from a computer that is free of malware.\n"
    "3. Look for files, users and scheduled tasks that you did not make, and remove them.\n"
    "4. If something does not work any more, restore it from a backup that is older than the\n"
    "   break-in, then go through these steps again.\n"
    "\n"
    "If you think that a file is listed here by mistake, please answer to the support of your\n"
    "hosting provider and send this mail along.\n";

const char *notice_template(void)
{
    return built_in;
}

/* ---- putting in ---- */

struct values {
    struct span email, username, shells;
};

/* In a header: no line may end there. */
static void add_flat(struct strbuf *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        strbuf_add_char(out, (unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f ? ' '
                                                                                     : value.at[i]);
}

/* Puts in what the variable at the start of s stands for. Its length, 0 when there is none. */
static size_t put_in(struct strbuf *out, struct span s, const struct values *values, bool header)
{
    const struct {
        struct span name, value;
        bool body_only;
    } variables[] = {{SPAN("${EMAIL}"), values->email, false},
                     {SPAN("${USERNAME}"), values->username, false},
                     {SPAN("${SHELLS}"), values->shells, true}};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (!span_has_prefix(s, variables[i].name) || (header && variables[i].body_only))
            continue;
        if (header)
            add_flat(out, variables[i].value);
        else
            strbuf_add_span(out, variables[i].value);
        return variables[i].name.len;
    }
    return 0;
}

static void substitute(struct strbuf *out, struct span template, const struct values *values,
                       bool header)
{
    while (template.len > 0) {
        const char *dollar = memchr(template.at, '$', template.len);
        size_t before = dollar == NULL ? template.len : (size_t)(dollar - template.at);
        strbuf_add(out, template.at, before);
        template = span_skip(template, before);
        if (template.len == 0)
            break;
        size_t taken = put_in(out, template, values, header);
        if (taken == 0)
            strbuf_add_char(out, '$');
        template = span_skip(template, taken == 0 ? 1 : taken);
    }
}

/* ---- headers ---- */

/* Length of the field name before ':' (RFC 5322: printable ASCII without blanks), 0 = none. */
static size_t field_name(struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == ':')
            return i;
        if (line.at[i] <= ' ' || line.at[i] > '~')
            return 0;
    }
    return 0;
}

/* The headers of a template: fields and what continues them, up to a blank line. *body gets the
 * rest. A text whose first line is no field has none; one that is no field in the middle of
 * them begins the body too, as a blank line was forgotten. */
static struct span headers_of(struct span template, struct span *body)
{
    struct span rest = template, line;
    *body = template;
    while (span_take_line(&rest, &line)) {
        if (line.len == 0) {
            struct span headers = span_of(template.at, line.at);
            *body = rest;
            return headers;
        }
        bool goes_on = (*line.at == ' ' || *line.at == '\t') && line.at != template.at;
        if (!goes_on && field_name(line) == 0)
            break;
        *body = rest;
    }
    return (struct span){template.at, template.len - body->len};
}

static bool has_field(struct span headers, struct span name)
{
    struct span line;
    while (span_take_line(&headers, &line))
        if (field_name(line) == name.len && strncasecmp(line.at, name.at, name.len) == 0)
            return true;
    return false;
}

/* Words with other bytes than ASCII are encoded. Quotes around names go: no encoded word may stand
 * in them. */
static void add_header(struct strbuf *out, struct span line)
{
    size_t name = field_name(line) > 0 ? field_name(line) + 1 : 0;
    strbuf_add(out, line.at, name);
    message_encode(out, span_skip(line, name), "\n ");
}

/* ---- the message ---- */

static void add_missing(struct strbuf *out, struct span headers, const struct values *values)
{
    if (!has_field(headers, SPAN("To"))) {
        strbuf_add_text(out, "To: ");
        add_flat(out, values->email);
        strbuf_add_char(out, '\n');
    }
    if (!has_field(headers, SPAN("Subject")))
        strbuf_add_text(out, "Subject: Malicious code was found in files of your account\n");
    if (!has_field(headers, SPAN("Date"))) {
        strbuf_add_text(out, "Date: ");
        message_date(out);
        strbuf_add_char(out, '\n');
    }
    if (!has_field(headers, SPAN("Auto-Submitted")))
        strbuf_add_text(out, "Auto-Submitted: auto-generated\n");
    if (!has_field(headers, SPAN("MIME-Version")) && !has_field(headers, SPAN("Content-Type")))
        strbuf_add_text(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                             "Content-Transfer-Encoding: 8bit\n");
}

/* Breaks lines that are too long, between characters; what goes on is indented. */
static void add_body(struct strbuf *out, struct span body)
{
    struct span line;
    while (span_take_line(&body, &line)) {
        while (line.len > BODY_LINE) {
            size_t len = BODY_LINE;
            while (len > BODY_LINE - 4 && ((unsigned char)line.at[len] & 0xc0) == 0x80)
                len--;
            strbuf_add(out, line.at, len);
            strbuf_add_text(out, "\n  ");
            line = span_skip(line, len);
        }
        strbuf_add_span(out, line);
        strbuf_add_char(out, '\n');
    }
}

static void without_cr_and_nul(struct strbuf *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != '\r' && s.at[i] != '\0')
            strbuf_add_char(out, s.at[i]);
}

void notice_fill(struct strbuf *out, struct span template, struct span email, struct span username,
                 struct span shells)
{
    struct strbuf clean = {0}, header = {0}, filled = {0}, body = {0};
    struct values values = {email, username, shells};
    struct span rest, line;
    without_cr_and_nul(&clean, template);
    struct span fields = headers_of(strbuf_span(&clean), &rest);
    struct span lines = fields;
    while (span_take_line(&lines, &line)) {
        size_t name = field_name(line);
        strbuf_reset(&header);
        strbuf_add(&header, line.at, name);
        substitute(&header, span_skip(line, name), &values, true);
        add_header(out, strbuf_span(&header));
        strbuf_add_char(out, '\n');
    }
    add_missing(out, fields, &values);
    strbuf_add_char(out, '\n');
    substitute(&filled, rest, &values, false);
    without_cr_and_nul(&body, strbuf_span(&filled));
    add_body(out, strbuf_span(&body));
    strbuf_clear(&clean);
    strbuf_clear(&header);
    strbuf_clear(&filled);
    strbuf_clear(&body);
}

/* ---- collecting and sending ---- */

static int read_template(struct strbuf *out, const char *path, struct strbuf *why)
{
    char buffer[4096];
    size_t got;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    errno = 0;
    while (out->len <= TEMPLATE_BYTES && (got = fread(buffer, 1, sizeof buffer, f)) > 0)
        strbuf_add(out, buffer, got);
    int bad = ferror(f) ? errno : 0;
    fclose(f);
    if (bad != 0)
        return strbuf_why(why, "%s: %s", path, strerror(bad));
    if (out->len > TEMPLATE_BYTES)
        return strbuf_why(why, "%s: is larger than %u bytes", path, TEMPLATE_BYTES);
    if (out->len == 0)
        return strbuf_why(why, "%s: is empty", path);
    return 0;
}

struct notices *notices_open(const char *template_path, const char *sendmail, struct strbuf *why)
{
    struct notices *notices = mem_zero(1, sizeof *notices);
    notices->sendmail = mem_text(sendmail);
    notices->mail = (struct mail_settings){.route = "mail", .timeout_s = SEND_S};
    notices->mail.sendmail = notices->sendmail;
    if (template_path == NULL)
        strbuf_add_text(&notices->template, built_in);
    else if (read_template(&notices->template, template_path, why) != 0) {
        notices_close(notices);
        return NULL;
    }
    return notices;
}

void notices_mail_with(struct notices *notices, const struct mail_settings *mail)
{
    notices->mail = *mail;
    notices->mail.sendmail = notices->sendmail;
}

void notices_add(struct notices *notices, const struct tenant *tenant, struct span line)
{
    bool added;
    struct strbuf key = {0};
    strbuf_format(&key, "%s\n%s", strbuf_text(&tenant->user), strbuf_text(&tenant->address));
    uint32_t number = map_put(&notices->names, strbuf_span(&key), &added);
    strbuf_clear(&key);
    if (added) {
        struct letter *new = vec_add(&notices->letters);
        *new = (struct letter){0};
        strbuf_add_span(&new->user, strbuf_span(&tenant->user));
        strbuf_add_span(&new->address, strbuf_span(&tenant->address));
    }
    struct letter *letter = &notices->letters.at[number];
    if (letter->count++ >= LINES_MAX)
        return;
    if (letter->lines.len > 0)
        strbuf_add_char(&letter->lines, '\n');
    strbuf_add_span(&letter->lines, line);
}

/* 0, or -1 with why. */
static int send_letter(const struct notices *notices, struct letter *letter, struct strbuf *why)
{
    struct strbuf message = {0};
    struct mail_result result;
    if (letter->count > LINES_MAX)
        strbuf_format(&letter->lines, "\n... and %u more", letter->count - LINES_MAX);
    notice_fill(&message, strbuf_span(&notices->template), strbuf_span(&letter->address),
                strbuf_span(&letter->user), strbuf_span(&letter->lines));
    /* not the message: its date changes */
    struct mail mail = {.ready = strbuf_span(&message), .key = strbuf_span(&letter->lines)};
    int sent = mail_send(&notices->mail, &mail, &result, why);
    mail_result_clear(&result);
    strbuf_clear(&message);
    return sent;
}

unsigned notices_send(struct notices *notices, bool dry, struct texts *problems)
{
    unsigned failed = 0;
    struct strbuf why = {0};
    for (size_t i = 0; i < notices->letters.len && !dry; i++) {
        struct letter *letter = &notices->letters.at[i];
        if (send_letter(notices, letter, &why) == 0)
            continue;
        failed++;
        texts_format(problems, "the notice to %s was not sent: %s", strbuf_text(&letter->address),
                     strbuf_text(&why));
    }
    strbuf_clear(&why);
    notices_close(notices);
    return failed;
}

void notices_close(struct notices *notices)
{
    if (notices == NULL)
        return;
    for (size_t i = 0; i < notices->letters.len; i++) {
        strbuf_clear(&notices->letters.at[i].user);
        strbuf_clear(&notices->letters.at[i].address);
        strbuf_clear(&notices->letters.at[i].lines);
    }
    vec_clear(&notices->letters);
    map_clear(&notices->names);
    strbuf_clear(&notices->template);
    free(notices->sendmail);
    free(notices);
}
