<?php
// Sends a newsletter to those who asked for it.
$recipients = $pdo->query('SELECT email FROM subscribers WHERE confirmed = 1')->fetchAll(PDO::FETCH_COLUMN);
foreach ($recipients as $to) {
    $link = 'https://www.example.com/unsubscribe?m=' . urlencode($to);
    mail($to, $subject, $text . "\n\n" . $link, "From: news@example.com\r\nMIME-Version: 1.0");
}
$agent = isset($_SERVER['HTTP_USER_AGENT']) ? $_SERVER['HTTP_USER_AGENT'] : '';
if (preg_match('/googlebot|bingbot/i', $agent)) {
    header('X-Robots-Tag: noindex');
}
