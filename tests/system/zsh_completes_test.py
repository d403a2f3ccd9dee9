#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real zsh completes godwitctl's words, options and file names."""

import os
import pty
import select

from support.scenario import BIN, Scenario, kill_after, main
import subprocess

# Shows the line as it stands after the completion, and the candidates where it has several.
SETUP = """
PS1='' PS2='' LISTMAX=1000
fpath=({folder} $fpath)
autoload -U compinit && compinit -u -d {folder}/dump
zstyle ':completion:*' menu no
bindkey '^I' complete-word
show-line() {{ print -r -- "$BUFFER" > {folder}/line.new; command mv {folder}/line.new {folder}/line; BUFFER=; }}
zle -N show-line
bindkey '^X^L' show-line
compdef
cd {folder}
print ready > {folder}/ready
"""


class ZshCompletes(Scenario):
    def setUp(self):
        super().setUp()
        (self.folder / "_godwitctl").write_text(self.run_program(BIN / "godwitctl", "--completion", "zsh").stdout)
        (self.folder / "setup").write_text(SETUP.format(folder=self.folder))
        (self.folder / "draft-of-mine.yaml").write_text("")
        self.terminal, end = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        process = subprocess.Popen(["zsh", "-f", "-i"], stdin=end, stdout=end, stderr=end, start_new_session=True,
                                   env={**os.environ, "TERM": "dumb", "HOME": str(self.folder)})
        os.close(end)
        kill_after(self, process, "zsh")
        self.said = b""
        self.type(f"source {self.folder}/setup\n")
        self.wait_for(self.folder / "ready")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, path):
        """The file's text, when it is there; meanwhile what zsh says is read."""

        def look():
            while select.select([self.terminal], [], [], 0)[0]:
                self.said += os.read(self.terminal, 65536)
            return path.exists()

        self.wait_until(look, f"zsh writes {path.name}")
        text = path.read_text()
        path.unlink()
        return text.rstrip("\n")

    def completed(self, line):
        """The line after the tabulator."""
        self.said = b""
        self.type(line + "\t\x18\x0c")
        return self.wait_for(self.folder / "line")

    def candidates(self, line):
        self.completed(line)
        return self.said.decode(errors="replace")

    def test_words_options_and_files(self):
        for line, completed in (("godwitctl dest", "godwitctl destinations "),
                                ("godwitctl queue ret", "godwitctl queue retry "),
                                ("godwitctl --json queue li", "godwitctl --json queue list "),
                                ("godwitctl config test", "godwitctl config test-replay "),
                                ("godwitctl config test-replay --la", "godwitctl config test-replay --last "),
                                ("godwitctl queue list --destin", "godwitctl queue list --destination "),
                                ("godwitctl queue list --soc", "godwitctl queue list --socket "),  # of all commands
                                ("godwitctl config check --config dra", "godwitctl config check --config draft-of-mine.yaml "),
                                ("godwitctl spool import dra", "godwitctl spool import draft-of-mine.yaml "),
                                ("godwitctl queue show dra", "godwitctl queue show dra")):
            with self.subTest(line):
                self.assertEqual(self.completed(line), completed)

    def test_what_words_mean_is_shown(self):
        shown = self.candidates("godwitctl queue ")
        for word, meaning in (("retry", "try waiting messages now"), ("bounce", "return messages to their senders")):
            self.assertRegex(shown, rf"{word} +-- {meaning}")
        self.assertNotIn("destinations", shown)
        self.assertRegex(self.candidates("godwitctl reload --"), r"--force +-- also where")


if __name__ == "__main__":
    main()
