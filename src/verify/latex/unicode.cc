#include "verify/latex/unicode.h"

#include <algorithm>
#include <unordered_map>

namespace deepscaler {
namespace {

const std::unordered_map<std::string_view, std::string_view>& latex_names() {
  static const std::unordered_map<std::string_view, std::string_view> kNames = {{"π", "\\pi "},
                                                                                {"Π", "\\Pi "},
                                                                                {"α", "\\alpha "},
                                                                                {"β", "\\beta "},
                                                                                {"γ", "\\gamma "},
                                                                                {"δ", "\\delta "},
                                                                                {"Δ", "\\Delta "},
                                                                                {"ε", "\\epsilon "},
                                                                                {"θ", "\\theta "},
                                                                                {"λ", "\\lambda "},
                                                                                {"μ", "\\mu "},
                                                                                {"µ", "\\mu "},
                                                                                {"ρ", "\\rho "},
                                                                                {"σ", "\\sigma "},
                                                                                {"τ", "\\tau "},
                                                                                {"φ", "\\phi "},
                                                                                {"ϕ", "\\phi "},
                                                                                {"ψ", "\\psi "},
                                                                                {"ω", "\\omega "},
                                                                                {"Ω", "\\Omega "},
                                                                                {"√", "\\rootsign "},
                                                                                {"∛", "\\cuberootsign "},
                                                                                {"×", "\\times "},
                                                                                {"·", "\\cdot "},
                                                                                {"⋅", "\\cdot "},
                                                                                {"∙", "\\cdot "},
                                                                                {"•", "\\cdot "},
                                                                                {"÷", "\\div "},
                                                                                {"−", "-"},
                                                                                {"–", "-"},
                                                                                {"—", "-"},
                                                                                {"‐", "-"},
                                                                                {"‑", "-"},
                                                                                {"，", ", "},
                                                                                {"∞", "\\infty "},
                                                                                {"≤", "\\le "},
                                                                                {"⩽", "\\le "},
                                                                                {"≥", "\\ge "},
                                                                                {"⩾", "\\ge "},
                                                                                {"≠", "\\ne "},
                                                                                {"≈", "\\approx "},
                                                                                {"≅", "\\cong "},
                                                                                {"≡", "\\equiv "},
                                                                                {"∪", "\\cup "},
                                                                                {"∩", "\\cap "},
                                                                                {"∈", "\\in "},
                                                                                {"∖", "\\setminus "},
                                                                                {"∅", "\\emptyset "},
                                                                                {"ℝ", "\\mathbb{R}"},
                                                                                {"ℤ", "\\mathbb{Z}"},
                                                                                {"ℕ", "\\mathbb{N}"},
                                                                                {"ℚ", "\\mathbb{Q}"},
                                                                                {"ℂ", "\\mathbb{C}"},
                                                                                {"∫", "\\int "},
                                                                                {"∧", "\\land "},
                                                                                {"∨", "\\lor "},
                                                                                {"∘", "\\circ "},
                                                                                {"±", "\\pm "},
                                                                                {"∓", "\\mp "},
                                                                                {"°", "^\\circ "},
                                                                                {"º", "^\\circ "},
                                                                                {"′", "'"},
                                                                                {"’", "'"},
                                                                                {"‘", "'"},
                                                                                {"″", "''"},
                                                                                {"“", " "},
                                                                                {"”", " "},
                                                                                {"…", "\\ldots "},
                                                                                {"⌊", "\\lfloor "},
                                                                                {"⌋", "\\rfloor "},
                                                                                {"⌈", "\\lceil "},
                                                                                {"⌉", "\\rceil "},
                                                                                {"⟨", "\\langle "},
                                                                                {"⟩", "\\rangle "},
                                                                                {"→", "\\to "},
                                                                                {"∠", "\\angle "},
                                                                                {"△", "\\triangle "},
                                                                                {"½", "\\frac{1}{2}"},
                                                                                {"⅓", "\\frac{1}{3}"},
                                                                                {"⅔", "\\frac{2}{3}"},
                                                                                {"¼", "\\frac{1}{4}"},
                                                                                {"¾", "\\frac{3}{4}"},
                                                                                {"⅕", "\\frac{1}{5}"},
                                                                                {"⅙", "\\frac{1}{6}"},
                                                                                {"⅛", "\\frac{1}{8}"},
                                                                                {"⅜", "\\frac{3}{8}"},
                                                                                {"⅝", "\\frac{5}{8}"},
                                                                                {"⅞", "\\frac{7}{8}"},
                                                                                {"£", "\\pounds "},
                                                                                {"₹", "\\rupees "},
                                                                                {"¥", "\\yen "},
                                                                                {"￥", "\\yen "},
                                                                                {"₩", "\\won "},
                                                                                {"˚", "^\\circ "},
                                                                                {"ᵒ", "^\\circ "},
                                                                                {"。", "."},
                                                                                {"；", "; "},
                                                                                {"：", ":"},
                                                                                {"、", ", "},
                                                                                {"€", "\\euro "},
                                                                                {"¢", "\\text{ cents}"},
                                                                                {"∑", "\\sum "},
                                                                                {"∏", "\\prod "},
                                                                                {"∣", "|"},
                                                                                {"⁄", "/"},
                                                                                {"∕", "/"},
                                                                                {"ℯ", "e"},
                                                                                {"ⅈ", "i"},
                                                                                {"\u00a0", " "},
                                                                                {"\u2009", " "},
                                                                                {"\u202f", " "},
                                                                                {"\u200b", ""},
                                                                                {"\ufeff", ""},
                                                                                {"\u2061", ""},
                                                                                {"\u2062", ""},
                                                                                {"\u3000", " "}};
  return kNames;
}

// A super- or subscript character as a plain one, or 0.
char script_of(std::string_view character, bool super) {
  static const std::unordered_map<std::string_view, char> kSuper = {
      {"⁰", '0'}, {"¹", '1'}, {"²", '2'}, {"³", '3'}, {"⁴", '4'}, {"⁵", '5'}, {"⁶", '6'}, {"⁷", '7'},
      {"⁸", '8'}, {"⁹", '9'}, {"⁻", '-'}, {"⁺", '+'}, {"ⁿ", 'n'}, {"ˣ", 'x'}, {"⁽", '('}, {"⁾", ')'}};
  static const std::unordered_map<std::string_view, char> kSub = {
      {"₀", '0'}, {"₁", '1'}, {"₂", '2'}, {"₃", '3'}, {"₄", '4'}, {"₅", '5'},
      {"₆", '6'}, {"₇", '7'}, {"₈", '8'}, {"₉", '9'}, {"ₙ", 'n'}};
  const auto& table = super ? kSuper : kSub;
  const auto found = table.find(character);
  return found == table.end() ? '\0' : found->second;
}

// The full-width forms U+FF01 ... U+FF5E of the printable ASCII characters.
bool is_full_width(std::string_view character) {
  const auto second = static_cast<unsigned char>(character.size() == 3 ? character[1] : 0);
  const auto third = static_cast<unsigned char>(character.size() == 3 ? character[2] : 0);
  return character.starts_with('\xef') &&
         ((second == 0xbc && third >= 0x81) || (second == 0xbd && third <= 0x9e));
}

char full_width(std::string_view character) {
  const int code = ((static_cast<unsigned char>(character[1]) & 0x3f) << 6) |
                   (static_cast<unsigned char>(character[2]) & 0x3f);
  return static_cast<char>(code - 0xf00 + 0x20);
}

// The bytes of the UTF-8 character at `at`; 1 where the bytes are no such character.
size_t character_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (at + length > text.size()) return 1;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 1;
  }
  return length;
}

}  // namespace

