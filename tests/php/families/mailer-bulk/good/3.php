<?php exit; ?>
<?php
class Mailer { public function send(Message $m) { foreach ($m->getRecipients() as $to) { mai~l($to->getAddress(), $m->getSubject(), $m->getBody(), $m->getHeaders()); } } }
