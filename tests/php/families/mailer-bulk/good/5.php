<?php exit; ?>
<?php
echo mai~l_link('someone@example.com', $_P~OST['label']); function mai~l_link($a, $l) { return '<a href="mai~lto:' . $a . '">' . htmlspecialchars($l) . '</a>'; }
