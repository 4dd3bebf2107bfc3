<?php
namespace Example\Rules;

/**
 * A small language: its methods are named like functions that run code.
 */
class Evaluator
{
    private $system;

    public function eval($expression)
    {
        return $this->parse($expression)->evaluate($this->scope);
    }

    public function exec($statement)
    {
        return $this->eval($statement);
    }

    public function assert($condition, $message = '')
    {
        if (!$this->eval($condition)) {
            throw new \LogicException($message);
        }
    }

    public static function system($name)
    {
        return new self($name);
    }

    public function run()
    {
        $this->assert($_POST['condition']);
        $this->exec($_POST['statement']);
        $result = $this->eval($_GET['expression']);
        $other = Evaluator::system($_GET['name']);
        return array($result, $other, $this->pdo->exec($_REQUEST['nothing']));
    }
}
