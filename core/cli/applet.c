/* applet - from the name and the words of a call to the run of one applet.
 *
 * The name is the base name of argv[0]; a name that is unknown may be a link that somebody
 * made, so links are followed until a known name turns up. What is left is `spamgear`
 * itself, whose first word names the applet. A run stops with APPLET_TROUBLE before run()
 * when the command line or the config has a problem; all problems are told.
 */
#include "spamgear/cli/applet.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/cli/front.h"
#include "spamgear/cli/manual.h"
#include "spamgear/cli/settings.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char *name_in(const struct applet *applet, const char *name)
{
    if (strcmp(applet->name, name) == 0)
        return applet->name;
    for (size_t i = 0; applet->aliases != NULL && applet->aliases[i] != NULL; i++)
        if (strcmp(applet->aliases[i], name) == 0)
            return applet->aliases[i];
    return NULL;
}

const struct applet *applet_find(const struct applet_list *list, const char *name, const char **as)
{
    for (size_t i = 0; i < list->len; i++) {
        const char *found = name_in(list->at[i], name);
        if (found == NULL)
            continue;
        if (as != NULL)
            *as = found;
        return list->at[i];
    }
    return NULL;
}

/* ---- one run ---- */

/* Says every problem; true when there was one. */
static bool tell(const struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    return problems->len > 0;
}

static void read_config(struct settings *settings, struct config *config, const char *path,
                        const struct applet_list *list, struct texts *problems)
{
    if (settings->applet->flags & APPLET_NO_CONFIG)
        return;
    config_load(config, path);
    settings_check_names(config, list, &config->problems);
    settings_apply(settings, config, list, &config->problems);
    settings_sort(&config->problems);
    for (size_t i = 0; i < config->problems.len; i++)
        texts_add(problems, config->problems.at[i]);
}

static void refuse_operands(const struct applet *applet, const struct option_words *words,
                            struct texts *problems)
{
    for (int i = 0; applet->operands == NULL && i < words->operand_count; i++)
        texts_format(problems, "\"%s\": takes no operands", words->operands[i]);
}

/* --now must hold before other times ("yesterday") are read. */
static void pin_clock(struct settings *settings, const struct option_words *words)
{
    const char *now = option_last(words, "now");
    struct option_slot *slot = now == NULL ? NULL : option_find(&settings->set, SPAN("now"));
    if (slot != NULL && option_store(slot, now, OPTION_LEVEL_COMMAND, NULL) == 0)
        clock_pin(settings->common.now);
}

static bool asked(const struct option_words *words, const char *flag)
{
    const char *value = option_last(words, flag);
    return value != NULL && strcmp(value, "yes") == 0;
}

static int print(struct strbuf *text)
{
    fwrite(strbuf_text(text), 1, text->len, stdout);
    strbuf_clear(text);
    return 0;
}

static int show_help(const struct applet *applet, const char *called)
{
    struct strbuf text = {0};
    manual_help(&text, applet, called);
    return print(&text);
}

static int show_version(void)
{
    struct strbuf text = {0};
    front_version(&text);
    return print(&text);
}

static void (*look_after)(const struct run *run);

void applet_look_after(void (*chores)(const struct run *run))
{
    look_after = chores;
}

static int run_with(struct settings *settings, struct run *run, const struct option_words *words,
                    struct texts *problems)
{
    struct config config = {0};
    int status = APPLET_TROUBLE;
    pin_clock(settings, words);
    read_config(settings, &config, option_last(words, "config"), run->all, problems);
    option_store_words(words, problems);
    refuse_operands(settings->applet, words, problems);
    diag_verbose(settings->common.verbose);
    if (!tell(problems)) {
        run->argc = words->operand_count;
        run->argv = words->operands;
        run->words = words;
        run->config = &config;
        run->config_path = config_named(settings->common.config);
        status = settings->applet->run(settings->own, run);
        if (look_after != NULL && !(settings->applet->flags & APPLET_NO_CHORES) &&
            !asked(words, "dry-run"))
            look_after(run);
    } else if (settings->applet->refusal != NULL) {
        puts(settings->applet->refusal);
        status = settings->applet->refusal_status;
    }
    config_clear(&config);
    return status;
}

