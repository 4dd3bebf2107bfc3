/* front - the words and options of `spamgear` itself. */
#include "spamgear/cli/front.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/features.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/completion.h"
#include "spamgear/cli/install.h"
#include "spamgear/cli/manual.h"
#include "spamgear/cli/settings.h"
#include <stdio.h>

#define UNKNOWN_APPLET 127

struct front {
    bool list, json, force, sample, help, version, completion;
    char *folder, *man;
    int shell;
};

enum shell { SHELL_BASH, SHELL_ZSH };
static const char *const shells[] = {"bash", "zsh", NULL};

static const struct option rows[] = {
    OPTION_FLAG(struct front, list, "list", 0, "List every applet with its aliases."),
    OPTION_FLAG(struct front, json, "json", 0, "With --list: as a JSON array."),
    OPTION_TEXT(
        struct front, folder, "install", 0, "DIR", NULL,
        "Make a link in DIR for each applet and each of its old names. Nothing that is there "
        "already is replaced."),
    OPTION_FLAG(struct front, force, "force", 0,
                "With --install: replace files and foreign links of these names."),
    OPTION_TEXT(struct front, man, "man", 0, "APPLET", NULL,
                "Print the manual page of an applet, or of spamgear."),
    OPTION_CHOICE(struct front, shell, "completion", 0, "SHELL", NULL, shells,
                  "Print the completion script of a shell."),
    OPTION_FLAG(struct front, sample, "sample-config", 0,
                "Print a sample of the config file, with every key and its default."),
    OPTION_FLAG(struct front, help, "help", 'h', "Show this help."),
    OPTION_FLAG(struct front, version, "version", 0,
                "Show the version, the libraries found, and what this build leaves out."),
    OPTION_END};

static const struct option *const tables[] = {rows, NULL};

static const struct applet_example examples[] = {
    {"spamgear --list", "What there is."},
    {"spamgear postfix-spam-check -p 1hour", "Run an applet."},
    {"spamgear --install /usr/local/bin", "Make each applet a command of its own."},
    {"spamgear --man postfix-spam-check | man -l -", "Read a manual page."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {{0, "Done."},
                                                {2, "Something was wrong; it is told."},
                                                {127, "There is no such applet."},
                                                {0, NULL}};

const struct applet front_applet = {
    .name = "spamgear",
    .summary = "Find who sends spam from this mail server, and stop it",
    .operands = "APPLET [ARGUMENT...]",
    .description = "One program that holds many commands, its applets. It runs the one that its "
                   "first word names, or the one whose name it was called by, through a link.",
    .options = tables,
    .settings_size = sizeof(struct front),
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_NO_COMMON | APPLET_NO_CONFIG,
};

/* ---- what it prints ---- */

static void print(struct strbuf *text)
{
    fwrite(strbuf_text(text), 1, text->len, stdout);
    strbuf_clear(text);
}

static void add_aliases(struct strbuf *out, const struct applet *applet, bool json)
{
    const char *const *alias = applet->aliases;
    for (size_t i = 0; alias != NULL && alias[i] != NULL; i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        if (json)
            text_json(out, span_text(alias[i]));
        else
            strbuf_add_text(out, alias[i]);
    }
}

/* The columns of a list, as wide as their longest text. */
struct columns {
    int name, aliases;
};

static struct columns measure(const struct applet_list *list)
{
    struct columns columns = {0, 1};
    for (size_t i = 0; i < list->len; i++) {
        struct strbuf aliases = {0};
        add_aliases(&aliases, list->at[i], false);
        int name = (int)strlen(list->at[i]->name), others = (int)aliases.len;
        columns.name = name > columns.name ? name : columns.name;
        columns.aliases = others > columns.aliases ? others : columns.aliases;
        strbuf_clear(&aliases);
    }
    return columns;
}

static void list_text(struct strbuf *out, const struct applet *applet, struct columns columns)
{
    struct strbuf aliases = {0};
    add_aliases(&aliases, applet, false);
    strbuf_format(out, "%-*s  %-*s  %s\n", columns.name, applet->name, columns.aliases,
                  aliases.len > 0 ? aliases.data : "-", applet->summary);
    strbuf_clear(&aliases);
}

static void list_json(struct strbuf *out, const struct applet *applet)
{
    strbuf_add_text(out, "{\"name\":");
    text_json(out, span_text(applet->name));
    strbuf_add_text(out, ",\"aliases\":[");
    add_aliases(out, applet, true);
    strbuf_add_text(out, "],\"summary\":");
    text_json(out, span_text(applet->summary));
    strbuf_format(out, ",\"tool\":%s}", applet->flags & APPLET_TOOL ? "true" : "false");
}

static void print_json(struct strbuf *out, const struct applet_list *list)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list->len; i++) {
        strbuf_add_text(out, i == 0 ? "\n" : ",\n");
        list_json(out, list->at[i]);
    }
    strbuf_add_text(out, "\n]\n");
}

static void print_list(const struct applet_list *list, bool json)
{
    struct strbuf out = {0};
    struct columns columns = measure(list);
    if (json)
        print_json(&out, list);
    else
        for (size_t i = 0; i < list->len; i++)
            list_text(&out, list->at[i], columns);
    print(&out);
}

static void add_feature(struct strbuf *out, const struct feature *feature)
{
    struct strbuf version = {0}, why = {0};
    strbuf_format(out, "  %-13s ", feature->name);
    if (feature->built == NULL)
        strbuf_add_text(out, "left out of this build");
    else if (feature_version(feature, &version, &why) != 0)
        strbuf_format(out, "missing: %s", strbuf_text(&why));
    else if (version.len == 0)
        strbuf_format(out, "found (built with %s)", feature->built);
    else if (span_has_prefix(strbuf_span(&version), span_text(feature->built)))
        strbuf_add_span(out, strbuf_span(&version));
    else
        strbuf_format(out, "%s (built with %s)", strbuf_text(&version), feature->built);
    strbuf_format(out, ": %s\n", feature->purpose);
    strbuf_clear(&version);
    strbuf_clear(&why);
}

