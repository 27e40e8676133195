#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

constexpr char kAll[] = "%p %o [%k] %K [%s]\\n";

TEST_CASE("each line becomes a record with the key before the first delimiter", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  const ToolResult produced =
      RunTool({"produce", log, "t", "--key-delimiter", ":", "--print-offsets"},
              "a:1\nb:2:3\nplain\n\n:empty key\nlast");
  CHECK(produced.exit_code == 0);
  CHECK(produced.out == "0 0\n0 1\n0 2\n0 3\n0 4\n0 5\n");
  CHECK(RunTool({"consume", log, "t", "--format", kAll}).out ==
        "0 0 [a] 1 [1]\n0 1 [b] 1 [2:3]\n0 2 [] -1 [plain]\n0 3 [] -1 []\n"
        "0 4 [] 0 [empty key]\n0 5 [] -1 [last]\n");
}

TEST_CASE("without a delimiter a line is all value", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a:1\r\n").exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "--format", kAll}).out == "0 0 [] -1 [a:1\r]\n");
}

TEST_CASE("no input makes the topic and no record", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t", "--config", "durability=process"}).exit_code == 0);
  CHECK(RunTool({"topic", "describe", log, "t"}).out.find("durability: process") !=
        std::string::npos);
  CHECK(RunTool({"consume", log, "t"}).out.empty());
}

TEST_CASE("a chosen partition gets every record and one that is not there none", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", "3"}).exit_code == 0);
  CHECK(RunTool({"produce", log, "t", "--partition", "2", "--print-offsets"}, "a\nb\n").out ==
        "2 0\n2 1\n");
  const ToolResult wrong = RunTool({"produce", log, "t", "--partition", "3"}, "a\n");
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.err.find("UNKNOWN_PARTITION") != std::string::npos);
}

TEST_CASE("a line that is too large is named and those before it are kept", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  const std::string large(2 << 20, 'x');
  const ToolResult result = RunTool({"produce", log, "t"}, "a\nb\n" + large + "\nc\n");
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("RECORD_TOO_LARGE: line 3") != std::string::npos);
  CHECK(RunTool({"consume", log, "t"}).out == "a\nb\n");
}

TEST_CASE("files are read one after another and wrong lines named by them", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  WriteFileText(directory / "one", "a\nb");
  WriteFileText(directory / "two", "c\n" + std::string(2 << 20, 'x') + "\nd\n");
  CHECK(RunTool({"produce", log, "t", "--file", directory / "one", "--file", directory / "none"})
            .exit_code == 1);
  CHECK_FALSE(std::filesystem::exists(log));
  const ToolResult result =
      RunTool({"produce", log, "t", "--file", directory / "one", "--file", directory / "two"},
              "not read\n");
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("RECORD_TOO_LARGE: " + directory / "two" + ":2 (all before") !=
        std::string::npos);
  CHECK(RunTool({"consume", log, "t"}).out == "a\nb\nc\n");
}

TEST_CASE("headers and a time are given to every record and empty values to none", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t", "--header", "a=1", "--header", "b=2=3", "--timestamp",
                   "2026-11-21T16:08:00Z", "--key-delimiter", ":", "--null"},
                  "k:\nl:v\n")
              .exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "--format", "%k %S %R [%h];"}).out ==
        "k -1 2026-11-21T16:08:00.000Z [a=1,b=2=3];l 1 2026-11-21T16:08:00.000Z [a=1,b=2=3];");
}

TEST_CASE("what is consumed as JSON is produced from it again", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", "3"}).exit_code == 0);
  REQUIRE(RunTool({"topic", "create", log, "copy", "--partitions", "3"}).exit_code == 0);
  REQUIRE(RunTool({"produce", log, "t", "--key-delimiter", ":", "--header", "h=\xff", "--null",
                   "--timestamp", "1700000000123"},
                  "a:1\nb:\nplain\n\xff:\xfe\nc:\\\"\n")
              .exit_code == 0);
  const ToolResult original = RunTool({"consume", log, "t", "--json"});
  REQUIRE(LinesOf(original.out).size() == 5);
  CHECK(original.out == RunTool({"consume", log, "t", "--format", "%J\\n"}).out);
  REQUIRE(RunTool({"produce", log, "copy", "--json"}, original.out).exit_code == 0);
  std::string copy = RunTool({"consume", log, "copy", "--json"}).out;
  for (std::size_t at; (at = copy.find("\"topic\":\"copy\"")) != std::string::npos;) {
    copy.replace(at, 14, "\"topic\":\"t\"");
  }
  CHECK(copy == original.out);
}

TEST_CASE("a line that is no record is named and those before it are kept", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  const ToolResult result =
      RunTool({"produce", log, "t", "--json", "--print-offsets", "--partition", "0", "--header",
               "h=1", "--timestamp", "5"},
              "{\"value\":\"a\"}\n{\"value\":\"b\",\"timestamp\":6}\n{\"vlaue\":\"c\"}\n"
              "{\"value\":\"d\"}\n");
  CHECK(result.exit_code == 1);
  CHECK(result.out == "0 0\n0 1\n");
  CHECK(result.err.find("line 3 (all before it is appended, nothing behind): there is no "
                        "\"vlaue\"") != std::string::npos);
  CHECK(RunTool({"consume", log, "t", "--format", "%s %T %h;"}).out == "a 5 h=1;b 6 h=1;");
}

TEST_CASE("many lines keep their order", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  std::string input;
  for (int i = 0; i < 30000; ++i) input += std::to_string(i) + "\n";
  REQUIRE(RunTool({"produce", log, "t", "--config", "segment.bytes=65536"}, input).exit_code == 0);
  CHECK(RunTool({"consume", log, "t"}).out == input);
  CHECK(RunTool({"verify", log}).exit_code == 0);
}

TEST_CASE("a line is acknowledged before the next one is there", "[cli]") {
  const TempDir directory;
  int in[2];
  int out[2];
  REQUIRE(pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  const pid_t tool =
      StartTool({"produce", directory / "log", "t", "--print-offsets"}, in[0], out[1], 2);
  close(in[0]);
  close(out[1]);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(write(in[1], "x\n", 2) == 2);
    char answer[16] = {};
    REQUIRE(read(out[0], answer, sizeof answer) > 0);
    CHECK(std::string(answer) == "0 " + std::to_string(i) + "\n");
  }
  close(in[1]);
  CHECK(WaitFor(tool) == 0);
  close(out[0]);
}

}  // namespace
}  // namespace eventlog::test
