/* config_test - texts and files in, entries and problems out, as one text each:
 * "section|key|value|word|word@line" and "! problem", one a line.
 */
#include "spamgear/cli/config.h"

#include "test.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void dump(struct strbuf *out, const struct config *config)
{
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *e = &config->entries.at[i];
        strbuf_format(out, "%s|%s|%s", e->section, e->key, e->value);
        for (size_t j = 0; j < e->words.len; j++)
            strbuf_format(out, "|%s", e->words.at[j]);
        strbuf_format(out, "@%u\n", e->line);
    }
    for (size_t i = 0; i < config->problems.len; i++)
        strbuf_format(out, "! %s\n", config->problems.at[i]);
}

static const struct text_case {
    const char *name, *text, *want;
} ini_cases[] = {
    {"empty", "", ""},
    {"plain", "[a]\nk = v\n", "a|k|v|v@2\n"},
    {"no blanks, no final newline", "[a]\nk=v", "a|k|v|v@2\n"},
    {"CRLF", "[a]\r\nk = v\r\n", "a|k|v|v@2\n"},
    {"byte order mark", "\xef\xbb\xbf[a]\nk=v\n", "a|k|v|v@2\n"},
    {"blanks in a value", "[a]\nperiod = 1 hour  30 min \n",
     "a|period|1 hour  30 min|1|hour|30|min@2\n"},
    {"empty value", "[a]\nk =\nl = \n", "a|k|@2\na|l|@3\n"},
    {"= in a value", "[a]\nk = a=b\n", "a|k|a=b|a=b@2\n"},
    {"comments", "# x\n; y\n[a] # z\n  # indented\nk = v # c\nl = v ; c\nm = v#c\nn = # c\n",
     "a|k|v|v@5\na|l|v|v@6\na|m|v#c|v#c@7\na|n|@8\n"},
    {"section names", "[ format   my relay\t]\nk=1\n[b];\nk=2\n",
     "format my relay|k|1|1@2\nb|k|2|2@4\n"},
    {"double quotes", "[a]\nk = \" x \\\" \\\\ \\t# \" # c\n",
     "a|k| x \" \\ \t# | x \" \\ \t# @2\n"},
    {"newline in quotes", "[a]\nk = \"x\\ny\"\n", "a|k|x\ny|x\ny@2\n"},
    {"single quotes", "[a]\nk = ' \\d+ \"# '\n", "a|k| \\d+ \"# | \\d+ \"# @2\n"},
    {"empty quotes", "[a]\nk = \"\"\nl = ''\n", "a|k||@2\na|l||@3\n"},
    {"quoted words of a list", "[a]\nk = \"/a b\" '/c d' e\n", "a|k|/a b /c d e|/a b|/c d|e@2\n"},
    {"a pattern may hold quotes", "[a]\nk = ^\"x\" \"y z\" it's$\n",
     "a|k|^\"x\" \"y z\" it's$|^\"x\"|y z|it's$@2\n"},
    {"odd quotes behind the first word", "[a]\nk = a \"b c\n", "a|k|a \"b c|a|\"b|c@2\n"},
    {"continued", "[a]\nk = x\n  y # c\n\t\"z z\"\nl = 1\n",
     "a|k|x\ny\nz z|x|y|z z@2\na|l|1|1@5\n"},
    {"continued, begun empty", "[a]\nk =\n x\n\n y\n", "a|k|x\ny|x|y@2\n"},
    {"same key again", "[a]\nk=1\nk=2\n", "a|k|1|1@2\na|k|2|2@3\n"},

    {"before a section", "k = v\n[a]\n", "! f:1: k: stands before the first [section]\n"},
    {"no =", "[a]\nnonsense\nk=1\n",
     "a|k|1|1@3\n! f:2: \"nonsense\" is neither a [section] nor key = value\n"},
    {"no key", "[a]\n= x\n", "! f:2: no key before =\n"},
    {"open section", "[a\nk=1\n",
     "! f:1: [ without ]\n! f:2: k: stands before the first [section]\n"},
    {"unnamed section", "[ ]\n", "! f:1: a section without a name\n"},
    {"junk behind a section", "[a] b\n", "! f:1: something follows [a]\n"},
    {"nothing to continue", "[a]\n  k = v\n",
     "! f:2: begins with a blank, but there is no value above to continue\n"},
    {"a bad line's continuation is not told again", "[a]\nbad\n  more\n",
     "! f:2: \"bad\" is neither a [section] nor key = value\n"},
    {"open quote", "[a]\nk = \"x\n", "! f:2: k: a quote is not closed\n"},
    {"junk behind a quote", "[a]\nk = \"x\"y\n", "! f:2: k: something follows the closing quote\n"},
    {"unknown escape", "[a]\nk = \"\\d\"\n",
     "! f:2: k: only \\\" \\\\ \\n \\t may follow a backslash in double quotes\n"},
    {"backslash at the end", "[a]\nk = \"x\\\n",
     "! f:2: k: only \\\" \\\\ \\n \\t may follow a backslash in double quotes\n"},
    {"open quote in a continuation", "[a]\nk = x\n 'y\n",
     "a|k|x\n|x@2\n! f:3: k: a quote is not closed\n"},
    {"no include in a text", "[a]\ninclude = x\n", "! f:2: include is not possible here\n"},
};

