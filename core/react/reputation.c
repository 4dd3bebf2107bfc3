/* reputation - the texts of the tables, and when they are written.
 *
 * Facts: Postfix's smtpd_sasl_authenticated_header puts a line of its own, "\t(Authenticated
 * sender: NAME)", into the Received header, before the line that begins with "by"; in NAME a
 * backslash, bytes that are no printable ASCII and unbalanced closing parentheses are '?', and
 * missing closing ones are added (src/smtpd/smtpd.c). cleanup compares the header with its line
 * ends. HELO and names of hosts can hold no line end, so nobody else writes such a line, but a
 * sender who puts a whole Received header into his mail: that sends his own mail through the second
 * server.
 */
#include "spamgear/react/reputation.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/outfile.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TABLE_MAX   (64u << 20)
#define ADDRESS_MAX 320

/* ---- header checks ---- */

int reputation_next_hop(const char *relay, struct strbuf *out, struct strbuf *why)
{
    struct span host = span_text(relay), port = SPAN("25");
    const char *end = *relay == '[' ? strchr(relay, ']') : strchr(relay, ':');
    unsigned long long number = 0;
    if (*relay == '[' && end != NULL) {
        host = span_of(relay + 1, end);
        if (end[1] != '\0')
            port = end[1] == ':' ? span_text(end + 2) : SPAN("");
    } else if (end != NULL) {
        host = span_of(relay, end);
        port = span_text(end + 1);
    }
    bool good = host.len > 0 && host.len < 256 && span_number(port, &number) && number > 0 &&
                number < 65536;
    for (size_t i = 0; i < host.len && good; i++)
        good =
            isalnum((unsigned char)host.at[i]) || strchr(*relay == '[' ? ".-:" : ".-", host.at[i]);
    if (!good)
        return strbuf_why(why, "\"%s\" is not HOST, HOST:PORT or [ADDRESS]:PORT", relay);
    bool is_ipv6 = memchr(host.at, ':', host.len) != NULL;
    bool has_prefix = span_has_prefix(host, SPAN("ipv6:"));
    strbuf_format(out, "[%s%.*s]:%llu", is_ipv6 && !has_prefix ? "ipv6:" : "", (int)host.len,
                  host.at, number);
    return 0;
}

/* As Postfix's comment_sanitize writes it. */
static void sanitize(const char *name, struct strbuf *out)
{
    size_t open = 0;
    for (; *name != '\0'; name++) {
        bool stays = *name >= 32 && *name < 127 && *name != '\\' && (*name != ')' || open > 0);
        open += stays && *name == '(';
        open -= stays && *name == ')';
        strbuf_add_char(out, stays ? *name : '?');
    }
    while (open-- > 0)
        strbuf_add_char(out, ')');
}

/* Printable ASCII for both pcre and POSIX extended expressions between slashes. */
static void escape(struct span text, struct strbuf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\\^$.[]|()?*+{}/", text.at[i]) != NULL)
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, text.at[i]);
    }
}

static int order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts; equal ones become one. */
static void make_unique(struct texts *list)
{
    size_t kept = 0;
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, order);
    for (size_t i = 0; i < list->len; i++) {
        if (kept > 0 && strcmp(list->at[kept - 1], list->at[i]) == 0)
            free(list->at[i]);
        else
            list->at[kept++] = list->at[i];
    }
    list->len = kept;
}

void reputation_headers(struct texts *names, const char *next_hop, struct strbuf *out)
{
    struct texts written = {0};
    struct strbuf name = {0};
    for (size_t i = 0; i < names->len; i++) {
        strbuf_reset(&name);
        sanitize(names->at[i], &name);
        if (name.len > 0)
            texts_add(&written, strbuf_text(&name));
    }
    make_unique(&written);
    strbuf_add_text(out, "# Written by spamgear postfix-reputation; changes are lost.\n");
    for (size_t i = 0; i < written.len; i++) {
        strbuf_add_text(out, "/^Received:.*[[:cntrl:]]\\(Authenticated sender: ");
        escape(span_text(written.at[i]), out);
        strbuf_format(out, "\\)[[:cntrl:]]+by /i FILTER smtp:%s\n", next_hop);
    }
    texts_clear(&written);
    strbuf_clear(&name);
}

/* ---- recipients ---- */

static bool all_of(struct span text, const char *others)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.at[i]) &&
            (text.at[i] == '\0' || strchr(others, text.at[i]) == NULL))
            return false;
    return text.len > 0;
}

