/* manual - the short help and the manual page: two texts of the same rows.
 *
 * The help is for the terminal and leaves out what is rare; the page tells everything, also
 * bounds, defaults, config keys and old spellings. Nothing is written by hand twice, so
 * nothing can drift.
 */
#include "spamgear/cli/manual.h"

#include <ctype.h>

#define WIDTH       79 /* columns of the help */
#define HELP_COLUMN 26 /* where the texts of options begin */

static const struct applet_status plain_statuses[] = {
    {0, "Done."}, {2, "Something was wrong; it is told on standard error."}, {0, NULL}};

bool manual_has_letter(const struct option_set *set, const struct option *row)
{
    struct option_slot *slot = option_find_letter(set, row->letter);
    return slot != NULL && slot->row == row;
}

static bool is_memo(const struct option *row)
{
    return row->kind == OPTION_KIND_MEMO;
}

/* Are its choices to be told, or does the metavar "text|json" tell them already? */
static bool tells_choices(const struct option *row)
{
    return row->kind == OPTION_KIND_CHOICE &&
           (row->metavar == NULL || strchr(row->metavar, '|') == NULL);
}

static bool has_default(const struct option *row)
{
    return row->standard != NULL && row->standard[0] != '\0';
}

/* ---- help ---- */

/* Adds the words of one line of text, wrapped, each new line indented. column is where the
 * output stands. */
static void wrap(struct strbuf *out, const char *text, size_t indent, size_t column)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (column > indent && column + 1 + len > WIDTH) {
            strbuf_format(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            strbuf_add_char(out, ' ');
            column++;
        }
        strbuf_add(out, text, len);
        column += len;
        text += len;
        text += strspn(text, " \n");
    }
    strbuf_add_char(out, '\n');
}

static void add_label(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    if (manual_has_letter(set, row))
        strbuf_format(out, "-%c, ", row->letter);
    else
        strbuf_add_text(out, "    ");
    strbuf_format(out, "--%s", row->name);
    if (row->metavar != NULL)
        strbuf_format(out, is_memo(row) ? " [%s]" : " %s", row->metavar);
}

/* The first line of its help, and the default. */
static void help_text(struct strbuf *out, const struct option *row)
{
    strbuf_add(out, row->help, strcspn(row->help, "\n"));
    if (tells_choices(row)) {
        strbuf_add_text(out, " One of ");
        option_choices(out, row->choices);
        strbuf_add_char(out, '.');
    }
    if (has_default(row))
        strbuf_format(out, " (default: %s)", row->standard);
}

static void help_option(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    struct strbuf label = {0}, text = {0};
    if (row->flags & (OPTION_HIDDEN | OPTION_RARE))
        return;
    add_label(&label, set, row);
    help_text(&text, row);
    strbuf_format(out, "  %s", strbuf_text(&label));
    if (label.len + 4 > HELP_COLUMN)
        strbuf_format(out, "\n%*s", HELP_COLUMN, "");
    else
        strbuf_format(out, "%*s", (int)(HELP_COLUMN - 2 - label.len), "");
    wrap(out, strbuf_text(&text), HELP_COLUMN, HELP_COLUMN);
    strbuf_clear(&label);
    strbuf_clear(&text);
}

static void help_examples(struct strbuf *out, const struct applet_example *example)
{
    if (example == NULL)
        return;
    strbuf_add_text(out, "\nExamples:\n");
    for (; example->command != NULL; example++) {
        strbuf_format(out, "  %s\n      ", example->command);
        wrap(out, example->meaning, 6, 6);
    }
}

void manual_help(struct strbuf *out, const struct applet *applet, const char *called)
{
    struct settings settings;
    struct texts ignored = {0};
    settings_init(&settings, applet, &ignored);
    strbuf_format(out, "Usage: %s%s [OPTION...]%s%s\n",
                  applet->flags & APPLET_TOOL ? "spamgear " : "", called,
                  applet->operands != NULL ? " " : "",
                  applet->operands != NULL ? applet->operands : "");
    wrap(out, applet->summary, 0, 0);
    strbuf_add_text(out, "\nOptions:\n");
    for (size_t i = 0; i < settings.set.slots.len; i++)
        help_option(out, &settings.set, settings.set.slots.at[i].row);
    help_examples(out, applet->examples);
    strbuf_format(out, "\nThe whole manual: spamgear --man %s\n", applet->name);
    texts_clear(&ignored);
    settings_clear(&settings);
}