static const struct text_case shell_cases[] = {
    {"plain", "A=1\nexport B=two\n", "s|A|1|1@1\ns|B|two|two@2\n"},
    {"quotes", "A='x y'\nB=\"x \\\"y\\\" \\z\"\nC=a'b c'\"d\"\n",
     "s|A|x y|x y@1\ns|B|x \"y\" \\z|x \"y\" \\z@2\ns|C|ab cd|ab cd@3\n"},
    {"comments, ; and indents", "# c\n  A=1 # c\nB=2;C=3 ; # d\nD=x#y\n",
     "s|A|1|1@2\ns|B|2|2@3\ns|C|3|3@3\ns|D|x#y|x#y@4\n"},
    {"empty", "A=\nB=''\n", "s|A||@1\ns|B||@2\n"},
    {"CRLF", "A=1\r\nB=2\r\n", "s|A|1|1@1\ns|B|2|2@2\n"},
    {"over lines", "A='x\ny'\nB=\"x\\\ny\"\nC=a\\\nb\nD=1\n",
     "s|A|x\ny|x\ny@1\ns|B|xy|xy@3\ns|C|ab|ab@5\ns|D|1|1@7\n"},
    {"escaped", "A=a\\ b\\$c\nB=\"\\$x \\`y\\`\"\n", "s|A|a b$c|a b$c@1\ns|B|$x `y`|$x `y`@2\n"},
    {"dollar in single quotes is itself", "A='$(x)'\n", "s|A|$(x)|$(x)@1\n"},
    {"variable", "A=$HOME/x\nB=1\n",
     "s|B|1|1@2\n! f:1: A: $ is not expanded here; write the value itself, or '$' in single "
     "quotes\n"},
    {"command", "A=\"$(touch /x)\"\nB=`touch /y`\n",
     "! f:1: A: $ is not expanded here; write the value itself, or '$' in single quotes\n"
     "! f:2: B: commands in backticks are not run; write the value itself\n"},
    {"more than a setting", "A=1 cmd\nB=(1 2)\nC=1|x\nrm -rf x\n. ./other\n[ -f x ] && A=2\n",
     "! f:1: A: something follows the value; put a value with blanks in quotes\n"
     "! f:2: B: is more than a plain setting; put the value in quotes\n"
     "! f:3: C: is more than a plain setting; put the value in quotes\n"
     "! f:4: rm: is not a setting NAME=value\n"
     "! f:5: is not a setting NAME=value\n"
     "! f:6: is not a setting NAME=value\n"},
    {"blank around =", "A = 1\n", "! f:1: A: is not a setting NAME=value\n"},
    {"name with a digit first", "1A=1\n", "! f:1: is not a setting NAME=value\n"},
    {"open quote", "A='x\nB=1\n", "! f:1: A: a quote is not closed\n"},
    {"open double quote", "A=1\nB=\"x\\", "s|A|1|1@1\n! f:2: B: a quote is not closed\n"},
    {"export alone", "export\nexport A\n",
     "! f:1: export: is not a setting NAME=value\n! f:2: A: is not a setting NAME=value\n"},
};

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof ini_cases / sizeof *ini_cases; i++) {
        struct config config = {0};
        struct strbuf got = {0};
        config_read_text(&config, "f", span_text(ini_cases[i].text));
        dump(&got, &config);
        test_text(ini_cases[i].name, strbuf_text(&got), ini_cases[i].want);
        strbuf_clear(&got);
        config_clear(&config);
    }
    for (size_t i = 0; i < sizeof shell_cases / sizeof *shell_cases; i++) {
        struct config config = {0};
        struct strbuf got = {0};
        config_read_shell_text(&config, "f", span_text(shell_cases[i].text), "s");
        dump(&got, &config);
        test_text(shell_cases[i].name, strbuf_text(&got), shell_cases[i].want);
        strbuf_clear(&got);
        config_clear(&config);
    }
}

