<?php exit; ?>
<?php
$stmt = $pdo->prepare('SELECT * FROM t WHERE id = ?');
$stmt->exe~c($_G~ET['id']);
$curl = curl_init('https://example.com/'); echo curl_exec($curl);
