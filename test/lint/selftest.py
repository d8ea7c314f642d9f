#!/usr/bin/env python3
"""Plants one fault for each lint in an empty tree and looks that it is found, and that the same tree without it passes."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD_HAZARDS = "| H-MOVE-01 | a | b | due | \"It stands\" |\n"
GOOD_TEST = 'TEST_CASE("It stands") { CHECK(1 == 1); }\n'
BASE = {"src/base/a.hpp": "#pragma once\n", "src/resp/b.cpp": '#include "base/a.hpp"\nint b() { return 1; }\n',
        "test/unit/a_test.cpp": GOOD_TEST, "docs/hazards.md": GOOD_HAZARDS, "docs/README.md": "[hazards](hazards.md)\n"}
LONG_FUNCTION = "int f(int a) {\n" + "  ++a;\n" * 60 + "  return a;\n}\n"

# lint, file, content, words of the complaint
PLANTED = [
    ("floors", "src/base/bad.hpp", '#include "resp/c.hpp"\n', "may not include"),
    ("floors", "src/resp/bad.cpp", "int f() { throw 1; }\n", "throw nothing"),
    ("floors", "src/resp/bad.cpp", "auto f() { return std::chrono::steady_clock::now(); }\n", "read no clock"),
    ("floors", "src/resp/bad.cpp", 'void f() { std::cout << "x"; }\n', "print nothing"),
    ("floors", "src/resp/bad.cpp", "#include <yaml-cpp/yaml.h>\n", "yaml-cpp"),
    ("floors", "src/proxy/engine/bad.cpp", "#include <boost/asio.hpp>\n", "sockets"),
    ("floors", "src/store/bad.cpp", "#include <spdlog/spdlog.h>\n", "observe"),
    ("floors", "src/store/bad.cpp", '#include "transforms/t.hpp"\n', "may not include"),
    ("floors", "src/elsewhere/bad.cpp", "int x;\n", "give it a floor"),
    ("floors", "src/resp/bad.cpp", '#include "base/absent.hpp"\n', "no file below src"),
    ("sizes", "src/base/bad.cpp", "int x;\n" * 401, "400 is the limit"),
    ("sizes", "src/base/bad.cpp", LONG_FUNCTION, "60 is the limit"),
    ("sizes", "src/base/bad.cpp", "namespace n {\nstruct S {\n" + LONG_FUNCTION + "};\n}\n", "60 is the limit"),
    ("names", "src/base/bad.hpp", "class ConnectionManager {\n};\n", "says nothing"),
    ("names", "src/base/string_util.hpp", "\n", "file's name"),
    ("assertions", "test/unit/bad_test.cpp", 'TEST_CASE("Nothing") { int x = 1; (void)x; }\n', "asserts nothing"),
    ("assertions", "test/unit/bad_test.cpp", 'TEST_CASE("CHECK in words only") { /* CHECK */ }\n', "asserts nothing"),
    ("assertions", "test/integration/bad.py", "def test_x():\n    x = 1\n", "asserts nothing"),
    ("hazards", "docs/hazards.md", GOOD_HAZARDS + "| H-MOVE-02 | a | b | due | |\n", "no test covers it"),
    ("hazards", "docs/hazards.md", GOOD_HAZARDS + '| H-MOVE-02 | a | b | due | "It flies" |\n', "does not exist"),
    ("hazards", "docs/hazards.md", GOOD_HAZARDS + "| H-MOVE-02 | a | b | some day | |\n", "state"),
    ("hazards", "docs/hazards.md", GOOD_HAZARDS * 2, "twice"),
    ("hazards", "docs/hazards.md", "nothing\n", "nothing was found"),
    ("links", "docs/bad.md", "[gone](gone.md)\n", "leads nowhere"),
    ("links", "docs/bad.md", "[gone](hazards.md#no-such-heading)\n", "no heading"),
    ("links", "docs/bad.md", "see `src/base/gone.hpp`\n", "there is no"),
]


def outcome(lint, files):
    with tempfile.TemporaryDirectory() as top:
        for path, content in files.items():
            os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
            with open(os.path.join(top, path), "w") as file:
                file.write(content)
        done = subprocess.run([sys.executable, os.path.join(HERE, lint + ".py")], capture_output=True, text=True,
                              env=os.environ | {"KEYSHIFT_LINT_TOP": top})
        return done.returncode, done.stdout + done.stderr


def main():
    passed = failed = 0
    for lint in sorted({row[0] for row in PLANTED}):
        code, output = outcome(lint, BASE)
        good = code == 0
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"{lint}: complains of a tree without fault:\n{output}")
    for lint, path, content, words in PLANTED:
        extra = {"src/resp/c.hpp": "#pragma once\n", "src/transforms/t.hpp": "#pragma once\n"} if lint == "floors" else {}
        code, output = outcome(lint, BASE | extra | {path: content})
        good = code == 1 and words in output
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"{lint}: did not find what was planted in {path} ({words}):\n{output}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
