/* tenant - owners by uid, patterns over paths, a map of addresses.
 *
 * A path is whatever its owner called his folders, and a name or an address ends in the header of a
 * mail: both are taken only in a narrow alphabet. POSIX patterns with back references are refused,
 * since libc needs exponential time for them on paths made for that; PCRE2 has its limits
 * (match/regex), and a pattern that gave up tells nobody.
 *
 * Surprise: the original put the pattern into sed, which left what the pattern did not cover
 * standing around the address. Here a match has to begin where the path begins (a tenant could
 * make folders that look like another's further down), its end does not matter.
 */
#include "spamgear/react/tenant.h"

#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"
#include "spamgear/match/regex.h"
#include <errno.h>
#include <pwd.h>
#include <regex.h>
#include <stdio.h>
#include <unistd.h>

#define HOME_PATTERN "^/home/\\([^/.]*\\)/.*"
#define HUMAN_FIRST  1000 /* UID_MIN and below the system's upper ranges, as in login.defs(5) */
#define HUMAN_LAST   59999
#define PATH_BYTES   4096 /* of a longer path only so much is looked at */
#define NAME_BYTES   255
#define MAP_BYTES    (16u << 20)

struct tenants {
    bool has_pattern; /* the admin's; else `basic` is HOME_PATTERN */
    bool has_basic;
    regex_t basic;
    const struct regex *pcre2; /* NULL: basic */
    struct map users;          /* of the map */
    struct texts addresses;    /* by the user's number */
    char *domain;
};

/* ---- what may stand in a mail's header ---- */

static bool all_of(struct span s, const char *others)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '\0' || (!plain && strchr(others, c) == NULL))
            return false;
    }
    return true;
}

static bool is_user(struct span user)
{
    return user.len > 0 && user.len <= NAME_BYTES && *user.at != '-' && all_of(user, "._-");
}

/* The characters of RFC 5322's dot-atom, and none that begins an option, a file or a command. */
static bool is_address(struct span address)
{
    return address.len > 0 && address.len <= NAME_BYTES && strchr("-/|:.@", *address.at) == NULL &&
           all_of(address, "!#$%&'*+-/=?^_`{|}~.@");
}

static bool is_domain(struct span domain)
{
    return domain.len > 0 && domain.len <= NAME_BYTES && *domain.at != '-' && *domain.at != '.' &&
           all_of(domain, ".-");
}

/* ---- opening ---- */

/* \1 to \9 outside of brackets. */
static bool has_back_reference(const char *pattern)
{
    for (const char *at = pattern; *at != '\0'; at++)
        if (*at == '\\' && *++at >= '1' && *at <= '9')
            return true;
        else if (*at == '\0')
            break;
    return false;
}

static int compile_basic(struct tenants *tenants, const char *pattern, struct strbuf *why)
{
    char text[256];
    if (has_back_reference(pattern))
        return strbuf_why(why, "pattern %s: has a back reference; the type pcre2 takes those",
                          pattern);
    int error = regcomp(&tenants->basic, pattern, 0);
    if (error != 0) {
        regerror(error, &tenants->basic, text, sizeof text);
        return strbuf_why(why, "pattern %s: %s", pattern, text);
    }
    tenants->has_basic = true;
    if (tenants->basic.re_nsub == 0)
        return strbuf_why(why, "pattern %s: has no group \\(..\\) for the user", pattern);
    return 0;
}

static int compile_pcre2(struct tenants *tenants, const char *pattern, struct strbuf *why)
{
    struct strbuf reason = {0};
    tenants->pcre2 = regex_get_anchored(pattern, &reason);
    if (tenants->pcre2 == NULL)
        strbuf_why(why, "pattern %s: %s", pattern, strbuf_text(&reason));
    else if (regex_group_count(tenants->pcre2) < 2)
        strbuf_why(why, "pattern %s: has no group (..) for the user", pattern);
    bool right = tenants->pcre2 != NULL && regex_group_count(tenants->pcre2) >= 2;
    strbuf_clear(&reason);
    return right ? 0 : -1;
}

/* Takes the next word of blank-separated ones. */
static struct span take_word(struct span *line)
{
    size_t start = 0, end;
    while (start < line->len && strchr(" \t\r", line->at[start]) != NULL && line->at[start] != '\0')
        start++;
    for (end = start; end < line->len; end++)
        if (strchr(" \t\r", line->at[end]) != NULL && line->at[end] != '\0')
            break;
    struct span word = {line->at + start, end - start};
    *line = span_skip(*line, end);
    return word;
}

static int add_to_map(struct tenants *tenants, struct span line, struct strbuf *why)
{
    bool added;
    struct span user = take_word(&line), address = take_word(&line);
    if (user.len == 0 || *user.at == '#')
        return 0;
    if (!is_user(user))
        return strbuf_why(why, "is no user name (letters, digits, '.', '_' and '-')");
    if (!is_address(address))
        return strbuf_why(why, "has no address behind the user that a mail could go to");
    if (take_word(&line).len > 0)
        return strbuf_why(why, "has more than a user and an address");
    map_put(&tenants->users, user, &added);
    if (!added)
        return strbuf_why(why, "names a user for the second time");
    char *copy = mem_text_of(address.at, address.len);
    texts_add(&tenants->addresses, copy);
    free(copy);
    return 0;
}

