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
    "# another file.\n";

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
    "#networks = 192.0.2.0/24 2001:db8::/32\n"
    "\n# A log format of your own; try it with `spamgear log-format test NAME FILE`.\n"
    "#[format NAME]\n"
    "#summary = logs of our relay\n"
    "#tag = relayd\n"
    "#literal = 'auth='\n"
    "#pattern = '^accepted from (?<client>\\S+) auth=(?<user>\\S+) nrcpt=(?<rcpts>\\d+)'\n"
    "#kind = sasl\n";

static void add_comment(struct strbuf *out, const struct option *row)
{
    const char *text = row->help;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0) {
            strbuf_add_text(out, "# ");
            strbuf_add(out, text, len);
            strbuf_add_char(out, '\n');
        }
        text += len + (text[len] == '\n');
    }
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

/* The applet's own rows, or those that it shares with all. */
static void add_rows(struct strbuf *out, const struct applet *applet, bool common)
{
    struct settings settings;
    struct texts ignored = {0};
    settings_init(&settings, applet, &ignored);
    const char *from = (const char *)&settings.common;
    for (size_t i = 0; i < settings.set.slots.len; i++) {
        const struct option_slot *slot = &settings.set.slots.at[i];
        const char *field = slot->field;
        bool is_common = field >= from && field < from + sizeof settings.common;
        if (is_common == common && is_shown(slot->row))
            add_key(out, slot->row);
    }
    texts_clear(&ignored);
    settings_clear(&settings);
}

static bool has_keys(const struct applet *applet)
{
    const struct option *const *table = applet->options;
    for (; table != NULL && *table != NULL; table++)
        for (const struct option *row = *table; row->name != NULL; row++)
            if (is_shown(row))
                return true;
    return false;
}

void manual_sample_config(struct strbuf *out, const struct applet_list *list)
{
    static const struct applet none = {.name = "spamgear"};
    strbuf_add_text(out, head);
    strbuf_add_text(
        out, "\n[spamgear]\n# Any key of the sections below, for every applet that has it.\n");
    add_rows(out, &none, true);
    for (size_t i = 0; i < list->len; i++) {
        const struct applet *applet = list->at[i];
        if ((applet->flags & APPLET_NO_CONFIG) || !has_keys(applet))
            continue;
        strbuf_format(out, "\n[%s]\n", applet->name);
        add_rows(out, applet, false);
    }
    strbuf_add_text(out, tail);
}
