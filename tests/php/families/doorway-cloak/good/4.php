<?php exit; ?>
<?php
class CrawlerDetect { private $list = array('Googlebot', 'bingbot', 'Baiduspider'); public function isCrawler($agent) { foreach ($this->list as $c) { if (stripos($agent, $c) !== false) { return true; } } return false; } }
