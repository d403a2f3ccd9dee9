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
  add_import(app);
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

void SetupOptions::add_import(CLI::App& app) {
  CLI::App* group = app.add_subcommand("import", "make a configuration out of another mail server's");
  group->fallthrough();
  group->require_subcommand(1);
  CLI::App* postfix = add(*group, "postfix", "of Postfix's main.cf, master.cf and tables; names what has no equivalent",
                          [this] { return settings_ ? importing().show_settings() : importing().run(); });
  postfix->add_option("DIRECTORY", postfix_, "where main.cf is; default: /etc/postfix");
  postfix->add_option("--output", output_, "write it to this file, and passwords beside it; default: standard output")
      ->type_name("FILE");
  postfix->add_flag("--force", force_, "replace files that are there");
  postfix->add_flag("--settings", settings_, "print what becomes of each of Postfix's settings, and exit");
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
  command
      ->add_option("--destination", destinations_,
                   "a domain whose mail hosts are tried from here, where no route takes everything; default: some "
                   "well-known ones")
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
  CLI::App* replay =
      add(*group, "test-replay",
          "what another configuration would have made of the mail that came last: by the running daemon; sends nothing",
          [this] { return this->replay().run(); });
  replay->add_option("--last", last_, "so many envelopes, and as many that were refused; default: 1000")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  replay->add_flag("--dns", asks_dns_, "ask DNS: SPF, checks of clients, MX hosts");
  replay->footer("Without --config: what a reload would change.");
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

ImportCommand SetupOptions::importing() const {
  return {.console = console_, .directory = postfix_, .output = output_, .replaces = force_, .as_json = as_json_};
}

DoctorCommand SetupOptions::doctor() const {
  return {.console = console_,
          .config = config_,
          .zone = zone_,
          .addresses = addresses_,
          .blocklists = blocklists_,
          .destinations = destinations_,
          .as_json = as_json_};
}

}  // namespace godwit::tools
