// SPDX-License-Identifier: Apache-2.0
#include "godwit/commandline/manual.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "words.hpp"

namespace godwit::commandline {
namespace {

// Text of a page: a backslash, a hyphen and a line that begins with a dot or an apostrophe would mean something.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n'))
      result += fmt::format("\\&{}", c);
    else
      result += c;
  }
  return result;
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff(text));
}
std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", roff(text));
}

std::string heading(const Manual& manual) {
  return fmt::format(".TH {} {} \"\" \"Godwit {}\" \"Godwit\"\n.SH NAME\n{} \\- {}\n", base::to_upper(manual.name),
                     manual.section, GODWIT_VERSION, roff(manual.name), roff(manual.summary));
}

std::string paragraphs(std::string_view text) {
  std::string result;
  for (const auto line : base::split(text, '\n')) result += line.empty() ? ".PP\n" : roff(line) + "\n";
  return result;
}

std::string endings(const Manual& manual) {
  std::string result;
  for (const auto& section : manual.more)
    result += fmt::format(".SH {}\n{}", roff(section.heading), paragraphs(section.text));
  return result;
}

std::string argument_of(const OptionWords& argument) {
  return argument.is_required ? " " + italic(argument.argument) : " [" + italic(argument.argument) + "]";
}

std::string option_entry(const OptionWords& option) {
  std::vector<std::string> names;
  for (const auto& name : option.names) names.push_back(bold(name));
  const auto argument = option.argument.empty() ? std::string() : " " + italic(option.argument);
  return fmt::format(".TP\n{}{}\n{}\n", base::join(names, ", "), argument, roff(option.help));
}

std::string entries_of(const CommandWords& command) {
  std::string result;
  for (const auto& argument : command.arguments)
    if (!argument.help.empty()) result += fmt::format(".TP\n{}\n{}\n", italic(argument.argument), roff(argument.help));
  for (const auto& option : command.options)
    // Each command has it; one mention is enough.
    if (command.path.empty() || option.names.back() != "--help") result += option_entry(option);
  return result;
}

std::string command_section(const Manual& manual, const CommandWords& command) {
  std::string line = bold(manual.name + " " + base::join(command.path, " "));
  for (const auto& argument : command.arguments) line += argument_of(argument);
  auto result = fmt::format(".SS {}\n{}\n{}", line, roff(command.help), entries_of(command));
  if (!command.footer.empty()) result += ".PP\n" + paragraphs(command.footer);
  return result;
}

}  // namespace

std::string manual_page(const Manual& manual, const CLI::App& app) {
  const auto commands = words_of(app);
  const auto& program = commands.front();
  std::string arguments;
  for (const auto& argument : program.arguments) arguments += argument_of(argument);
  auto page =
      heading(manual) + fmt::format(".SH SYNOPSIS\n{} [{}]{}{}\n", bold(manual.name), italic("OPTIONS"), arguments,
                                    program.commands.empty() ? "" : " " + italic("COMMAND") + " ...");
  page += ".SH DESCRIPTION\n" + roff(program.help) + "\n.SH OPTIONS\n" + entries_of(program);
  if (commands.size() > 1) page += ".SH COMMANDS\n";
  for (std::size_t i = 1; i < commands.size(); ++i)
    // One that only has others below it is told by them; what it takes for all of them, it tells itself.
    page += command_section(manual, commands[i]);
  return page + endings(manual);
}

std::string manual_page(const Manual& manual, std::string_view help) {
  const auto first_end = help.find('\n');
  auto page = heading(manual) + ".SH SYNOPSIS\n" + roff(help.substr(0, first_end)) + "\n.SH DESCRIPTION\n";
  bool is_verbatim = false;
  for (const auto line : base::split(base::trim(help.substr(std::min(first_end, help.size()))), '\n')) {
    const bool is_indented = line.starts_with(' ');
    if (is_indented != is_verbatim) page += is_indented ? ".nf\n" : ".fi\n";
    is_verbatim = is_indented;
    page += line.empty() ? ".PP\n" : roff(line) + "\n";
  }
  if (is_verbatim) page += ".fi\n";
  return page + endings(manual);
}

std::string manual_page(const Manual& manual, std::string_view description, const std::vector<ManualEntry>& entries) {
  auto page = heading(manual) + ".SH DESCRIPTION\n" + paragraphs(description) + ".SH KEYS\n";
  for (const auto& entry : entries) page += fmt::format(".TP\n{}\n{}", bold(entry.term), paragraphs(entry.text));
  return page + endings(manual);
}

}  // namespace godwit::commandline
