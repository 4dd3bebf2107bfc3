/* completion - one case an applet: its options, and what may follow each of them.
 *
 * What follows is read off the row: the words of a CHOICE; files when the metavar names a
 * FILE or GLOB, folders when it names a DIR, applets when it names an APPLET.
 */
#include "spamgear/cli/completion.h"

#include "spamgear/cli/front.h"
#include "spamgear/cli/manual.h"

enum value { VALUE_NONE, VALUE_FREE, VALUE_FILES, VALUE_FOLDERS, VALUE_APPLETS, VALUE_CHOICES };

static enum value value_of(const struct option *row)
{
    static const struct {
        const char *word;
        enum value value;
    } words[] = {{"FILE", VALUE_FILES},
                 {"GLOB", VALUE_FILES},
                 {"DIR", VALUE_FOLDERS},
                 {"APPLET", VALUE_APPLETS}};
    if (row->kind == OPTION_KIND_FLAG)
        return VALUE_NONE;
    if (row->kind == OPTION_KIND_CHOICE)
        return VALUE_CHOICES;
    for (size_t i = 0; row->metavar != NULL && i < sizeof words / sizeof *words; i++)
        if (strstr(row->metavar, words[i].word) != NULL)
            return words[i].value;
    return VALUE_FREE;
}

/* Calls add for each row that is shown, applet after applet the same way for both shells. */
static void each_row(struct strbuf *out, const struct applet *applet,
                     void (*add)(struct strbuf *out, const struct option_set *set,
                                 const struct option *row))
{
    struct settings settings;
    struct texts ignored = {0};
    settings_init(&settings, applet, &ignored);
    for (size_t i = 0; i < settings.set.slots.len; i++)
        if (!(settings.set.slots.at[i].row->flags & OPTION_HIDDEN))
            add(out, &settings.set, settings.set.slots.at[i].row);
    texts_clear(&ignored);
    settings_clear(&settings);
}

static void add_aliases(struct strbuf *out, const struct applet *applet, const char *between)
{
    for (size_t i = 0; applet->aliases != NULL && applet->aliases[i] != NULL; i++)
        strbuf_format(out, "%s%s", between, applet->aliases[i]);
}

static void add_names(struct strbuf *out, const struct applet *applet, const char *between)
{
    strbuf_add_text(out, applet->name);
    add_aliases(out, applet, between);
}

/* The commands that exist once links are installed. */
static void add_commands(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_text(out, "spamgear");
    for (size_t i = 0; i < list->len; i++) {
        if (!(list->at[i]->flags & APPLET_TOOL))
            strbuf_format(out, " %s", list->at[i]->name);
        add_aliases(out, list->at[i], " ");
    }
}

static void add_applets(struct strbuf *out, const struct applet_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        strbuf_format(out, "%s%s", i > 0 ? " " : "", list->at[i]->name);
}

static void add_words(struct strbuf *out, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        strbuf_format(out, "%s%s", i > 0 ? " " : "", words[i]);
}

/* ---- bash ---- */

static void bash_option(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    if (manual_has_letter(set, row))
        strbuf_format(out, " -%c", row->letter);
    strbuf_format(out, " --%s", row->name);
}

static void bash_value(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    static const char *const kinds[] = {[VALUE_FREE] = "none",
                                        [VALUE_FILES] = "files",
                                        [VALUE_FOLDERS] = "folders",
                                        [VALUE_APPLETS] = "applets",
                                        [VALUE_CHOICES] = "words"};
    enum value value = value_of(row);
    if (value == VALUE_NONE)
        return;
    strbuf_add_text(out, "        ");
    if (manual_has_letter(set, row))
        strbuf_format(out, "-%c | ", row->letter);
    strbuf_format(out, "--%s) kind=%s", row->name, kinds[value]);
    if (value == VALUE_CHOICES) {
        strbuf_add_text(out, " words='");
        add_words(out, row->choices);
        strbuf_add_char(out, '\'');
    }
    strbuf_add_text(out, " ;;\n");
}

static void bash_applet(struct strbuf *out, const struct applet *applet)
{
    strbuf_add_text(out, "    ");
    add_names(out, applet, " | ");
    strbuf_add_text(out, ")\n        options='");
    each_row(out, applet, bash_option);
    strbuf_add_text(out, "'\n        case $prev in\n");
    each_row(out, applet, bash_value);
    strbuf_add_text(out, "        esac\n        ;;\n");
}

/* COMP_WORDBREAKS holds '=': "--opt=va" arrives as three words. */
static const char bash_head[] =
    "# bash completion of spamgear; made by `spamgear --completion bash`.\n"
    "_spamgear()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local applet=${COMP_WORDS[0]##*/} options='' kind='' words=''\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=''\n"
    "    elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    if [[ $applet == spamgear ]] && ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then\n"
    "        applet=${COMP_WORDS[1]}\n"
    "    elif [[ $applet == spamgear && $cur != -* ]] && ((COMP_CWORD == 1)); then\n"
    "        kind=applets\n"
    "    fi\n"
    "    case $applet in\n";

static const char bash_tail[] =
    "    esac\n"
    "    if [[ -z $kind ]]; then\n"
    "        kind=files\n"
    "        if [[ $cur == -* ]]; then\n"
    "            kind=words words=$options\n"
    "        fi\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    case $kind in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
    "    applets) mapfile -t COMPREPLY < <(compgen -W \"$applets\" -- \"$cur\") ;;\n"
    "    folders) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
    "    files) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "    esac\n"
    "    if [[ $kind == files || $kind == folders ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "    fi\n"
    "}\n"
    "complete -F _spamgear";

