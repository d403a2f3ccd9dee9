// SPDX-License-Identifier: Apache-2.0
#include "paint.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

namespace godwit::tools {
namespace {

constexpr std::string_view bold = "\x1b[1m", red = "\x1b[31m", green = "\x1b[32m", yellow = "\x1b[33m",
                           plain = "\x1b[0m", gap = "  ";

// Cells that are one of these words.
constexpr std::array words{
    std::pair(std::string_view("ok"), green),       std::pair(std::string_view("good"), green),
    std::pair(std::string_view("flowing"), green),  std::pair(std::string_view("delivered"), green),
    std::pair(std::string_view("warning"), yellow), std::pair(std::string_view("deferred"), yellow),
    std::pair(std::string_view("held"), yellow),    std::pair(std::string_view("suspended"), yellow),
    std::pair(std::string_view("full"), yellow),    std::pair(std::string_view("rate"), yellow),
    std::pair(std::string_view("SLOW"), yellow),    std::pair(std::string_view("problem"), red),
    std::pair(std::string_view("down"), red),       std::pair(std::string_view("bounced"), red),
    std::pair(std::string_view("expired"), red),    std::pair(std::string_view("STOPPED"), red),
    std::pair(std::string_view("LIST OFF"), red),
};
// Cells in which one of these stands.
constexpr std::array<std::string_view, 3> alarms{"NOT HEALTHY", "OUT OF DATE", "NOT RELOADED"};

std::string_view colour_of(std::string_view cell) {
  if (std::ranges::any_of(alarms, [&](auto alarm) { return cell.contains(alarm); })) return red;
  const auto* const found = std::ranges::find(words, cell, &std::pair<std::string_view, std::string_view>::first);
  return found == words.end() ? std::string_view() : found->second;
}

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

// Capitals alone, in several columns.
bool is_heading(std::string_view line) {
  return line.contains(gap) && std::ranges::count_if(line, is_capital) > 3 &&
         std::ranges::all_of(line, [](char c) { return is_capital(c) || c == ' '; });
}

void paint_cell(std::string_view cell, std::string& out) {
  const auto colour = colour_of(cell);
  out += colour;
  out += cell;
  if (!colour.empty()) out += plain;
}

void paint_line(std::string_view line, std::string& out) {
  if (is_heading(line)) {
    out.append(bold).append(line).append(plain);
    return;
  }
  while (!line.empty()) {
    const auto end = std::min(line.find(gap), line.size());
    paint_cell(line.substr(0, end), out);
    const auto next = std::min(line.find_first_not_of(' ', end), line.size());
    out += line.substr(end, next - end);
    line.remove_prefix(next);
  }
}

}  // namespace

std::string painted(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    paint_line(text.substr(0, end), out);
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void show(const Console& console, std::string_view text) {
  if (console.in_colour)
    console.out << painted(text);
  else
    console.out << text;
}

}  // namespace godwit::tools
