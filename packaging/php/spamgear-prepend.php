<?php
// Tells the sendmail wrapper (phpsendmail, sendmail2relay) which request sends the mail.
//
//     auto_prepend_file = /usr/local/share/spamgear/php/spamgear-prepend.php
//     sendmail_path = "/usr/local/bin/phpsendmail -t -i"
//
// Runs before every script, so it does little: four values go into the environment, which mail()
// hands to the wrapper. Values end at a NUL byte, since putenv() would. The file declares nothing, prints
// nothing, and leaves no variable behind. In PHP-FPM and CGI the environment is the worker's: it is set
// anew for each request, also to nothing.
(static function () {
    foreach (['SCRIPT_FILENAME', 'HTTP_HOST', 'REMOTE_ADDR', 'REQUEST_URI'] as $name) {
        $value = isset($_SERVER[$name]) && is_string($_SERVER[$name]) ? $_SERVER[$name] : '';
        putenv($name . '=' . substr(strtok($value . "\0", "\0") ?: '', 0, 4096));
    }
})();