void completion_bash(struct strbuf *out, const struct applet_list *list)
{
    struct strbuf applets = {0};
    add_applets(&applets, list);
    const char *before_case = strstr(bash_head, "    if [[ $cur == = ]]");
    strbuf_add(out, bash_head, (size_t)(before_case - bash_head));
    strbuf_format(out, "    local applets='%s'\n%s", strbuf_text(&applets), before_case);
    bash_applet(out, &front_applet);
    for (size_t i = 0; i < list->len; i++)
        bash_applet(out, list->at[i]);
    strbuf_format(out, "%s ", bash_tail);
    add_commands(out, list);
    strbuf_add_char(out, '\n');
    strbuf_clear(&applets);
}

/* ---- zsh ---- */

/* Text inside '...' and inside [..] or between colons of _arguments. */
static void add_zsh(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'')
            strbuf_add_text(out, "'\\''");
        else if (strchr("[]:\\", text[i]) != NULL)
            strbuf_format(out, "\\%c", text[i]);
        else
            strbuf_add_char(out, text[i]);
    }
}

/* The first sentence of a help. */
static size_t first_sentence(const char *help)
{
    size_t len = strcspn(help, "\n");
    const char *stop = memmem(help, len, ". ", 2);
    if (stop != NULL)
        len = (size_t)(stop - help);
    return len > 0 && help[len - 1] == '.' ? len - 1 : len;
}

static void zsh_value(struct strbuf *out, const struct option *row)
{
    static const char *const actions[] = {[VALUE_FREE] = " ",
                                          [VALUE_FILES] = "_files",
                                          [VALUE_FOLDERS] = "_files -/",
                                          [VALUE_APPLETS] = "_spamgear_applets"};
    enum value value = value_of(row);
    if (value == VALUE_NONE)
        return;
    strbuf_add_text(out, row->kind == OPTION_KIND_MEMO ? "::" : ":");
    const char *name = row->metavar != NULL ? row->metavar : "value";
    add_zsh(out, name, strlen(name));
    strbuf_add_char(out, ':');
    if (value == VALUE_CHOICES) {
        strbuf_add_char(out, '(');
        add_words(out, row->choices);
        strbuf_add_char(out, ')');
    } else {
        strbuf_add_text(out, actions[value]);
    }
}

static void zsh_option(struct strbuf *out, const struct option_set *set, const struct option *row)
{
    bool letter = manual_has_letter(set, row);
    bool valued = row->kind != OPTION_KIND_FLAG;
    strbuf_add_text(out, " \\\n            ");
    if (row->kind == OPTION_KIND_LIST)
        strbuf_add_text(out, "'*'");
    else if (letter)
        strbuf_format(out, "'(-%c --%s)'", row->letter, row->name);
    if (letter)
        strbuf_format(out, "{-%c%s,--%s%s}", row->letter, valued ? "+" : "", row->name,
                      valued ? "=" : "");
    else
        strbuf_format(out, "--%s%s", row->name, valued ? "=" : "");
    strbuf_add_text(out, "'[");
    add_zsh(out, row->help, first_sentence(row->help));
    strbuf_add_char(out, ']');
    zsh_value(out, row);
    strbuf_add_char(out, '\'');
}

static void zsh_applet(struct strbuf *out, const struct applet *applet)
{
    strbuf_add_text(out, "    (");
    add_names(out, applet, "|");
    strbuf_add_text(out, ")\n        _arguments -s");
    each_row(out, applet, zsh_option);
    if (applet->operands != NULL)
        strbuf_add_text(out, " \\\n            '*:operand:_files'");
    strbuf_add_text(out, "\n        ;;\n");
}

static void zsh_applets(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_text(out, "_spamgear_applets()\n{\n    local -a applets=(");
    for (size_t i = 0; i < list->len; i++) {
        strbuf_format(out, "\n        '%s:", list->at[i]->name);
        add_zsh(out, list->at[i]->summary, strlen(list->at[i]->summary));
        strbuf_add_char(out, '\'');
    }
    strbuf_add_text(out, "\n    )\n    _describe applet applets\n}\n\n");
}

static const char zsh_body[] = "_spamgear()\n"
                               "{\n"
                               "    local applet=$service\n"
                               "    if [[ $applet == spamgear && $words[2] != -* ]]; then\n"
                               "        if (( CURRENT == 2 )); then\n"
                               "            _spamgear_applets\n"
                               "            return\n"
                               "        fi\n"
                               "        applet=$words[2]\n"
                               "        shift words\n"
                               "        (( CURRENT-- ))\n"
                               "    fi\n"
                               "    case $applet in\n";

void completion_zsh(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_text(out, "#compdef ");
    add_commands(out, list);
    strbuf_add_text(out,
                    "\n# zsh completion of spamgear; made by `spamgear --completion zsh`.\n\n");
    zsh_applets(out, list);
    strbuf_add_text(out, zsh_body);
    zsh_applet(out, &front_applet);
    for (size_t i = 0; i < list->len; i++)
        zsh_applet(out, list->at[i]);
    strbuf_add_text(out, "    esac\n}\n\n_spamgear \"$@\"\n");
}
