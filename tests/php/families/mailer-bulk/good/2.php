<?php exit; ?>
<?php
$rows = $db->query('SELECT email FROM subscribers WHERE confirmed = 1'); foreach ($rows as $row) { mai~l($row['email'], 'Newsletter', $text, $headers); }
