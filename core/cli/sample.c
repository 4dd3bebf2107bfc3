/* sample - spamgear.conf with every key, all commented out, from the declarations. */
#include "spamgear/cli/manual.h"

static const char head[] =
    "# spamgear.conf: the settings of spamgear. Every key is shown with its default; what is\n"
    "# written behind a key without a default says what belongs there. `spamgear check-config`\n"
    "# tells every mistake.\n"
    "#\n"
    "# [spamgear] is for all applets, the section of an applet for that one; the command line is\n"
    "# stronger than both. A value that begins with a blank, or holds # or ; behind one, stands "
    "in\n"
    "# quotes. A line that begins with a blank continues the value above. `include = FILE` reads\n"
    "# another file.\n"
    "\n[spamgear]\n"
    "# What follows here is shared; each key may also stand in the section of one applet.\n";

/* Sections that are not made of options. */
static const char tail[] =
    "\n[limits]\n"
    "# Who may send how much: an address, a user name, a pattern, @domain or uid:NUMBER, a count\n"
    "# and, where it ends one day, that day. [limits exim-spam-check] is for one applet.\n"
    "#newsletter@example.com = 5000\n"
    "#*@lists.example.com = 2000 until 2030-12-31\n"
    "#@example.org = 300\n"
    "\n[allow]\n"
    "# Addresses and networks that are left out of the counts of networks and unknown clients.\n"
    "#addresses = 192.0.2.0/24 2001:db8::/32\n"
    "\n# A log format of your own; try it with `spamgear log-format test NAME FILE`.\n"
    "#[format NAME]\n"
    "#summary = logs of our relay\n"
    "#tag = relayd\n"
    "#literal = 'auth='\n"
    "#pattern = '^accepted from (?<client>\\S+) auth=(?<user>\\S+) nrcpt=(?<rcpts>\\d+)'\n"
    "#kind = sasl\n";

#define COMMENT_WIDTH 95

/* The words of a help, in lines of comment; a line end in it is kept. */
static void add_words(struct strbuf *out, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        bool begin = column == 0 || column + 1 + len > COMMENT_WIDTH;
        strbuf_add_text(out, begin && column > 0 ? "\n" : "");
        strbuf_add_text(out, begin ? "# " : " ");
        strbuf_add(out, text, len);
        column = begin ? 2 + len : column + 1 + len;
        text += len;
        bool line_end = *text == '\n';
        text += strspn(text, " \n");
        if (line_end && *text != '\0') {
            strbuf_add_char(out, '\n');
            column = 0;
        }
    }
    strbuf_add_char(out, '\n');
}

static void add_comment(struct strbuf *out, const struct option *row)
{
    add_words(out, row->help);
    if (row->kind == OPTION_KIND_CHOICE) {
        strbuf_add_text(out, "# One of ");
        option_choices(out, row->choices);
        strbuf_add_text(out, ".\n");
    }
}

static void add_key(struct strbuf *out, const struct option *row)
{
    const char *value = row->standard != NULL           ? row->standard
                        : row->kind == OPTION_KIND_FLAG ? "no"
                        : row->metavar != NULL          ? row->metavar
                                                        : "";
    const char *quote = strpbrk(value, "#;\"") != NULL ? "'" : "";
    add_comment(out, row);
    strbuf_format(out, "#%s = %s%s%s\n", row->name, quote, value, quote);
}

static bool is_shown(const struct option *row)
{
    return settings_is_key(row) && !(row->flags & OPTION_HIDDEN);
}

/* How many of the first len applets have this very table among their options. Words of
 * spamgear do not count: their options ask about checkers, and have other defaults. */
static size_t count_owners(const struct applet_list *list, size_t len, const struct option *table)
{
    size_t owners = 0;
    for (size_t i = 0; i < len; i++) {
        if (list->at[i]->flags & APPLET_TOOL)
            continue;
        const struct option *const *own = list->at[i]->options;
        for (; own != NULL && *own != NULL; own++)
            owners += *own == table;
    }
    return owners;
}

static bool is_shared(const struct applet_list *list, const struct option *table)
{
    return count_owners(list, list->len, table) > 1;
}

static bool has_row(const struct option *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (is_shown(table) && strcmp(table->name, name) == 0)
            return true;
    return false;
}

/* Of keys that several shared tables have, with other defaults, [spamgear] shows the first. */
static bool is_first(const struct applet_list *list, const struct option *table, const char *name)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct option *const *own = list->at[i]->options;
        for (; own != NULL && *own != NULL; own++)
            if (is_shared(list, *own) && has_row(*own, name))
                return *own == table;
    }
    return false;
}

/* The rows of a table that belong into [spamgear], or those that do not. */
static void add_table(struct strbuf *out, const struct applet_list *list,
                      const struct option *table, bool shared)
{
    for (const struct option *row = table; row->name != NULL; row++) {
        bool row_shared = is_shared(list, table) && is_first(list, table, row->name);
        if (is_shown(row) && row_shared == shared)
            add_key(out, row);
    }
}

static void add_shared(struct strbuf *out, const struct applet_list *list)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct option *const *table = list->at[i]->options;
        for (; table != NULL && *table != NULL; table++)
            if (count_owners(list, i, *table) == 0) /* each table once */
                add_table(out, list, *table, true);
    }
}

static void add_own(struct strbuf *out, const struct applet_list *list, const struct applet *applet)
{
    struct strbuf keys = {0};
    const struct option *const *table = applet->options;
    for (; table != NULL && *table != NULL; table++)
        add_table(&keys, list, *table, false);
    if (keys.len > 0)
        strbuf_format(out, "\n[%s]\n%s", applet->name, keys.data);
    strbuf_clear(&keys);
}

static void add_common(struct strbuf *out)
{
    for (const struct option *const *table = settings_common_tables(); *table != NULL; table++)
        for (const struct option *row = *table; row->name != NULL; row++)
            if (is_shown(row))
                add_key(out, row);
}

/* Of the first len applets, does any read the section? */
static bool has_section(const struct applet_list *list, size_t len, const struct section *section)
{
    for (size_t i = 0; i < len; i++)
        for (const struct section *const *s = list->at[i]->sections; s != NULL && *s != NULL; s++)
            if (*s == section)
                return true;
    return false;
}

static void add_sections(struct strbuf *out, const struct applet_list *list, size_t number)
{
    const struct section *const *s = list->at[number]->sections;
    for (; s != NULL && *s != NULL; s++) {
        if (has_section(list, number, *s))
            continue;
        strbuf_format(out, "\n[%s]\n", (*s)->name);
        add_words(out, (*s)->summary);
        for (const struct option *const *table = (*s)->options; *table != NULL; table++)
            add_table(out, list, *table, false);
    }
}

void manual_sample_config(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_text(out, head);
    add_common(out);
    add_shared(out, list);
    for (size_t i = 0; i < list->len; i++)
        if (!(list->at[i]->flags & APPLET_NO_CONFIG))
            add_own(out, list, list->at[i]);
    for (size_t i = 0; i < list->len; i++)
        add_sections(out, list, i);
    strbuf_add_text(out, tail);
}
