/* php_role - the table holds together, and names are found however they are written. */
#include "spamgear/php/role.h"

#include "spamgear/php/value.h"
#include "test.h"
#include <ctype.h>

static void test_table(void)
{
    size_t count;
    const struct php_role *rows = php_roles(&count);
    test_true("several hundred rows", count > 700);
    for (size_t i = 0; i < count; i++) {
        const struct php_role *row = &rows[i];
        test_true(row->name, i == 0 || strcmp(rows[i - 1].name, row->name) < 0);
        test_true(row->name, php_role_of(span_text(row->name)) == row);
        for (const char *c = row->name; *c != '\0'; c++)
            test_true(row->name, !isupper((unsigned char)*c) && !isspace((unsigned char)*c));
    }
}

static void test_row(const struct php_role *row)
{
    const char *name = row->name;
    bool last = row->callback >= PHP_CALLBACK_LAST_TWO;
    test_true(name, row->sink < PHP_SINKS && row->also < PHP_SINKS);
    test_true(name, (row->sink == PHP_SINK_NONE) == (row->sink_args == 0));
    test_true(name, (row->also == PHP_SINK_NONE) == (row->also_args == 0));
    test_true(name, row->also == PHP_SINK_NONE || row->sink != PHP_SINK_NONE);
    test_true(name, row->callback <= 5 || last);
    test_true(name, !row->later || row->callback != 0);
    test_true(name, (row->traits & (row->traits - 1)) == 0);
    /* What is called is not passed to itself, unless all arguments are and it is the last. */
    if (row->callback != 0 && !last)
        test_true(name, (row->passes >> (row->callback - 1) & 1) == 0);
    if (row->sink == PHP_SINK_CALL && row->callback != 0 && !last)
        test_true(name, (row->sink_args >> (row->callback - 1) & 1) == 1);
}

static void test_rows(void)
{
    size_t count;
    const struct php_role *rows = php_roles(&count);
    for (size_t i = 0; i < count; i++)
        test_row(&rows[i]);
}

static void test_spellings(void)
{
    static const struct {
        const char *spelt, *found; /* NULL: nothing */
    } rows[] = {
        {"system", "system"},
        {"SyStEm", "system"},
        {"\\system", "system"},
        {"Some\\Space\\System", "system"},
        {"namespace\\exec", "exec"},
        {"system2", NULL},
        {"syste", NULL},
        {"", NULL},
        {"\\", NULL},
        {"::", NULL},
        {"a\\", NULL},
        {"ReflectionFunction::__construct", "reflectionfunction::__construct"},
        {"\\ReflectionFunction::__construct", "reflectionfunction::__construct"},
        {"PDO::exec", "pdo::exec"},
        {"Some\\Space\\Db::Exec", "::exec"},
        {"::exec", "::exec"},
        {"exec::nothing", NULL},
        {"a_class_with_a_name_that_is_longer_than_any_in_the_table_can_be_by_far::exec", "::exec"},
        {"a_function_with_a_name_that_is_longer_than_any_in_the_table_can_be_by_far", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct php_role *role = php_role_of(span_text(rows[i].spelt));
        test_text(rows[i].spelt, role == NULL ? "" : role->name,
                  rows[i].found == NULL ? "" : rows[i].found);
    }
    test_true("a NUL ends no name", php_role_of(SPAN("system\0x")) == NULL);
}

static const struct php_role *role(const char *name)
{
    static const struct php_role none;
    const struct php_role *found = php_role_of(span_text(name));
    test_true(name, found != NULL);
    return found == NULL ? &none : found;
}

static void test_meanings(void)
{
    test_number("system", role("system")->sink, PHP_SINK_COMMAND);
    test_number("what is mailed", role("mail")->also, PHP_SINK_MAIL_PARAMETERS);
    test_number("copy's target", role("copy")->sink_args, 2);
    test_number("getallheaders", role("getallheaders")->gives, PHP_FROM_REQUEST);
    test_number("md5", role("md5")->traits, PHP_IS_HASH);
    test_true("strlen", role("strlen")->forgets);
    test_number("preg_match", role("preg_match")->fills, 4);
    test_true("register_shutdown_function", role("register_shutdown_function")->later);
}

static void test_callbacks(void)
{
    test_number("array_map", php_role_callback(role("array_map"), 2), 0);
    test_number("usort", php_role_callback(role("usort"), 2), 1);
    test_number("usort without", php_role_callback(role("usort"), 1), -1);
    test_number("array_udiff", php_role_callback(role("array_udiff"), 3), 2);
    test_number("array_udiff of four", php_role_callback(role("array_udiff"), 5), 4);
    test_number("two", php_role_callback(role("array_udiff_uassoc"), 4), 2);
    test_number("none", php_role_callback(role("array_udiff"), 0), -1);
    test_number("not one", php_role_callback(role("strlen"), 3), -1);
}

static void test_words(void)
{
    for (int i = 0; i < PHP_SINKS; i++)
        test_true("every sink has a name", php_sink_name((enum php_sink)i)[0] != '\0');
    for (uint32_t bit = 1; bit <= PHP_FROM_OUTPUT; bit <<= 1)
        test_true("every source has a name", strcmp(php_taint_name(bit), "nowhere") != 0);
    test_text("the strongest", php_taint_name(PHP_FROM_FILE | PHP_FROM_FILES),
              "an upload ($_FILES)");
    test_text("none", php_taint_name(0), "nowhere");
}

int main(void)
{
    test_table();
    test_rows();
    test_spellings();
    test_meanings();
    test_callbacks();
    test_words();
    test_number("$_GET", php_superglobal(SPAN("_GET")), PHP_FROM_REQUEST);
    test_number("$_FILES", php_superglobal(SPAN("_FILES")), PHP_FROM_FILES);
    test_number("$_SERVER", php_superglobal(SPAN("_SERVER")), PHP_FROM_SERVER);
    test_number("$_get", php_superglobal(SPAN("_get")), 0);
    test_number("$_GE", php_superglobal(SPAN("_GE")), 0);
    test_number("$", php_superglobal(SPAN("")), 0);
    return test_end();
}