/* Words that are none of our options, but for a single --help or --version. */
static void read_raw(int argc, char **argv, struct option_words *words)
{
    *words = (struct option_words){.operands = mem_zero((size_t)argc + 1, sizeof *argv),
                                   .operand_count = argc};
    memcpy(words->operands, argv, (size_t)argc * sizeof *argv);
}

static bool is_raw(const struct applet *applet, int argc, char **argv)
{
    return (applet->flags & APPLET_RAW) &&
           !(argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0));
}

int applet_call(const struct applet_list *list, const struct applet *applet, const char *called,
                int argc, char **argv)
{
    struct settings settings;
    struct option_words words;
    struct texts problems = {0};
    struct run run = {.applet = applet, .called = called, .all = list};
    int status;
    diag_name(called);
    settings_init(&settings, applet, &problems);
    if (is_raw(applet, argc, argv))
        read_raw(argc > 0 ? argc - 1 : 0, argv + 1, &words);
    else
        option_read(&settings.set, argc > 0 ? argc - 1 : 0, argv + 1, &words, &problems);
    if (asked(&words, "help"))
        status = show_help(applet, called);
    else if (asked(&words, "version"))
        status = show_version();
    else
        status = run_with(&settings, &run, &words, &problems);
    bool told = diag_flush_stdout();
    if (diag_trouble() && status < APPLET_TROUBLE && applet->refusal == NULL)
        status = APPLET_TROUBLE;
    if (!told && status == 0 && applet->refusal != NULL) /* nobody has read that all is well */
        status = applet->refusal_status;
    option_words_clear(&words);
    settings_clear(&settings);
    texts_clear(&problems);
    return status;
}

/* ---- whose run ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Replaces path by what the link at path points to. False when it is no link. */
static bool follow(char path[PATH_MAX])
{
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len <= 0 || len == sizeof target - 1)
        return false;
    target[len] = '\0';
    size_t folder = target[0] == '/' ? 0 : (size_t)(base_name(path) - path);
    if (folder + (size_t)len >= PATH_MAX)
        return false;
    memcpy(path + folder, target, (size_t)len + 1);
    return true;
}

#define LINKS_MAX 16 /* of a chain of links */

/* The applet that a program name means; NULL when it is `spamgear` or anything else. */
static const struct applet *find_by_program(const struct applet_list *list, const char *program,
                                            const char **as)
{
    char path[PATH_MAX];
    const struct applet *applet = applet_find(list, base_name(program), as);
    const char *file = strchr(program, '/') != NULL ? program : (const char *)getauxval(AT_EXECFN);
    if (applet != NULL || file == NULL || strlen(file) >= sizeof path)
        return applet;
    memcpy(path, file, strlen(file) + 1);
    for (int i = 0; i < LINKS_MAX && applet == NULL && follow(path); i++)
        applet = applet_find(list, base_name(path), as);
    return applet;
}

/* A program that is started without one of the first three descriptors would write its
 * messages into the first file that it opens. What is written to a missing one fails. */
static void fill_standard_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(APPLET_TROUBLE);
}

int applet_main(const struct applet *const *applets, size_t count, int argc, char **argv)
{
    const struct applet_list list = {applets, count};
    const char *as = NULL;
    fill_standard_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* a write that is too long fails like any other */
    signal(SIGCHLD, SIG_DFL); /* ignored, as some daemons leave it, no child could be awaited */
    const char *program = argc > 0 ? argv[0] : "spamgear";
    const struct applet *applet = find_by_program(&list, program, &as);
    if (applet != NULL)
        return applet_call(&list, applet, as, argc, argv);
    return front_main(&list, argc, argv);
}