/* An address that can stand in a table as it is: no quotes, no UTF-8, nothing a table reads as
 * something else. */
static bool is_address(struct span text)
{
    const char *at = memchr(text.at, '@', text.len);
    if (at == NULL || text.len > ADDRESS_MAX)
        return false;
    struct span local = span_of(text.at, at), domain = span_of(at + 1, span_end(text));
    return all_of(local, ".!%&'*+-/=?^_{|}~$`") && all_of(domain, ".-") &&
           memchr(domain.at, '.', domain.len) != NULL && isalnum((unsigned char)*domain.at);
}

static struct span first_word(struct span line)
{
    size_t len = 0;
    while (line.len > 0 && (*line.at == ' ' || *line.at == '\t'))
        line = span_skip(line, 1);
    while (len < line.len && (line.at[len] == '\0' || strchr(" \t\r,#", line.at[len]) == NULL))
        len++;
    return (struct span){line.at, len};
}

void reputation_read(struct span text, const char *name, struct texts *addresses,
                     struct texts *problems)
{
    struct span line;
    for (unsigned long number = 1; span_take_line(&text, &line); number++) {
        struct span word = first_word(line);
        bool is_nothing = word.len == 0 && (line.len == 0 || strchr(" \t\r#", *line.at) != NULL);
        if (is_nothing)
            continue;
        if (!is_address(word)) {
            texts_format(problems, "%s:%lu: is no mail address; left out", name, number);
            continue;
        }
        char *address = mem_text_of(word.at, word.len);
        for (char *at = address; *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        texts_add(addresses, address);
        free(address);
    }
}

static int read_file(const char *path, struct texts *addresses, struct texts *problems,
                     struct strbuf *why)
{
    struct strbuf text = {0}, what = {0};
    int result = infile_read(path, TABLE_MAX, &text, NULL, &what);
    if (result == 0)
        reputation_read(strbuf_span(&text), path, addresses, problems);
    else
        strbuf_why(why, "%s: %s", path, strbuf_text(&what));
    strbuf_clear(&text);
    strbuf_clear(&what);
    return result;
}

int reputation_read_lists(const char *path, struct texts *addresses, struct texts *problems,
                          struct strbuf *why)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int result = 0;
    if (folder == NULL && errno != ENOTDIR)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    if (folder == NULL)
        return read_file(path, addresses, problems, why);
    while (result == 0 && (errno = 0, entry = readdir(folder)) != NULL) {
        struct strbuf file = {0};
        strbuf_format(&file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            result = read_file(strbuf_text(&file), addresses, problems, why);
        strbuf_clear(&file);
    }
    closedir(folder);
    return result;
}

void reputation_access(struct texts *addresses, const char *action, struct strbuf *out)
{
    make_unique(addresses);
    strbuf_add_text(out, "# Written by spamgear postfix-reputation; changes are lost.\n");
    for (size_t i = 0; i < addresses->len; i++)
        strbuf_format(out, "%s %s\n", addresses->at[i], action);
}

/* ---- files ---- */

int reputation_write(const char *path, struct span text, struct strbuf *why)
{
    struct strbuf old = {0};
    struct outfile file;
    bool same =
        infile_read(path, TABLE_MAX, &old, NULL, NULL) == 0 && span_is(strbuf_span(&old), text);
    strbuf_clear(&old);
    if (same)
        return 0;
    if (outfile_open(&file, path, why) != 0)
        return -1;
    fwrite(text.at, 1, text.len, file.stream);
    if (outfile_keep_owner(&file, why) != 0) {
        outfile_abandon(&file);
        return -1;
    }
    return outfile_commit(&file, why) == 0 ? 1 : -1;
}

bool reputation_is_indexed(const char *path, const char *type)
{
    struct strbuf index = {0};
    struct stat table, indexed;
    strbuf_format(&index, "%s.%s", path, strcmp(type, "hash") == 0 ? "db" : type);
    bool is = stat(path, &table) == 0 && stat(strbuf_text(&index), &indexed) == 0 &&
              (indexed.st_mtim.tv_sec > table.st_mtim.tv_sec ||
               (indexed.st_mtim.tv_sec == table.st_mtim.tv_sec &&
                indexed.st_mtim.tv_nsec >= table.st_mtim.tv_nsec));
    strbuf_clear(&index);
    return is;
}
