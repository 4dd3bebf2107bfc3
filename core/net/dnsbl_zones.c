/* dnsbl_zones - the file that tells the blocklists: name, kind, codes, and whether they live.
 *
 * One line is one thing: "zone", "dead", "code" or "bit"; the last two belong to the zone above.
 * A bad line costs itself only: a list less is better than no check at all, and it is told.
 */
#include "spamgear/base/map.h"
#include "spamgear/net/dnsbl.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define BLANKS   " \t\n\v\f\r"
#define FILE_MAX (4u << 20) /* bytes */
#define NAME_LEN 189        /* 253 less a reversed IPv6 address */

struct reading {
    struct dnsbl_zones *zones;
    const char *name;
    unsigned line;
    bool skipping; /* the zone line above was bad: its codes are nobody's */
    struct strbuf *why;
    bool failed;
};

/* ---- words ---- */

static struct span take_word(struct span *rest)
{
    *rest = span_trim(*rest, BLANKS);
    struct span word = {rest->at, 0};
    while (word.len < rest->len && !isspace((unsigned char)word.at[word.len]))
        word.len++;
    *rest = span_trim(span_skip(*rest, word.len), BLANKS);
    return word;
}

static char *copy(struct span s)
{
    return s.len > 0 ? mem_text_of(s.at, s.len) : NULL;
}

static char *copy_name(struct span s)
{
    char *name = mem_text_of(s.at, s.len - (s.len > 0 && s.at[s.len - 1] == '.'));
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return name;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

bool dnsbl_is_name(struct span name)
{
    size_t label = 0;
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '.' ? label == 0 : !is_name_byte(name.at[i]))
            return false;
        label = name.at[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && name.len <= NAME_LEN;
}

/* ---- lines ---- */

static void complain(struct reading *reading, struct span word, const char *what)
{
    if (reading->why->len > 0)
        strbuf_add_char(reading->why, '\n');
    strbuf_format(reading->why, "%s:%u: \"%.*s\" %s", reading->name, reading->line,
                  (int)(word.len < 80 ? word.len : 80), word.at, what);
    reading->failed = true;
}

static unsigned kind_of(struct span word)
{
    return span_is(word, SPAN("ip4"))      ? DNSBL_IP4
           : span_is(word, SPAN("ip6"))    ? DNSBL_IP6
           : span_is(word, SPAN("domain")) ? DNSBL_DOMAIN
                                           : 0;
}

/* "ip4,ip6"; 0 when a word is no kind. */
static unsigned kinds_of(struct span list)
{
    unsigned kinds = 0;
    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        struct span word = comma == NULL ? list : span_of(list.at, comma);
        unsigned kind = kind_of(word);
        if (kind == 0)
            return 0;
        kinds |= kind;
        list = span_skip(list, word.len + (comma != NULL));
    }
    return kinds;
}

static struct dnsbl_zone *add_zone(struct reading *reading, struct span name)
{
    char *text = NULL;
    reading->skipping = true;
    if (!dnsbl_is_name(name)) {
        complain(reading, name, "is no name of a zone");
        return NULL;
    }
    text = copy_name(name);
    if (dnsbl_zone_get(reading->zones, span_text(text)) != NULL) {
        complain(reading, name, "is there twice");
        free(text);
        return NULL;
    }
    struct dnsbl_zone *zone = vec_add(&reading->zones->zones);
    *zone = (struct dnsbl_zone){.name = text, .has_test = true};
    reading->skipping = false;
    return zone;
}

/* zone NAME KINDS [group=GROUP] [test=DOMAIN] [untested] [doubtful] [NOTE...] */
static void read_zone(struct reading *reading, struct span rest)
{
    struct span name = take_word(&rest), list = take_word(&rest);
    unsigned kinds = kinds_of(list);
    if (kinds == 0) {
        reading->skipping = true;
        complain(reading, list, "is not ip4, ip6 or domain, or some of them with commas");
        return;
    }
    struct dnsbl_zone *zone = add_zone(reading, name);
    if (zone == NULL)
        return;
    zone->kinds = kinds;
    for (struct span note = rest, word; (word = take_word(&rest)).len > 0; note = rest) {
        if (span_is(word, SPAN("untested"))) {
            zone->has_test = false;
        } else if (span_is(word, SPAN("doubtful"))) {
            zone->doubtful = true;
        } else if (span_has_prefix(word, SPAN("group=")) && zone->group == NULL) {
            zone->group = copy(span_skip(word, 6));
        } else if (span_has_prefix(word, SPAN("test=")) && zone->test == NULL &&
                   dnsbl_is_name(span_skip(word, 5))) {
            zone->test = copy_name(span_skip(word, 5));
        } else {
            zone->note = copy(note);
            return;
        }
    }
}

/* dead NAME [NOTE...] */
static void read_dead(struct reading *reading, struct span rest)
{
    struct dnsbl_zone *zone = add_zone(reading, take_word(&rest));
    if (zone == NULL)
        return;
    zone->dead = true;
    zone->note = copy(rest);
}

/* [as=ZONE] [ignored|refused] MEANING... */
static void read_sense(struct dnsbl_code *code, struct span rest)
{
    for (struct span text = rest, word; (word = take_word(&rest)).len > 0; text = rest) {
        if (span_is(word, SPAN("ignored"))) {
            code->sense = DNSBL_MEANS_NOTHING;
        } else if (span_is(word, SPAN("refused"))) {
            code->sense = DNSBL_MEANS_REFUSED;
        } else if (span_has_prefix(word, SPAN("as=")) && code->alias == NULL && word.len > 3) {
            code->alias = copy_name(span_skip(word, 3));
        } else {
            code->meaning = copy(text);
            return;
        }
    }
}