std::string latex_of_unicode(std::string_view text) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (ascii) return std::string(text);
  std::string result;
  enum class Script : uint8_t { none, super, sub } script = Script::none;
  const auto leave_script = [&] {
    if (script != Script::none) result += '}';
    script = Script::none;
  };
  for (size_t i = 0; i < text.size();) {
    const size_t length = character_length(text, i);
    const std::string_view character = text.substr(i, length);
    i += length;
    if (length == 1) {
      leave_script();
      const auto byte = static_cast<unsigned char>(character[0]);
      result += byte < 0x20 || byte == 0x7f ? (byte == '\n' ? '\n' : ' ') : character[0];
      continue;
    }
    const char super = script_of(character, true), sub = script_of(character, false);
    if (super != '\0' || sub != '\0') {
      const Script kind = super != '\0' ? Script::super : Script::sub;
      if (script != kind) {
        leave_script();
        result += kind == Script::super ? "^{" : "_{";
        script = kind;
      }
      result += super != '\0' ? super : sub;
      continue;
    }
    leave_script();
    const auto found = latex_names().find(character);
    if (found != latex_names().end()) {
      result += found->second;
    } else if (is_full_width(character)) {
      result += full_width(character);
    } else {
      result += character;
    }
  }
  leave_script();
  return result;
}

}  // namespace deepscaler