void front_version(struct strbuf *out)
{
    size_t len;
    const struct feature *features = feature_all(&len);
    strbuf_add_text(out,
                    "spamgear " SPAMGEAR_VERSION "\nLibraries, loaded when they are needed:\n");
    for (size_t i = 0; i < len; i++)
        add_feature(out, &features[i]);
}

/* ---- what it does ---- */

static int unknown_applet(const struct applet_list *list, const char *name)
{
    struct strbuf near = {0};
    for (size_t i = 0; i < list->len; i++) {
        const struct applet *applet = list->at[i];
        bool is_near = text_is_near(name, applet->name);
        for (size_t j = 0; applet->aliases != NULL && applet->aliases[j] != NULL; j++)
            is_near |= text_is_near(name, applet->aliases[j]);
        if (is_near)
            strbuf_format(&near, "%s%s", near.len > 0 ? ", " : "", applet->name);
    }
    if (near.len > 0)
        diag_error("unknown applet \"%s\"; did you mean %s?", name, strbuf_text(&near));
    else
        diag_error("unknown applet \"%s\"; see spamgear --list", name);
    strbuf_clear(&near);
    return UNKNOWN_APPLET;
}

static const struct applet *find_or_front(const struct applet_list *list, const char *name)
{
    return strcmp(name, front_applet.name) == 0 ? &front_applet : applet_find(list, name, NULL);
}

static int print_manual(const struct applet_list *list, const char *name)
{
    const struct applet *applet = find_or_front(list, name);
    struct strbuf out = {0};
    if (applet == NULL)
        return unknown_applet(list, name);
    manual_page(&out, applet, list);
    print(&out);
    return 0;
}

static int install(const struct applet_list *list, const struct front *front)
{
    struct texts made = {0}, problems = {0};
    install_links(list, front->folder, front->force, &made, &problems);
    for (size_t i = 0; i < made.len; i++)
        printf("%s\n", made.at[i]);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    texts_clear(&made);
    texts_clear(&problems);
    return 0;
}

static int print_help(const struct applet_list *list, const struct option_words *words)
{
    struct strbuf out = {0};
    const char *name = words->operand_count > 0 ? words->operands[0] : front_applet.name;
    const struct applet *applet = find_or_front(list, name);
    if (applet == NULL)
        return unknown_applet(list, name);
    manual_help(&out, applet, name);
    print(&out);
    return 0;
}

static void print_made(const struct applet_list *list,
                       void (*make)(struct strbuf *out, const struct applet_list *list))
{
    struct strbuf out = {0};
    make(&out, list);
    print(&out);
}

static int act(const struct applet_list *list, const struct front *front)
{
    struct strbuf out = {0};
    if (front->list) {
        print_list(list, front->json);
    } else if (front->version) {
        front_version(&out);
        print(&out);
    } else if (front->man != NULL) {
        return print_manual(list, front->man);
    } else if (front->folder != NULL) {
        return install(list, front);
    } else if (front->completion) {
        print_made(list, front->shell == SHELL_BASH ? completion_bash : completion_zsh);
    } else if (front->sample) {
        print_made(list, manual_sample_config);
    } else {
        diag_error("no applet is named; see spamgear --list and spamgear --help");
    }
    return 0;
}

static int act_on_options(const struct applet_list *list, int argc, char **argv)
{
    struct settings settings;
    struct option_words words;
    struct texts problems = {0};
    settings_init(&settings, &front_applet, &problems);
    option_read(&settings.set, argc > 0 ? argc - 1 : 0, argv + 1, &words, &problems);
    option_store_words(&words, &problems);
    struct front *front = settings.own;
    front->completion = option_last(&words, "completion") != NULL;
    if (!front->help && words.operand_count > 0)
        texts_format(&problems, "\"%s\": the applet must be the first word", words.operands[0]);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    int status = APPLET_TROUBLE;
    if (problems.len == 0)
        status = front->help ? print_help(list, &words) : act(list, front);
    option_words_clear(&words);
    settings_clear(&settings);
    texts_clear(&problems);
    return status;
}

int front_main(const struct applet_list *list, int argc, char **argv)
{
    const char *as;
    int status;
    diag_name(front_applet.name);
    if (argc > 1 && argv[1][0] != '-') {
        const struct applet *applet = applet_find(list, argv[1], &as);
        if (applet != NULL)
            return applet_call(list, applet, as, argc - 1, argv + 1);
        return unknown_applet(list, argv[1]);
    }
    status = act_on_options(list, argc, argv);
    diag_flush_stdout();
    return diag_trouble() && status < APPLET_TROUBLE ? APPLET_TROUBLE : status;
}

void front_read_config(const struct run *run, struct config *config)
{
    config_load(config, run->argc > 0 ? run->argv[0] : run->config_path);
    settings_check_names(config, run->all, &config->problems);
    settings_check_values(config, run->all, &config->problems);
}

void front_tell_config(struct config *config)
{
    settings_sort(&config->problems);
    for (size_t i = 0; i < config->problems.len; i++)
        diag_error("%s", config->problems.at[i]);
    if (config->problems.len > 0)
        return;
    for (size_t i = 0; i < config->files.len; i++)
        printf("%s: OK\n", config->files.at[i]);
    if (config->files.len == 0)
        printf("OK: there is no config file\n");
}
