// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <CLI/CLI.hpp>

namespace godwit::commandline {
namespace {

std::vector<const CLI::App*> below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
}

OptionWords option_words(const CLI::Option& option) {
  OptionWords words{.names = {},
                    .argument = option.get_type_name(),
                    .help = option.get_description(),
                    .is_required = option.get_required()};
  for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
  // Behind the colon is how it is checked.
  words.argument.erase(std::min(words.argument.find(':'), words.argument.size()));
  if (option.get_positional()) words.argument = option.get_name(true);
  if (option.get_items_expected_max() == 0) words.argument.clear();
  return words;
}

void add_words(const CLI::App& app, const std::vector<std::string>& path, std::vector<CommandWords>& all) {
  CommandWords words{.path = path,
                     .help = app.get_description(),
                     .footer = app.get_footer(),
                     .options = {},
                     .arguments = {},
                     .commands = {}};
  for (const auto* option : app.get_options([](const CLI::Option* each) { return !each->get_group().empty(); }))
    (option->get_positional() ? words.arguments : words.options).push_back(option_words(*option));
  for (const auto* command : below(app)) words.commands.push_back(command->get_name());
  all.push_back(std::move(words));
  for (const auto* command : below(app)) {
    auto longer = path;
    longer.push_back(command->get_name());
    add_words(*command, longer, all);
  }
}

}  // namespace

std::vector<CommandWords> words_of(const CLI::App& app) {
  std::vector<CommandWords> all;
  add_words(app, {}, all);
  return all;
}

}  // namespace godwit::commandline