static void test_nul_bytes(void)
{
    struct config config = {0};
    struct strbuf got = {0};
    config_read_text(&config, "f", (struct span){"[a]\nk=x\0y\nl=1\n", 14});
    config_read_shell_text(&config, "g", (struct span){"A=x\0y\nB='\0'\nC=\"\0\"\n", 18}, "s");
    dump(&got, &config);
    test_text("NUL", strbuf_text(&got),
              "a|l|1|1@3\n! f:2: holds a NUL byte\n! g:1: A: holds a NUL byte\n"
              "! g:2: B: holds a NUL byte\n! g:3: C: holds a NUL byte\n");
    strbuf_clear(&got);
    config_clear(&config);
}

static void test_find(void)
{
    struct config config = {0};
    config_read_text(&config, "f", SPAN("[a]\nk=1\n[b]\nk=2\n[a]\nk=3\n"));
    test_text("the last one of its section", config_find(&config, "a", "k")->value, "3");
    test_text("another section", config_find(&config, "b", "k")->value, "2");
    test_true("no such key", config_find(&config, "b", "x") == NULL);
    config_clear(&config);
}

/* ---- files, in a folder of their own, which is the working directory ---- */

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        perror(name);
}

static void test_path(const char *name, const char *path, const char *want)
{
    struct config config = {0};
    struct strbuf got = {0};
    config_read(&config, path);
    dump(&got, &config);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
    config_clear(&config);
}

static void test_includes(void)
{
    mkdir("d", 0755);
    write_file("d/1.conf", "one = 1\n[in]\nx=1\n");
    write_file("d/2.conf", "two = 2\n");
    write_file("d/plain", "[p]\nq=1\ninclude = 2.conf\n");
    write_file("top.conf", "[t]\nk=1\ninclude = d/*.conf d/plain\nk=2\n");
    test_path("glob, beside the file, section kept", "./top.conf",
              "t|k|1|1@2\nt|one|1|1@1\nin|x|1|1@3\nt|two|2|2@1\np|q|1|1@2\np|two|2|2@1\n"
              "t|k|2|2@4\n");
    write_file("miss.conf", "[t]\ninclude = nothing.conf\ninclude = d/*.none\ninclude =\nk=1\n");
    test_path("missing", "./miss.conf",
              "t|k|1|1@5\n! ./miss.conf:2: include: ./nothing.conf: No such file or directory\n"
              "! ./miss.conf:4: include: names no file\n");
    write_file("loop.conf", "[t]\ninclude = d/back\nk=1\n");
    write_file("d/back", "include = ../loop.conf\nl=1\n");
    test_path("loop", "./loop.conf",
              "t|l|1|1@2\nt|k|1|1@3\n"
              "! ./d/back:1: include: ./d/../loop.conf: includes itself\n");
}

static void test_depth(void)
{
    for (int i = 0; i < 10; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "deep%d", i);
        snprintf(text, sizeof text, "[t]\nk%d=1\ninclude = deep%d\n", i, i + 1);
        write_file(name, text);
    }
    test_path("depth", "./deep0",
              "t|k0|1|1@2\nt|k1|1|1@2\nt|k2|1|1@2\nt|k3|1|1@2\nt|k4|1|1@2\nt|k5|1|1@2\n"
              "t|k6|1|1@2\nt|k7|1|1@2\n! ./deep7:3: include: more than 8 files deep\n");
}

