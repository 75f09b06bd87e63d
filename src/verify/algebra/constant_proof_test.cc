#include "verify/algebra/constant_proof.h"

#include <gtest/gtest.h>

#include <string_view>

#include "verify/parse/parse.h"

namespace deepscaler {
namespace {

bool proven(std::string_view a, std::string_view b) {
  Steps steps(100'000);
  return proves_same_constant(*parse_answer(a), *parse_answer(b), false, steps);
}

TEST(ConstantProof, LogarithmsOfFactors) {
  EXPECT_TRUE(proven("\\ln 12", "2\\ln 2+\\ln 3"));
  EXPECT_TRUE(proven("\\log_4 9", "\\log_2 3"));
  EXPECT_TRUE(proven("9^{\\log_3 5}", "25"));
  EXPECT_TRUE(proven("\\frac{1}{\\log_2 6}+\\frac{1}{\\log_3 6}", "1"));
  EXPECT_TRUE(proven("\\ln(2+\\sqrt3)", "-\\ln(2-\\sqrt3)"));  // whose product is 1
  EXPECT_TRUE(proven("\\ln(10007 \\cdot 10009)", "\\ln 10007+\\ln 10009"));
  EXPECT_FALSE(proven("\\ln 2+\\ln 5", "\\ln 7"));
  EXPECT_FALSE(proven("\\log_2(2^{2025}+1)", "2025"));
}

TEST(ConstantProof, RootsAndTheirNests) {
  EXPECT_TRUE(proven("\\pi+\\sqrt8", "2\\sqrt2+\\pi"));
  EXPECT_TRUE(proven("(1+\\sqrt2)^2+\\pi", "3+2\\sqrt2+\\pi"));
  EXPECT_TRUE(proven("\\sqrt{3+\\sqrt5}-\\sqrt{3-\\sqrt5}", "\\sqrt2"));
  EXPECT_TRUE(proven("\\sqrt{\\frac{2}{\\pi}}", "\\frac{\\sqrt{2\\pi}}{\\pi}"));
  EXPECT_TRUE(proven("2^{1/2}\\cdot 2^{1/3}", "2^{5/6}"));
  EXPECT_FALSE(proven("\\sqrt{2^{2024}+1}", "2^{1012}"));
}

TEST(ConstantProof, AnglesThroughRootsOfUnity) {
  EXPECT_TRUE(proven("\\cos6^\\circ\\sin12^\\circ\\csc18^\\circ",
                     "\\frac{\\sin12^\\circ\\cos6^\\circ}{\\sin18^\\circ}"));
  EXPECT_TRUE(proven("\\cos\\frac{\\pi}{5}", "\\frac{1+\\sqrt5}{4}"));
  EXPECT_TRUE(proven("\\tan20^\\circ\\tan40^\\circ\\tan80^\\circ", "\\sqrt3"));
  EXPECT_TRUE(proven("e^{i\\pi/3}", "\\frac12+\\frac{\\sqrt3}{2}i"));
  EXPECT_TRUE(proven("i^{2023}", "-i"));
  EXPECT_TRUE(proven("2\\sin1\\cos1", "\\sin2"));
  EXPECT_FALSE(proven("\\sin(\\pi+10^{-500})", "0"));
}

TEST(ConstantProof, InverseFunctionsAsAnglesOfUnits) {
  EXPECT_TRUE(proven("4\\arctan\\frac15-\\arctan\\frac{1}{239}", "\\frac{\\pi}{4}"));
  EXPECT_TRUE(proven("\\arctan1+\\arctan2+\\arctan3", "\\pi"));
  EXPECT_TRUE(proven("\\arcsin\\frac35", "\\arccos\\frac45"));
  EXPECT_TRUE(proven("5e^{i\\arctan(4/3)}", "3+4i"));
  EXPECT_FALSE(proven("\\arctan1+\\arctan2+\\arctan3", "0"));  // the same units, half a turn away
  EXPECT_FALSE(proven("\\arctan(10^{2000})", "\\frac{\\pi}{2}"));
}

TEST(ConstantProof, WhatIsTooLongToWriteOut) {
  EXPECT_TRUE(proven("\\binom{2000000000}{1000000000}", "2\\binom{1999999999}{1000000000}"));
  EXPECT_TRUE(proven("2^{2^{2025}}", "4^{2^{2024}}"));
  EXPECT_TRUE(proven("\\sqrt{2025!}", "45\\sqrt{2024!}"));
  EXPECT_TRUE(proven("2024\\cdot2024!", "2025!-2024!"));
  EXPECT_TRUE(proven("2^{100000}-1", "2\\cdot2^{99999}-1"));
  EXPECT_FALSE(proven("1-\\frac{1}{2006!}", "1"));
  EXPECT_FALSE(proven("2^{100000}", "2^{100000}+1"));
}

// A quotient of zeros has no value, so it equals nothing: not even where it can't be worked out.
TEST(ConstantProof, ADivisorMustNotBeZero) {
  EXPECT_FALSE(proven("\\frac{\\sqrt8-2\\sqrt2}{\\sqrt8-2\\sqrt2}", "1"));
  EXPECT_FALSE(proven("(10^{17})!\\cdot\\frac{\\sqrt8-2\\sqrt2}{\\sqrt8-2\\sqrt2}", "7\\cdot(10^{17})!"));
  EXPECT_FALSE(proven("\\frac{0}{\\sin(10^{30}\\pi)}", "7"));
  EXPECT_FALSE(
      proven("(10^{17})!\\cdot e^{\\frac{\\sqrt8-2\\sqrt2}{\\sqrt8-2\\sqrt2}}", "(10^{17})!\\cdot e"));
  EXPECT_FALSE(proven("(10^{17})!\\cdot 0\\cdot\\log_{1+\\sqrt8-2\\sqrt2}2", "0"));
  EXPECT_FALSE(proven("\\sqrt{\\ln 4}-\\sqrt{\\ln 2}", "0"));
}

TEST(ConstantProof, StopsWhereTheStepsAreUsedUp) {
  Steps steps(200);
  EXPECT_FALSE(proves_same_constant(*parse_answer("(1+\\sqrt2)^{60}+\\pi"),
                                    *parse_answer("\\pi+(3+2\\sqrt2)^{30}"), false, steps));
}

}  // namespace
}  // namespace deepscaler
