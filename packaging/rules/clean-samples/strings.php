<?php
// Names put together and called, as frameworks do.
$crlf = chr(13) . chr(10);
$bom = "\xef\xbb\xbf";
$table = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f";
$text = str_replace(array("\r\n", "\r"), "\n", $text);
$slug = str_replace(' ', '', 'a name with blanks');
$rot = str_rot13('Uryyb');
$name = 'get' . ucfirst($field);
$value = $object->$name();
$class = __NAMESPACE__ . '\\' . $type . 'Factory';
$made = new $class($GLOBALS['settings']);
$GLOBALS['counter'] = $GLOBALS['counter'] + 1;
$first = $word[0] . $word[1];
$mask = $a ^ $b;
$sum = '1' . '0' . '0';
$handler = $handlers[$_GET['action']] ?? 'show';
if (method_exists($controller, $handler)) {
    call_user_func_array(array($controller, $handler), array($_POST));
}
goto end;
end:
$translated = __('Something', 'domain') . _n('one', 'many', $count);