static void add_code(struct reading *reading, struct dnsbl_code code, struct span rest)
{
    struct dnsbl_zones *zones = reading->zones;
    if (reading->skipping)
        return;
    if (zones->zones.len == 0) {
        complain(reading, rest, "belongs to no zone");
        return;
    }
    read_sense(&code, rest);
    *vec_add(&zones->zones.at[zones->zones.len - 1].codes) = code;
}

/* code ADDRESS[/BITS] ... */
static void read_code(struct reading *reading, struct span rest)
{
    struct dnsbl_code code = {.bit = 0};
    struct span word = take_word(&rest);
    if (!prefix_parse(word, &code.answer) || !addr_is_v4(&code.answer.addr))
        complain(reading, word, "is no answer like 127.0.0.2 or 127.0.0.4/30");
    else
        add_code(reading, code, rest);
}

/* bit NUMBER ... */
static void read_bit(struct reading *reading, struct span rest)
{
    struct span word = take_word(&rest);
    unsigned long long bit;
    if (!span_number(word, &bit) || bit == 0 || bit > 128 || (bit & (bit - 1)) != 0)
        complain(reading, word, "is no bit: 1, 2, 4 ... 128");
    else
        add_code(reading, (struct dnsbl_code){.bit = (unsigned)bit}, rest);
}

static void read_line(struct reading *reading, struct span line)
{
    static const struct {
        const char *word;
        void (*read)(struct reading *reading, struct span rest);
    } words[] = {{"zone", read_zone}, {"dead", read_dead}, {"code", read_code}, {"bit", read_bit}};
    struct span rest = line, word = take_word(&rest);
    if (word.len == 0 || word.at[0] == '#')
        return;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_is(word, span_text(words[i].word))) {
            words[i].read(reading, rest);
            return;
        }
    complain(reading, word, "is not zone, dead, code or bit");
}

int dnsbl_read_text(struct dnsbl_zones *zones, const char *name, struct span text,
                    struct strbuf *why)
{
    struct strbuf unheard = {0};
    struct reading reading = {.zones = zones, .name = name, .why = why != NULL ? why : &unheard};
    for (struct span line; span_take_line(&text, &line);) {
        reading.line++;
        if (memchr(line.at, '\0', line.len) != NULL)
            complain(&reading, (struct span){"", 0}, "holds a NUL byte");
        else
            read_line(&reading, line);
    }
    strbuf_clear(&unheard);
    return reading.failed ? -1 : 0;
}

int dnsbl_read(struct dnsbl_zones *zones, const char *path, struct strbuf *why)
{
    FILE *stream = fopen(path, "re");
    struct strbuf text = {0};
    char block[16384];
    size_t got;
    if (stream == NULL)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    while (text.len <= FILE_MAX && (got = fread(block, 1, sizeof block, stream)) > 0)
        strbuf_add(&text, block, got);
    int error = ferror(stream) ? errno : 0;
    fclose(stream);
    int result = error != 0            ? strbuf_why(why, "%s: %s", path, strerror(error))
                 : text.len > FILE_MAX ? strbuf_why(why, "%s: is larger than 4 MiB", path)
                                       : dnsbl_read_text(zones, path, strbuf_span(&text), why);
    strbuf_clear(&text);
    return result;
}

/* ---- a set of zones ---- */

struct dnsbl_zone *dnsbl_zone_get(const struct dnsbl_zones *zones, struct span name)
{
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < zones->zones.len; i++) {
        struct dnsbl_zone *zone = &zones->zones.at[i];
        if (strlen(zone->name) == name.len && strncasecmp(zone->name, name.at, name.len) == 0)
            return zone;
    }
    return NULL;
}

static void clear_zone(struct dnsbl_zone *zone)
{
    for (size_t i = 0; i < zone->codes.len; i++) {
        free(zone->codes.at[i].meaning);
        free(zone->codes.at[i].alias);
    }
    vec_clear(&zone->codes);
    free(zone->name);
    free(zone->group);
    free(zone->test);
    free(zone->note);
}

/* Moves the zone over, so that it cannot be kept twice. */
static void keep_zone(struct dnsbl_zones *kept, struct dnsbl_zone *zone)
{
    *vec_add(&kept->zones) = *zone;
    *zone = (struct dnsbl_zone){.name = mem_text_of("", 0)};
}

int dnsbl_zones_keep(struct dnsbl_zones *zones, const struct texts *names, unsigned kinds,
                     struct strbuf *why)
{
    struct dnsbl_zones kept = {0};
    int result = 0;
    for (size_t i = 0; i < names->len && result == 0; i++) {
        struct span name = span_text(names->at[i]);
        struct dnsbl_zone *zone = dnsbl_zone_get(zones, name);
        if (!dnsbl_is_name(name))
            result = strbuf_why(why, "\"%s\" is no name of a zone", names->at[i]);
        else if (zone != NULL)
            keep_zone(&kept, zone);
        else if (dnsbl_zone_get(&kept, name) == NULL)
            *vec_add(&kept.zones) =
                (struct dnsbl_zone){.name = copy_name(name), .kinds = kinds, .has_test = true};
    }
    dnsbl_zones_clear(zones);
    *zones = kept;
    return result;
}

void dnsbl_zones_clear(struct dnsbl_zones *zones)
{
    for (size_t i = 0; i < zones->zones.len; i++)
        clear_zone(&zones->zones.at[i]);
    vec_clear(&zones->zones);
}
