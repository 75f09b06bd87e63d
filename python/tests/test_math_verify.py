"""parse() and verify() as trainers call Math-Verify's."""

import unittest

from deepscaler_verify import (
    CheckError,
    ExprExtractionConfig,
    LatexExtractionConfig,
    LatexNormalizationConfig,
    StringExtractionConfig,
    parse,
    verify,
)


class Parse(unittest.TestCase):
    def test_gives_a_list(self):
        self.assertEqual(parse(r"The answer is $\frac{1}{2}$"), [r"\frac{1}{2}"])
        self.assertEqual(parse("The answer is 1/2"), ["1/2"])
        self.assertEqual(parse("I do not know"), [])
        self.assertEqual(parse(r"$12$"), ["12"])

    def test_configs_say_where(self):
        boxes = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=False,
                                       normalization_config=LatexNormalizationConfig(units=True))]
        text = r"\boxed{5}. The final answer is 6. I hope it is correct."
        self.assertEqual(parse(text), ["6"])
        self.assertEqual(parse(text, [LatexExtractionConfig(boxed_match_priority=0)]), ["5"])
        self.assertEqual(parse(text, boxes, extraction_mode="first_match"), ["5"])
        self.assertEqual(parse("it is $5$", boxes), [])
        self.assertEqual(parse("it is $5$", [LatexExtractionConfig(boxed_match_priority=0)]), ["5"])
        self.assertEqual(parse("it is 5", [ExprExtractionConfig()], fallback_mode="no_fallback"), ["5"])

    def test_choices(self):
        self.assertEqual(parse("The answer is (B).", [StringExtractionConfig()]), ["b"])
        self.assertEqual(parse("The answer is B", [StringExtractionConfig(lowercase=False)]), ["B"])
        self.assertEqual(parse("The answer is 7", [StringExtractionConfig()]), [])

    def test_what_there_is_not_is_named(self):
        class OtherConfig:
            pass

        for call, message in [
            (lambda: parse("5", [OtherConfig()]),
             "extraction_config: is 'OtherConfig'; give one of 'LatexExtractionConfig', 'ExprExtractionConfig', "
             "'StringExtractionConfig'"),
            (lambda: parse("5", []),
             "extraction_config: is empty; give LatexExtractionConfig() or ExprExtractionConfig()"),
            (lambda: parse("5", [LatexExtractionConfig(boxed_match_priority=-1)]),
             "LatexExtractionConfig.boxed_match_priority: is -1; give one of 0, 50"),
            (lambda: parse("5", [ExprExtractionConfig(try_extract_without_anchor=False)]),
             "ExprExtractionConfig.try_extract_without_anchor: is False, which only LatexExtractionConfig may have here; "
             "leave it out"),
            (lambda: parse("5", fallback_mode="all"), "fallback_mode: is 'all'; give one of 'first_match', 'no_fallback'"),
            (lambda: parse("5", extraction_mode="all"),
             "extraction_mode: is 'all'; give one of 'any_match', 'first_match'"),
            (lambda: verify("5", "5", strict=False),
             "strict: is False, which there is not; see letters_may_differ of grade()"),
            (lambda: verify("5", "5", float_rounding=0),
             'options: "decimal_places" is out of range; give a whole number from 1 to 15'),
            (lambda: verify(None, "5"), "gold: is NoneType; give what parse() returned, a text or a number"),
        ]:
            with self.assertRaises(CheckError) as caught:
                call()
            self.assertEqual(str(caught.exception), message)


class Verify(unittest.TestCase):
    def test_compares_what_was_parsed(self):
        self.assertIs(verify(parse(r"$\frac{1}{2}$"), parse(r"so \boxed{0.5}")), True)
        self.assertIs(verify(parse("$5$"), parse(r"so \boxed{6}")), False)
        self.assertIs(verify(parse("$5$"), []), False)
        self.assertIs(verify([], parse("$5$")), False)

    def test_takes_texts_and_numbers(self):
        self.assertTrue(verify(r"\frac{1}{2}", "0.5"))
        self.assertTrue(verify(0.5, r"\frac{1}{2}"))
        self.assertTrue(verify(["7", "8"], ["9", "8"]))

    def test_the_order_of_arguments_matters(self):
        self.assertTrue(verify(r"45\%", "45"))
        self.assertFalse(verify("45", r"45\%"))

    def test_options(self):
        self.assertFalse(verify(r"\pi", "3.14"))
        self.assertTrue(verify(r"\pi", "3.14", float_rounding=2, numeric_precision=30, timeout_seconds=None))
        self.assertFalse(verify("(0,12.5)", "0<x<12.5"))
        self.assertTrue(verify("(0,12.5)", "0<x<12.5", allow_set_relation_comp=True))


if __name__ == "__main__":
    unittest.main()
