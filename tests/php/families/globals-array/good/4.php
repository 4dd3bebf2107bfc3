<?php exit; ?>
<?php
function register_hook($n, $f) { $GLO~BALS['hooks'][$n][] = $f; } foreach ($GLO~BALS['hooks']['init'] as $hook) { cal~l_user_func($hook); }
