<?php exit; ?>
<?php
for ($i = 0; $i < 10; $i++) { for ($j = 0; $j < 10; $j++) { if ($grid[$i][$j] === 'x') { got~o found; } } } found: echo "$i,$j";