/* Eight files that each include the next ten times would be read a million times. */
static void test_blow_up(void)
{
    struct config config = {0};
    for (int i = 0; i < 7; i++) {
        char name[32];
        struct strbuf text = {0};
        snprintf(name, sizeof name, "wide%d", i);
        for (int j = 0; j < 10; j++)
            strbuf_format(&text, "include = wide%d\n", i + 1);
        write_file(name, strbuf_text(&text));
        strbuf_clear(&text);
    }
    write_file("wide7", "");
    config_read(&config, "./wide0");
    test_number("files are bounded", (int64_t)config.files.len, CONFIG_FILES_MAX);
    test_true("and that is told",
              config.problems.len > 0 && strstr(config.problems.at[0], "too many files") != NULL);
    config_clear(&config);
}

static void test_kinds_of_files(void)
{
    mkdir("folder", 0755);
    mkfifo("fifo", 0600);
    test_path("missing", "./none", "! ./none: No such file or directory\n");
    test_path("directory", "./folder", "! ./folder: not a regular file\n");
    test_path("FIFO", "./fifo", "! ./fifo: not a regular file\n");
    struct strbuf large = {0};
    while (large.len <= CONFIG_SIZE_MAX)
        strbuf_add_text(&large, "################################################\n");
    write_file("large", strbuf_text(&large));
    strbuf_clear(&large);
    test_path("large", "./large", "! ./large: larger than 1048576 bytes\n");
}

static void test_owner(void)
{
    write_file("loose", "[a]\nk=1\n");
    chmod("loose", 0664);
    if (geteuid() != 0) {
        test_path("others may write, not root", "./loose", "a|k|1|1@2\n");
        return;
    }
    test_path("group may write", "./loose",
              "! ./loose: others than root may write it (chmod go-w)\n");
    chmod("loose", 0602);
    test_path("world may write", "./loose",
              "! ./loose: others than root may write it (chmod go-w)\n");
    chmod("loose", 0600);
    test_path("only we may", "./loose", "a|k|1|1@2\n");
    if (chown("loose", 65534, 65534) == 0)
        test_path("of another user", "./loose",
                  "! ./loose: belongs to user 65534; root reads only what root owns\n");
}

static void test_secret(void)
{
    struct strbuf why = {0};
    write_file("secret", "x");
    int fd = open("secret", O_RDONLY);
    fchmod(fd, 0644);
    test_number("everybody may read", config_check_owner(fd, "secret", 1, &why), -1);
    test_text("why", strbuf_text(&why),
              "secret: holds secrets, but everybody may read it (chmod o-r)");
    test_number("no secret", config_check_owner(fd, "secret", 0, &why), 0);
    fchmod(fd, 0640);
    test_number("the group may", config_check_owner(fd, "secret", 1, &why), 0);
    close(fd);
    strbuf_clear(&why);
}

static void test_shell_file(void)
{
    struct config config = {0};
    struct strbuf got = {0};
    write_file("settings", "A=1\n");
    config_read_shell(&config, "./settings", "emergency");
    config_read_shell(&config, "./absent", "emergency");
    dump(&got, &config);
    test_text("shell file", strbuf_text(&got),
              "emergency|A|1|1@1\n! ./absent: No such file or directory\n");
    strbuf_clear(&got);
    config_clear(&config);
}

static void test_environment(void)
{
    struct config config = {0};
    write_file("env.conf", "[a]\nk=env\n");
    write_file("arg.conf", "[a]\nk=arg\n");
    setenv("SPAMGEAR_CONFIG", "./env.conf", 1);
    config_load(&config, NULL);
    test_text("SPAMGEAR_CONFIG", config_find(&config, "a", "k")->value, "env");
    config_clear(&config);
    config_load(&config, "./arg.conf");
    test_text("--config is stronger", config_find(&config, "a", "k")->value, "arg");
    config_clear(&config);
    setenv("SPAMGEAR_CONFIG", "./absent.conf", 1);
    config_load(&config, NULL);
    test_number("what is named must exist", (int64_t)config.problems.len, 1);
    config_clear(&config);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

int main(void)
{
    char folder[] = "config_test.XXXXXX";
    test_texts();
    test_nul_bytes();
    test_find();
    umask(022);
    if (chdir(getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp") != 0 ||
        mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    test_includes();
    test_depth();
    test_blow_up();
    test_kinds_of_files();
    test_owner();
    test_secret();
    test_shell_file();
    test_environment();
    if (chdir("..") == 0)
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return test_end();
}
