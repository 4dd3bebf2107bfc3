<?php
// An ordinary page of an ordinary site: takes a form, asks a database, answers.
session_start();
error_reporting(0);
require_once __DIR__ . '/config.php';
include 'header.php';

$page = isset($_GET['page']) ? preg_replace('/[^a-z0-9_-]/i', '', $_GET['page']) : 'home';
$allowed = array('home', 'about', 'contact');
if (!in_array($page, $allowed, true)) {
    $page = 'home';
}
include 'pages/' . $page . '.php';

if ($_SERVER['REQUEST_METHOD'] === 'POST' && isset($_POST['email'])) {
    $email = filter_var($_POST['email'], FILTER_VALIDATE_EMAIL);
    $text = trim(stripslashes($_POST['message']));
    if ($email !== false) {
        $statement = $pdo->prepare('INSERT INTO messages (email, text, ip) VALUES (?, ?, ?)');
        $statement->execute(array($email, $text, $_SERVER['REMOTE_ADDR']));
        mail('office@example.com', 'Message of ' . $email, $text, 'From: www@example.com');
    }
}
$rows = $pdo->query('SELECT title, text FROM news ORDER BY day DESC LIMIT 5')->fetchAll();
array_walk($rows, 'clean_row');
usort($rows, 'compare_rows');
foreach ($rows as $row) {
    printf("<h2>%s</h2><p>%s</p>\n", htmlspecialchars($row['title']), nl2br($row['text']));
}
exec('git rev-parse HEAD', $output);
echo '<!-- ' . htmlspecialchars($output[0]) . ' -->';
?>
<?php include 'footer.php'; ?>
