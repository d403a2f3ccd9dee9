// SPDX-License-Identifier: Apache-2.0
#include "godwit/commandline/completion.hpp"

#include <functional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "godwit/base/text.hpp"
#include "words.hpp"

namespace godwit::commandline {
namespace {

std::string path_of(const CommandWords& command) {
  return base::join(command.path, " ");
}

// In single quotes of a shell.
std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// Or the same.
bool is_above(const CommandWords& one, const CommandWords& other) {
  return one.path.size() <= other.path.size() && std::equal(one.path.begin(), one.path.end(), other.path.begin());
}

// The options of the commands above count too.
std::string words_after(const std::vector<CommandWords>& all, const CommandWords& command) {
  auto words = command.commands;
  for (const auto& each : all) {
    if (!is_above(each, command)) continue;
    for (const auto& option : each.options)
      for (const auto& name : option.names)
        if (std::ranges::find(words, name) == words.end()) words.push_back(name);
  }
  return base::join(words, " ");
}

// Those that a word must follow: file names, and others of which nothing is known.
std::string option_names(const std::vector<CommandWords>& all, bool files) {
  std::vector<std::string> names;
  for (const auto& command : all)
    for (const auto& option : command.options)
      if (!option.argument.empty() && option.is_file() == files)
        for (const auto& name : option.names)
          if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  return base::join(names, " | ");
}

// Of a shell that goes by the path of commands so far: the paths that there are, as a pattern, and a case for each.
struct Branches {
  std::string paths;
  std::string cases;
};
using CaseOf = std::function<std::string(const CommandWords& command, bool takes_file)>;

Branches branches_of(const std::vector<CommandWords>& all, const CaseOf& case_of) {
  std::vector<std::string> paths;
  Branches branches;
  for (const auto& command : all) {
    if (!command.path.empty()) paths.push_back(shell_quoted(path_of(command)));
    branches.cases += case_of(command, std::ranges::any_of(command.arguments, &OptionWords::is_file));
  }
  branches.paths = base::join(paths, " | ");
  return branches;
}

// "name:what it means" for _describe, quoted.
std::string zsh_item(std::string_view name, std::string_view help) {
  std::string item;
  for (const char c : name) item += c == ':' ? std::string("\\:") : std::string(1, c);
  return shell_quoted(item + ":" + std::string(help));
}

std::string zsh_commands(const std::vector<CommandWords>& all, const CommandWords& command) {
  std::vector<std::string> items;
  for (const auto& below : command.commands) {
    auto path = command.path;
    path.push_back(below);
    items.push_back(zsh_item(below, std::ranges::find(all, path, &CommandWords::path)->help));
  }
  return base::join(items, " ");
}

std::string zsh_options(const std::vector<CommandWords>& all, const CommandWords& command) {
  std::vector<std::string> items, seen;
  for (const auto& each : all) {
    if (!is_above(each, command)) continue;
    for (const auto& option : each.options)
      for (const auto& name : option.names) {
        if (std::ranges::find(seen, name) != seen.end()) continue;
        seen.push_back(name);
        items.push_back(zsh_item(name, option.help));
      }
  }
  return base::join(items, " ");
}

std::string fish_condition(const CommandWords& command) {
  if (command.path.empty()) return "__fish_use_subcommand";
  std::vector<std::string> conditions;
  for (const auto& word : command.path) conditions.push_back("__fish_seen_subcommand_from " + word);
  auto condition = base::join(conditions, "; and ");
  if (!command.commands.empty())
    condition += "; and not __fish_seen_subcommand_from " + base::join(command.commands, " ");
  return condition;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  const auto all = words_of(app);
  const auto& name = app.get_name();
  const auto [paths, cases] = branches_of(all, [&](const CommandWords& command, bool takes_file) {
    return fmt::format("    {}) words={}{} ;;\n", shell_quoted(path_of(command)),
                       shell_quoted(words_after(all, command)), takes_file ? " files=yes" : "");
  });
  return fmt::format(R"(# Completion of {0} for bash, made from its command line.
_{0}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path= words= files= next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next=${{path:+$path }}${{COMP_WORDS[i]}}
    case $next in
      {1}) path=$next ;;
    esac
  done
  case $prev in
    {2}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    {3}) COMPREPLY=(); return ;;
  esac
  case $path in
{4}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if [[ $files ]]; then mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$cur"); fi
}}
complete -o filenames -F _{0} {0}
)",
                     name, paths, option_names(all, true), option_names(all, false), cases);
}

std::string fish_completion(const CLI::App& app) {
  const auto all = words_of(app);
  const auto& name = app.get_name();
  std::string script =
      fmt::format("# Completion of {0} for fish, made from its command line.\ncomplete -c {0} -f\n", name);
  for (const auto& command : all) {
    for (const auto& below : command.commands) {
      auto path = command.path;
      path.push_back(below);
      const auto found = std::ranges::find(all, path, &CommandWords::path);
      script += fmt::format("complete -c {} -n {} -a {} -d {}\n", name, shell_quoted(fish_condition(command)), below,
                            shell_quoted(found->help));
    }
    for (const auto& option : command.options) {
      const auto condition = command.path.empty() ? std::string() : " -n " + shell_quoted(fish_condition(command));
      const auto argument = option.argument.empty() ? "" : option.is_file() ? " -r -F" : " -x";
      script += fmt::format("complete -c {}{} -l {}{} -d {}\n", name, condition, option.names.back().substr(2),
                            argument, shell_quoted(option.help));
    }
  }
  return script;
}

std::string zsh_completion(const CLI::App& app) {
  const auto all = words_of(app);
  const auto& name = app.get_name();
  const auto [paths, cases] = branches_of(all, [&](const CommandWords& command, bool takes_file) {
    return fmt::format("    ({})\n      commands=({})\n      options=({}){} ;;\n", shell_quoted(path_of(command)),
                       zsh_commands(all, command), zsh_options(all, command), takes_file ? "\n      files=yes" : "");
  });
  return fmt::format(R"(#compdef {0}
# Completion of {0} for zsh, made from its command line.
_{0}() {{
  local at= next= files=
  local -a commands options
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    next=${{at:+$at }}${{words[i]}}
    case $next in
      ({1}) at=$next ;;
    esac
  done
  case ${{words[CURRENT-1]}} in
    ({2}) _files; return ;;
    ({3}) _message 'a value'; return ;;
  esac
  case $at in
{4}  esac
  if [[ ${{words[CURRENT]}} == -* ]]; then
    _describe -o option options
    return
  fi
  (( $#commands )) && _describe command commands
  [[ -n $files ]] && _files
  return 0
}}
_{0} "$@"
)",
                     name, paths, option_names(all, true), option_names(all, false), cases);
}

}  // namespace godwit::commandline