/* ---- manual page ---- */

/* Adds text so that roff prints it as it is. */
static void add_roff(struct strbuf *out, const char *text)
{
    static const char *const spelled[128] = {
        ['\\'] = "\\e",  ['-'] = "\\-",   ['\''] = "\\(aq", ['`'] = "\\(ga",
        ['^'] = "\\(ha", ['~'] = "\\(ti", ['"'] = "\\(dq"};
    bool line_start = true;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (line_start && c == '.')
            strbuf_add_text(out, "\\&");
        if (c < 128 && spelled[c] != NULL)
            strbuf_add_text(out, spelled[c]);
        else
            strbuf_add_char(out, (char)c);
        line_start = c == '\n';
    }
}

static void add_roff_line(struct strbuf *out, const char *text)
{
    add_roff(out, text);
    strbuf_add_char(out, '\n');
}

static void add_styled(struct strbuf *out, char font, const char *text)
{
    strbuf_format(out, "\\f%c", font);
    add_roff(out, text);
    strbuf_add_text(out, "\\fR");
}

/* Paragraphs are parted by empty lines. */
static void add_paragraphs(struct strbuf *out, const char *text, const char *between)
{
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        char *part = end != NULL ? mem_text_of(text, (size_t)(end - text)) : mem_text(text);
        add_roff_line(out, part);
        free(part);
        text = end != NULL ? end + strspn(end, "\n") : NULL;
        if (text != NULL && *text != '\0')
            strbuf_format(out, "%s\n", between);
    }
}

static void page_label(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    char letter[] = {'-', row->letter, '\0'};
    strbuf_add_text(out, ".TP\n");
    if (manual_has_letter(set, row)) {
        add_styled(out, 'B', letter);
        strbuf_add_text(out, ", ");
    }
    strbuf_add_text(out, "\\fB\\-\\-");
    add_roff(out, row->name);
    strbuf_add_text(out, "\\fR");
    if (row->metavar != NULL) {
        strbuf_add_text(out, is_memo(row) ? " [" : " ");
        add_styled(out, 'I', row->metavar);
        strbuf_add_text(out, is_memo(row) ? "]" : "");
    }
    strbuf_add_char(out, '\n');
}

static void page_aliases(struct strbuf *out, const struct option *row)
{
    const char *name;
    for (size_t n = 1; (name = option_name(row, n)) != NULL; n++)
        strbuf_format(out, "%s--%s", n == 1 ? "Also spelled " : ", ", name);
    if (option_name(row, 1) != NULL)
        strbuf_add_text(out, ".\n");
}

/* What the row knows beyond its help. */
static void page_facts(struct strbuf *out, const struct option *row, bool config)
{
    struct strbuf facts = {0};
    if (row->kind == OPTION_KIND_COUNT && row->high < UINT32_MAX)
        strbuf_format(&facts, "From %llu to %llu.\n", (unsigned long long)row->low,
                      (unsigned long long)row->high);
    if (tells_choices(row)) {
        strbuf_add_text(&facts, "One of ");
        option_choices(&facts, row->choices);
        strbuf_add_text(&facts, ".\n");
    }
    if (row->kind == OPTION_KIND_LIST)
        strbuf_add_text(&facts, "May be given more than once.\n");
    if (has_default(row))
        strbuf_format(&facts, "Default: %s.\n", row->standard);
    if (config && settings_is_key(row))
        strbuf_format(&facts, "Config key: %s.\n", row->name);
    page_aliases(&facts, row);
    add_roff(out, strbuf_text(&facts));
    strbuf_clear(&facts);
}

static void page_options(struct strbuf *out, const struct applet *applet)
{
    struct settings settings;
    struct texts ignored = {0};
    bool config = !(applet->flags & APPLET_NO_CONFIG);
    settings_init(&settings, applet, &ignored);
    strbuf_add_text(out, ".SH OPTIONS\n");
    for (size_t i = 0; i < settings.set.slots.len; i++) {
        const struct option *row = settings.set.slots.at[i].row;
        if (row->flags & OPTION_HIDDEN)
            continue;
        page_label(out, &settings.set, row);
        add_paragraphs(out, row->help, ".sp");
        page_facts(out, row, config);
    }
    texts_clear(&ignored);
    settings_clear(&settings);
}

