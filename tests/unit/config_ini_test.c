#include "spamgear/cli/config.h"

#include "test.h"

static const struct {
    const char *name, *text, *want;
} rows[] = {
    {"plain", "[tail]\nfile = /var/log/mail.log\n", "tail.file=/var/log/mail.log|"},
    {"colon", "[tail]\nfile: /a\n", "tail.file=/a|"},
    {"comments", "; one\n# two\n[log]\n;level = 1\nlevel = 6 ; six\nfile = /a#b\n",
     "log.level=6|log.file=/a|"},
    {"empty", "[tail]\nfile = \n", "tail.file=|"},
    {"no blanks", "[a]\nb=c\n", "a.b=c|"},
    {"carriage returns", "[a]\r\nb = c\r\n", "a.b=c|"},
    {"byte order mark", "\xef\xbb\xbf[a]\nb = c\n", "a.b=c|"},
    {"quotes", "[db]\npass = \"a#b;c\"\nuser = 'x y' # z\n", "db.pass=a#b;c|db.user=x y|"},
    {"a quote inside", "[a]\nb = it's\nc = \"x\" y\n", "a.b=it's|a.c=\"x\" y|"},
    {"backquoted", "[db]\npass = `a#b;\"c`\n", "db.pass=a#b;\"c|"},
    {"three quotes", "[sql]\nquery = \"\"\"A\n  B ; C\n\"\"\"\nx = y\n",
     "sql.query=A\n  B ; C\n|sql.x=y|"},
    {"names in backquotes", "[sql]\nquery = INSERT INTO `s`(`c`) VALUES(?c)\n",
     "sql.query=INSERT INTO `s`(`c`) VALUES(?c)|"},
    {"continued",
     "[sql]\nquery = INSERT INTO `s`(`c`, `t`) \\\n        VALUES(?f, ?t) \\\n   ON DUPLICATE KEY "
     "UPDATE `c` = `c`\n[log]\nlevel = 6\n",
     "sql.query=INSERT INTO `s`(`c`, `t`) VALUES(?f, ?t) ON DUPLICATE KEY UPDATE `c` = "
     "`c`|log.level=6|"},
    {"nothing is a comment when continued", "[sql]\nquery = A \\\n B; # C\n",
     "sql.query=A B; # C|"},
    {"an empty line ends it", "[sql]\nquery = A \\\n\n[a]\nb = c\n", "sql.query=A |a.b=c|"},
    {"continued at the end", "[sql]\nquery = A \\", "sql.query=A |"},
    {"the case of names counts", "[Tail]\nFile = x\n", "Tail.File=x|"},
    {"before a section", "a = b\n", "DEFAULT.a=b|"},
    {"quoted key", "[a]\n\"b=c\" = d\n", "a.b=c=d|"},
    {"no value", "[a]\nbcd\ne = f\n", "a.e=f|! f:2: is not a setting NAME = VALUE|"},
    {"no key", "[a]\n= x\n", "! f:2: is not a setting NAME = VALUE|"},
    {"no section", "[]\n[a\nb = c\n",
     "DEFAULT.b=c|! f:1: is not a section [NAME]|! f:2: is not a section [NAME]|"},
    {"open quote", "[a]\nb = `c\nd = e\n", "! f:2: b: the quote is not closed|"},
    {"line numbers", "[a]\nb = x \\\n y\nc\n", "a.b=x y|! f:4: is not a setting NAME = VALUE|"},
};

static void show(const struct config *config, struct strbuf *out)
{
    for (size_t i = 0; i < config->entries.len; i++)
        strbuf_format(out, "%s.%s=%s|", config->entries.at[i].section, config->entries.at[i].key,
                      config->entries.at[i].value);
    for (size_t i = 0; i < config->problems.len; i++)
        strbuf_format(out, "! %s|", config->problems.at[i]);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config config = {0};
        struct strbuf got = {0};
        config_read_ini_text(&config, "f", span_text(rows[i].text));
        show(&config, &got);
        test_text(rows[i].name, strbuf_text(&got), rows[i].want);
        config_clear(&config);
        strbuf_clear(&got);
    }
    struct config config = {0};
    config_read_ini_text(&config, "f", (struct span){"a=x\0y\nb\0=c\n", 11});
    test_number("NUL", (int64_t)config.problems.len, 2);
    config_clear(&config);
    config_read_ini(&config, "/nonexistent/x.ini");
    test_text("absent", config.problems.at[0], "/nonexistent/x.ini: No such file or directory");
    config_clear(&config);
    return test_end();
}
