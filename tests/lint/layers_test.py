#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layer check catches what it is there for: each case is a small tree with one fault."""

import pathlib
import tempfile
import unittest

import layers

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class Tree:
    """base ← smtp ← server, daemon above; every case adds one file."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        for name, may in {"base": "", "log": "base", "smtp": "base", "server": "base smtp", "config": "base"}.items():
            self.write(f"src/{name}/CMakeLists.txt", f"godwit_layer({name} MAY_INCLUDE {may} LINK fmt::fmt)\n")
            self.write(f"src/{name}/README.md", f"# {name}\n")
            self.header(f"{name}/{name}.hpp", "")
        self.header("server/settings.hpp", "")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def header(self, path, text):
        self.write(f"include/godwit/{path}", SPDX + "#pragma once\n" + text)

    def source(self, path, text):
        self.write(f"src/{path}", SPDX + text)


class LayerCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = Tree(folder.name)

    def expect(self, *fragments):
        violations = layers.check(self.tree.root)
        self.assertEqual(len(violations), len(fragments), violations)
        for fragment, violation in zip(fragments, violations):
            self.assertIn(fragment, violation)

    def test_a_clean_tree_has_no_violation(self):
        self.tree.source("server/a.cpp", '#include "godwit/smtp/smtp.hpp"\n#include "server/b.hpp"\n#include <thread>\n')
        self.tree.source("server/b.hpp", "#pragma once\n")
        self.expect()

    def test_the_table_of_folders_says_what_the_lists_say(self):
        rows = ["| `base/` *pure* | x | – |", "| `log/` | x | base |", "| `smtp/` *pure* | x | base |", "| `config/` | x | base |"]
        self.tree.write("docs/architecture.md", "\n".join(rows + ["| `server/` | x | smtp base |"]))
        self.expect()
        self.tree.write("docs/architecture.md", "\n".join(rows + ["| `server/` | x | base |"]))
        self.expect("docs/architecture.md:5: what server/ may include")
        self.tree.write("docs/architecture.md", "\n".join(rows))
        self.expect("docs/architecture.md:1: the table of folders lacks server/")

    def test_a_lower_layer_may_not_include_a_higher_one(self):
        self.tree.source("smtp/a.cpp", '#include "godwit/server/server.hpp"\n')
        self.expect('src/smtp/a.cpp:2: smtp/ may not include "godwit/server/server.hpp"')

    def test_an_undeclared_layer_below_is_refused_too(self):
        self.tree.header("server/b.hpp", '#include "godwit/log/log.hpp"\n')
        self.expect('include/godwit/server/b.hpp:3: server/ may not include "godwit/log/log.hpp"')

    def test_config_sees_settings_and_nothing_else(self):
        self.tree.source("config/a.cpp", '#include "godwit/server/settings.hpp"\n#include "godwit/server/server.hpp"\n')
        self.expect("src/config/a.cpp:3:")

    def test_private_headers_of_other_folders_are_refused(self):
        self.tree.source("smtp/words.hpp", "#pragma once\n")
        self.tree.source("server/a.cpp", '#include "smtp/words.hpp"\n')
        self.tree.source("server/b.cpp", '#include "../smtp/words.hpp"\n')
        self.expect("src/server/a.cpp:2:", "src/server/b.cpp:2:")

    def test_a_public_header_hides_private_ones(self):
        self.tree.source("server/b.hpp", "#pragma once\n")
        self.tree.header("server/c.hpp", '#include "server/b.hpp"\n')
        self.expect("public header includes the private")

    def test_pure_folders_stay_pure(self):
        self.tree.source("smtp/a.cpp", "#include <boost/asio/awaitable.hpp>\n#include <thread>\n")
        self.expect("<boost/asio/awaitable.hpp>", "<thread>")

    def test_a_circle_of_declarations_is_found(self):
        self.tree.write("src/base/CMakeLists.txt", "godwit_layer(base MAY_INCLUDE smtp)\n")
        self.assertTrue(any("circle" in violation for violation in layers.check(self.tree.root)))

    def test_thread_local_and_standard_streams(self):
        self.tree.source("server/a.cpp", 'thread_local int x; // std::cout\nvoid f() { std::cout << "thread_local"; }\n')
        self.expect("src/server/a.cpp:2: thread_local", "src/server/a.cpp:3: writes to a standard stream")

    def test_paths_of_one_machine(self):
        self.tree.write("scripts/x", "cp /root/a /var/b\n")
        self.expect("scripts/x:1: absolute path")

    def test_a_folder_without_readme(self):
        (self.tree.root / "src/smtp/README.md").unlink()
        self.expect("src/smtp/README.md:1: missing")


if __name__ == "__main__":
    unittest.main()
