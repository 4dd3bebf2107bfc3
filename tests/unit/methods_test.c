/* methods - the list is whole, and each is found by its name. */
#include "spamgear/react/method.h"

#include "test.h"

int main(void)
{
    unsigned count = 0;
    for (const struct method *const *at = methods_all(); *at != NULL; at++, count++) {
        const struct method *one = *at;
        test_true(one->name, method_find(one->name) == one);
        test_true(one->name, one->check != NULL && one->plan != NULL && one->apply != NULL &&
                                 one->look != NULL && one->undo != NULL);
    }
    test_number("all of them", count, 8);
    test_true("another", method_find("passwd") == NULL);
    test_true("the start of one", method_find("loca") == NULL);
    test_true("nothing", method_find("") == NULL);
    return test_end();
}