static void page_head(struct strbuf *out, const struct applet *applet)
{
    strbuf_add_text(out,
                    ".\\\" Made by spamgear --man from the declaration of the applet; edit that.\n"
                    ".TH ");
    bool is_tool = applet->flags & APPLET_TOOL;
    strbuf_add_text(out, is_tool ? "SPAMGEAR-" : "");
    for (const char *c = applet->name; *c != '\0'; c++)
        strbuf_add_char(out, (char)toupper((unsigned char)*c));
    strbuf_add_text(out, " 1 " SPAMGEAR_DATE " \"spamgear " SPAMGEAR_VERSION
                         "\" \"spamgear\"\n.SH NAME\n");
    add_roff(out, is_tool ? "spamgear-" : "");
    add_roff(out, applet->name);
    strbuf_add_text(out, " \\- ");
    add_roff_line(out, applet->summary);
    strbuf_add_text(out, ".SH SYNOPSIS\n");
    if (applet->flags & APPLET_TOOL)
        strbuf_add_text(out, "\\fBspamgear\\fR ");
    add_styled(out, 'B', applet->name);
    strbuf_add_text(out, " [\\fIoption\\fR...]");
    if (applet->operands != NULL) {
        strbuf_add_char(out, ' ');
        add_styled(out, 'I', applet->operands);
    }
    strbuf_add_text(out, "\n.SH DESCRIPTION\n");
    add_paragraphs(out, applet->description != NULL ? applet->description : applet->summary, ".PP");
}

static void page_applets(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_text(out, ".SH APPLETS\nEach has a manual page of its own.\n");
    for (size_t i = 0; i < list->len; i++) {
        strbuf_add_text(out, ".TP\n");
        add_styled(out, 'B', list->at[i]->name);
        strbuf_add_char(out, '\n');
        add_roff_line(out, list->at[i]->summary);
    }
}

/* How the config is written; on the page of `spamgear` itself. */
static const char config_text[] =
    ".SH CONFIG\n"
    "Lines are \\fIkey\\fR = \\fIvalue\\fR, in sections that begin with \\fB[\\fIname\\fB]\\fR.\n"
    "Keys are the long names of options; \\fB\\-\\-sample\\-config\\fR shows all.\n"
    ".TP\n\\fB[spamgear]\\fR\nholds for every applet that has the option.\n"
    ".TP\n\\fB[\\fIapplet\\fB]\\fR\nholds for one applet, and is stronger. An old name will do.\n"
    ".TP\n\\fB[limits]\\fR, \\fB[limits \\fIapplet\\fB]\\fR\n"
    "\\fIsender\\fR = \\fIcount\\fR [\\fBuntil\\fR \\fIYYYY\\-MM\\-DD\\fR]: who may send how "
    "much.\n"
    "A sender is a name, a pattern, \\fB@\\fIdomain\\fR or \\fBuid:\\fInumber\\fR.\n"
    ".TP\n\\fB[allow]\\fR, \\fB[allow \\fIapplet\\fB]\\fR\n"
    "\\fBaddresses\\fR = networks that count neither as networks nor as unknown clients.\n"
    ".TP\n\\fB[format \\fIname\\fB]\\fR\na log format of your own.\n"
    ".PP\n"
    "A key that is given again replaces; of a list, it adds. A list on the command line replaces\n"
    "that of the config. The command line is stronger than any section.\n"
    ".PP\n"
    "# and ; begin a comment, at the start of a line or behind a blank. A value may stand in "
    "\\(aqsingle\n"
    "quotes\\(aq, or in \\(dqdouble quotes\\(dq with \\e\\(dq \\e\\e \\en \\et; so may each word "
    "of a list. A line\n"
    "that begins with a blank continues the value above. \\fBinclude\\fR = \\fIfile\\fR reads "
    "other\n"
    "files, beside the one that names them; * and ? stand for many.\n"
    ".PP\n"
    "Every mistake is told with file and line, and nothing is done then. When root runs an "
    "applet,\n"
    "its config must belong to root, and nobody else may be able to write it.\n";

