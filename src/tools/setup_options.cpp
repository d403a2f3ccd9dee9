// SPDX-License-Identifier: Apache-2.0
#include "setup_options.hpp"

#include <CLI/CLI.hpp>

namespace godwit::tools {
namespace {

void add_config_file(CLI::App& command, std::string& into) {
  command.add_option("--config", into, "the daemon's configuration; default: " + std::string(usual_config))
      ->type_name("FILE");
}

}  // namespace

CLI::App* SetupOptions::add(CLI::App& parent, const char* name, const char* help, Command command) {
  CLI::App* added = parent.add_subcommand(name, help);
  added->fallthrough();
  added->callback([this, command = std::move(command)] { choose_(command); });
  return added;
}

void SetupOptions::add_to(CLI::App& app) {
  add_init(app);
  add_doctor(app);
  add_config(app);
}

void SetupOptions::add_init(CLI::App& app) {
  CLI::App* command = add(app, "init", "make this machine a mail host for a domain; changes nothing that works",
                          [this] { return init().run(); });
  command->add_option("DOMAIN", domain_, "like example.com")->required();
  command->add_option("--hostname", hostname_, "this host's name in DNS; default: the system's, else mail.DOMAIN")
      ->type_name("NAME");
  command->add_option("--account", account_, "the first account; default: postmaster@DOMAIN")->type_name("ADDRESS");
  command->add_option("--address", addresses_, "a public address of the host; default: those of its interfaces")
      ->type_name("IP");
  command->add_flag("--acme", acme_,
                    "a new host gets its certificate itself, from Let's Encrypt, to whose terms of service you agree");
  command->add_flag("--yes", yes_, "ask nothing");
  command->add_option("--root", root_, "what stands before all paths, as of a machine's image")->type_name("FOLDER");
  command
      ->add_option("--directory", folder_,
                   "keep the configuration, and all else below it, in this folder; default: /etc/godwit")
      ->type_name("FOLDER");
  command->add_option("--dns", dns_servers_, "the DNS servers to ask; default: the system's")->type_name("ADDRESS");
}

void SetupOptions::add_doctor(CLI::App& app) {
  CLI::App* command = add(app, "doctor", "look at this mail host as others see it; exits 1 when there are problems",
                          [this] { return doctor().run(); });
  add_config_file(*command, config_);
  command->add_option("--zone", zone_, "judge the records of this zone file, in place of what DNS says")
      ->type_name("FILE");
  command->add_option("--address", addresses_, "a public address of the host; default: those it finds")
      ->type_name("IP");
  command
      ->add_option("--blocklist", blocklists_, "a DNS list to ask about the addresses; default: some well-known ones")
      ->type_name("DOMAIN");
}

void SetupOptions::add_config(CLI::App& app) {
  CLI::App* group = app.add_subcommand("config", "what the configuration says");
  group->fallthrough();
  group->require_subcommand(1);
  add_config_file(*group, config_);
  add(*group, "check", "every error, with its place", [this] { return config().check(); });
  add(*group, "diff", "what is set to something else than its default; or what differs in another file", [this] {
    return config().diff(other_);
  })->add_option("FILE", other_, "another configuration");
  add(*group, "show-effective", "all values in force, and where they were set",
      [this] { return config().show_effective(); });
  add(*group, "explain", "what a key means, or all keys of a section", [this] { return config().explain(key_); })
      ->add_option("KEY", key_, "like limits.message_size, or limits")
      ->required();
}

InitCommand SetupOptions::init() const {
  return {.console = console_,
          .domain = domain_,
          .hostname = hostname_,
          .account = account_,
          .addresses = addresses_,
          .root = root_,
          .folder = folder_,
          .dns = dns_servers_,
          .orders_certificate = acme_,
          .asks = !yes_};
}

DoctorCommand SetupOptions::doctor() const {
  return {.console = console_,
          .config = config_,
          .zone = zone_,
          .addresses = addresses_,
          .blocklists = blocklists_,
          .as_json = as_json_};
}

}  // namespace godwit::tools