/* 0, or -1 with why. */
static int read_file(const char *path, size_t most, struct strbuf *out, struct strbuf *why)
{
    char buffer[8192];
    size_t got;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    errno = 0;
    while (out->len <= most && (got = fread(buffer, 1, sizeof buffer, f)) > 0)
        strbuf_add(out, buffer, got);
    int bad = ferror(f) ? errno : 0;
    fclose(f);
    if (bad != 0)
        return strbuf_why(why, "%s: %s", path, strerror(bad));
    if (out->len > most)
        return strbuf_why(why, "%s: is larger than %zu bytes", path, most);
    return 0;
}

static int read_map(struct tenants *tenants, const char *path, struct strbuf *why)
{
    struct strbuf text = {0}, reason = {0};
    int result = read_file(path, MAP_BYTES, &text, why);
    struct span rest = strbuf_span(&text), line;
    for (unsigned number = 1; result == 0 && span_take_line(&rest, &line); number++)
        if (add_to_map(tenants, line, &reason) != 0)
            result = strbuf_why(why, "%s:%u: %s", path, number, strbuf_text(&reason));
    strbuf_clear(&text);
    strbuf_clear(&reason);
    return result;
}

/* Owned: behind the first dot of the machine's name, else what the mail server says. */
static char *own_domain(void)
{
    char name[NAME_BYTES + 1] = "";
    struct strbuf text = {0};
    struct span rest, line = {NULL, 0};
    if (gethostname(name, sizeof name - 1) != 0)
        *name = '\0';
    const char *dot = strchr(name, '.');
    if (dot != NULL && is_domain(span_text(dot + 1)))
        return mem_text(dot + 1);
    if (read_file("/etc/mailname", 4096, &text, NULL) == 0) {
        rest = strbuf_span(&text);
        if (span_take_line(&rest, &line))
            line = take_word(&line);
    }
    char *domain = is_domain(line)              ? mem_text_of(line.at, line.len)
                   : is_domain(span_text(name)) ? mem_text(name)
                                                : mem_text("localhost");
    strbuf_clear(&text);
    return domain;
}

struct tenants *tenants_open(const char *pattern, enum tenant_pattern type, const char *map_path,
                             const char *domain, struct strbuf *why)
{
    struct tenants *tenants = mem_zero(1, sizeof *tenants);
    tenants->has_pattern = pattern != NULL;
    tenants->domain = domain == NULL ? own_domain() : mem_text(domain);
    int result = 0;
    if (!is_domain(span_text(tenants->domain)))
        result = strbuf_why(why, "%s: is no domain", tenants->domain);
    else if (pattern != NULL && type == TENANT_PCRE2)
        result = compile_pcre2(tenants, pattern, why);
    else
        result = compile_basic(tenants, pattern == NULL ? HOME_PATTERN : pattern, why);
    if (result == 0 && map_path != NULL)
        result = read_map(tenants, map_path, why);
    if (result == 0)
        return tenants;
    tenants_close(tenants);
    return NULL;
}

void tenants_close(struct tenants *tenants)
{
    if (tenants == NULL)
        return;
    if (tenants->has_basic)
        regfree(&tenants->basic);
    map_clear(&tenants->users);
    texts_clear(&tenants->addresses);
    free(tenants->domain);
    free(tenants);
}

/* ---- whose file ---- */

static bool by_owner(uid_t owner, struct strbuf *user)
{
    struct passwd entry, *found = NULL;
    char buffer[16384];
    if (owner < HUMAN_FIRST || owner > HUMAN_LAST ||
        getpwuid_r(owner, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
        return false;
    strbuf_add_text(user, found->pw_name);
    return is_user(strbuf_span(user));
}

static bool by_basic(const struct tenants *tenants, struct span path, struct strbuf *user)
{
    regmatch_t match[2];
    char text[PATH_BYTES + 1];
    if (memchr(path.at, '\0', path.len) != NULL)
        return false;
    memcpy(text, path.at, path.len);
    text[path.len] = '\0';
    if (regexec(&tenants->basic, text, 2, match, 0) != 0 || match[0].rm_so != 0 ||
        match[1].rm_so < 0)
        return false;
    strbuf_add(user, text + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so));
    return is_user(strbuf_span(user));
}

static bool by_pcre2(const struct tenants *tenants, struct span path, struct strbuf *user)
{
    struct span groups[2];
    if (regex_match(tenants->pcre2, path, groups, 2) != REGEX_MATCH)
        return false;
    strbuf_add_span(user, groups[1]);
    return is_user(strbuf_span(user));
}

static bool by_path(const struct tenants *tenants, struct span path, struct strbuf *user)
{
    strbuf_reset(user);
    if (path.len > PATH_BYTES)
        path.len = PATH_BYTES;
    if (path.len == 0)
        return false;
    return tenants->pcre2 != NULL ? by_pcre2(tenants, path, user) : by_basic(tenants, path, user);
}

bool tenants_of(const struct tenants *tenants, struct span path, uid_t owner, struct tenant *tenant)
{
    strbuf_reset(&tenant->user);
    strbuf_reset(&tenant->address);
    bool owned = !tenants->has_pattern && by_owner(owner, &tenant->user);
    if (!owned && !by_path(tenants, path, &tenant->user)) {
        strbuf_reset(&tenant->user);
        return false;
    }
    uint32_t number = map_get(&tenants->users, strbuf_span(&tenant->user));
    if (number != MAP_NONE)
        strbuf_add_text(&tenant->address, tenants->addresses.at[number]);
    else
        strbuf_format(&tenant->address, "%s@%s", strbuf_text(&tenant->user), tenants->domain);
    return true;
}

void tenant_clear(struct tenant *tenant)
{
    strbuf_clear(&tenant->user);
    strbuf_clear(&tenant->address);
}