static void page_statuses(struct strbuf *out, const struct applet_status *status)
{
    strbuf_add_text(out, ".SH EXIT STATUS\n");
    for (status = status != NULL ? status : plain_statuses; status->meaning != NULL; status++) {
        strbuf_format(out, ".TP\n%d\n", status->status);
        add_roff_line(out, status->meaning);
    }
}

static void page_files(struct strbuf *out, const struct applet *applet)
{
    strbuf_add_text(out, ".SH FILES\n");
    if (applet->files != NULL) {
        add_paragraphs(out, applet->files, ".PP");
        strbuf_add_text(out, ".PP\n");
    }
    strbuf_add_text(out,
                    "\\fI" SPAMGEAR_CONFIG_DIR "/spamgear.conf\\fR and \\fI" SPAMGEAR_CONFIG_DIR
                    "/conf.d/*.conf\\fR:\nthe config.\n");
    if (!(applet->flags & APPLET_NO_CONFIG)) {
        strbuf_add_text(out, "Its keys are the long names of options, in the section \\fB[");
        add_roff(out, applet->name);
        strbuf_add_text(out,
                        "]\\fR,\nor in \\fB[spamgear]\\fR for all applets. The command line is "
                        "stronger than both.\n");
    }
    strbuf_add_text(out, ".SH ENVIRONMENT\n.TP\n\\fBSPAMGEAR_CONFIG\\fR\n"
                         "The config file to read instead.\n");
}

static void page_section_row(struct strbuf *out, const struct option *row)
{
    if (row->flags & OPTION_HIDDEN)
        return;
    strbuf_add_text(out, ".TP\n");
    add_styled(out, 'B', row->name);
    if (row->metavar != NULL) {
        strbuf_add_text(out, " = ");
        add_styled(out, 'I', row->metavar);
    }
    strbuf_add_char(out, '\n');
    add_paragraphs(out, row->help, ".sp");
    page_facts(out, row, false);
}

/* Keys of the sections that this applet shares with others. */
static void page_sections(struct strbuf *out, const struct applet *applet)
{
    for (const struct section *const *s = applet->sections; s != NULL && *s != NULL; s++) {
        strbuf_add_text(out, ".SH SECTION [");
        add_roff(out, (*s)->name);
        strbuf_add_text(out, "] OF THE CONFIG\n");
        add_roff_line(out, (*s)->summary);
        for (const struct option *const *table = (*s)->options; *table != NULL; table++)
            for (const struct option *row = *table; row->name != NULL; row++)
                page_section_row(out, row);
    }
}

static void page_examples(struct strbuf *out, const struct applet_example *example)
{
    if (example == NULL)
        return;
    strbuf_add_text(out, ".SH EXAMPLES\n");
    for (; example->command != NULL; example++) {
        strbuf_add_text(out, ".TP\n");
        add_styled(out, 'B', example->command);
        strbuf_add_char(out, '\n');
        add_roff_line(out, example->meaning);
    }
}

static void page_names(struct strbuf *out, const char *const *aliases)
{
    if (aliases == NULL || *aliases == NULL)
        return;
    strbuf_add_text(out, ".SH ALIASES\nThe same command under other names: ");
    for (size_t i = 0; aliases[i] != NULL; i++) {
        strbuf_add_text(out, i > 0 ? ", " : "");
        add_styled(out, 'B', aliases[i]);
    }
    strbuf_add_text(out, ".\n");
}

void manual_page(struct strbuf *out, const struct applet *applet, const struct applet_list *list)
{
    bool is_front = applet->flags & APPLET_NO_COMMON;
    page_head(out, applet);
    if (is_front)
        page_applets(out, list);
    page_options(out, applet);
    if (is_front)
        strbuf_add_text(out, config_text);
    page_statuses(out, applet->statuses);
    page_files(out, applet);
    page_sections(out, applet);
    page_examples(out, applet->examples);
    page_names(out, applet->aliases);
    if (!is_front)
        strbuf_add_text(out, ".SH SEE ALSO\n\\fBspamgear\\fR(1)\n");
}
