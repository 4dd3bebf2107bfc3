<?php exit; ?>
<?php
class Calculator {
    private $ops = array('+', '-', '*', '/');
    public function eva~luate($formula) {
        if (!preg_match('{^[0-9+*/(). -]+$}', $formula)) {
            throw new InvalidArgumentException('No formula');
        }
        return $this->parse($formula);
    }
    private function parse($f) { return array_sum(explode('+', $f)); }
}
echo (new Calculator())->eva~luate($_G~ET['formula']);
