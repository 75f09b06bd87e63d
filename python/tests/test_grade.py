"""The package as it is installed: what it says of responses, and of wrong calls."""

import concurrent.futures
import doctest
import pickle
import threading
import time
import unittest

import deepscaler_verify
from deepscaler_verify import CheckError, Extraction, Verdict, extract, grade, grade_batch


class Grade(unittest.TestCase):
    def test_says_what_and_why(self):
        self.assertEqual(grade(r"\frac12", r"so \boxed{0.5}"), Verdict(True, False, "equal", "0.5"))
        self.assertEqual(grade("5", r"\boxed{6}"), Verdict(False, False, "different", "6"))
        self.assertEqual(grade(r"\frac{", r"\boxed{6}"), Verdict(False, True, "unparsable_reference", "6"))

    def test_verdicts_are_conditions_and_can_be_sent(self):
        self.assertTrue(grade("5", r"\boxed{5}"))
        self.assertFalse(grade("5", r"\boxed{6}"))
        self.assertFalse(grade(r"\frac{", r"\boxed{6}"))
        verdict = grade("5", r"\boxed{5}")
        self.assertEqual(pickle.loads(pickle.dumps(verdict)), verdict)

    def test_takes_alternatives_and_numbers(self):
        self.assertTrue(grade(["7", r"\pi"], r"\boxed{\pi}"))
        self.assertTrue(grade(42, r"\boxed{42.0}"))
        self.assertTrue(grade([1, 0.5], r"\boxed{\frac12}"))
        self.assertEqual(grade([], r"\boxed{1}").reason, "unparsable_reference")

    def test_takes_options_and_the_problem(self):
        self.assertFalse(grade("12", "The answer is 12."))
        self.assertTrue(grade("12", "The answer is 12.", extract="any"))
        self.assertEqual(grade("46", r"\boxed{12+34}", problem="What is $12+34$?").reason, "copied")
        self.assertTrue(grade("98 from 44, 19, 35", r"\boxed{44+19+35}", grader="countdown"))
        self.assertTrue(grade(r"\pi", r"\boxed{3.14}", decimal_places=2))

    def test_takes_any_text(self):
        self.assertEqual(grade("5", "\\boxed{\ud800}").extracted, "\ufffd" * 3)
        self.assertEqual(grade("5", "\\boxed{\0}").extracted, "\0")
        self.assertTrue(grade("5", "\0" + "\\boxed{5}"))
        self.assertEqual(grade("é", r"\boxed{é}").reason, "same_text")
        self.assertFalse(grade("5", r"\boxed{" + "7" * 1_000_000 + "}"))

    def test_a_wrong_call_says_so(self):
        for call, message in [
            (lambda: grade("5", "5", extrct="any"), 'options: unknown key "extrct"; did you mean "extract"?'),
            (lambda: grade("5", None), "response: is NoneType; give a text"),
            (lambda: grade({"a": 1}, "5"), "answer: is dict; give a text, a number or a list of them"),
            (lambda: grade(True, "5"), "answer: is bool; give a text, a number or a list of them"),
            (lambda: grade("5", "5", problem=7), "problem: is int; give a text, or None"),
            (lambda: grade_batch([("5", "5")], threads=-1), "threads: is -1; give 0 or more"),
            (lambda: grade_batch([("5", "5")], decimal_places=99),
             'options: "decimal_places" is out of range; give a whole number from 1 to 15'),
            (lambda: extract(7), "response: is int; give a text"),
        ]:
            with self.assertRaises(CheckError) as caught:
                call()
            self.assertEqual(str(caught.exception), message)

    def test_a_batch_is_in_order(self):
        pairs = [(str(i), rf"\boxed{{{i - i % 3 % 2}}}") for i in range(10_000)]
        verdicts = grade_batch(pairs, threads=3)
        self.assertEqual([verdict.correct for verdict in verdicts], [i % 3 != 1 for i in range(10_000)])
        self.assertEqual(grade_batch([]), [])
        self.assertEqual(grade_batch([("46", r"\boxed{12+34}", "What is $12+34$?")])[0].reason, "copied")

    def test_extracts(self):
        self.assertEqual(extract(r"so \boxed{5}"), Extraction("answer", "5"))
        self.assertEqual(extract("it is 5"), Extraction("none", ""))
        self.assertEqual(extract("it is 5", extract="any"), Extraction("answer", "5"))
        self.assertFalse(extract(r"\boxed{"))

    def test_a_tower_of_powers_hangs_nobody(self):
        start = time.perf_counter()
        self.assertEqual(grade("5", r"\boxed{9^{9^{9^9}}}").reason, "different")
        self.assertFalse(grade(r"9^{9^{9^9}}", r"\boxed{9^{9^{9^9}}+1}"))
        self.assertLess(time.perf_counter() - start, 20)  # of a machine that does much else

    def test_the_interpreter_is_free_meanwhile(self):
        # A long check in another thread; this one goes on counting before it has come to its end.
        slow = r"\sum_{k=1}^{10^6} \sin k"
        done = threading.Event()

        def work():
            grade_batch([(slow + f"+{i}", rf"\boxed{{{slow}+{i + 1}}}") for i in range(200)], threads=1)
            done.set()

        thread = threading.Thread(target=work)
        thread.start()
        turns = 0
        while not done.is_set():
            turns += 1
            time.sleep(0.001)
        thread.join()
        self.assertGreater(turns, 2)

    def test_the_documented_example_is_true(self):
        self.assertEqual(doctest.testmod(deepscaler_verify).failed, 0)

    def test_the_version_is_the_verifiers(self):
        self.assertRegex(deepscaler_verify.version(), r"^\d+\.\d+\.\d+\+[0-9a-f]{12}$")


class Forked(unittest.TestCase):
    def test_a_child_grades_with_threads_too(self):
        import multiprocessing

        pairs = [(str(i), rf"\boxed{{{i}}}") for i in range(100)]
        grade_batch(pairs, threads=2)
        with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
            for verdicts in pool.map(grade_batch, [pairs, pairs]):
                self.assertTrue(all(verdicts))


if __name__ == "__main__":
    unittest.main()
