#include "corpus/run_pipeline.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "corpus/look.h"
#include "corpus/pipeline_test.h"
#include "tables/parquet.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Eight words and more, so that every rule can match.
const std::string kLong = "Ann has 3 apples and buys 4 more of them at the old market. How many has she?";

std::string csv_of(const std::vector<std::string>& rows) {
  std::string text = "question,answer,topic\n";
  for (const std::string& row : rows) text += row + "\n";
  return text;
}

TEST_F(PipelineTest, FromATableToADataSet) {
  file("problems.csv",
       csv_of({"What is 1+1?,2,sums", "\"" + kLong + "\",7,words", ",3,", "What is   $1+1$?,2,again"}));
  const PipelineOutcome outcome =
      run("name = \"Sums\"\n[[step]]\nkind = \"ingest\"\nfiles = [\"problems.csv\"]\n[[step]]\nkind = "
          "\"duplicates\"\n"
          "[[step]]\nkind = \"write\"\n[[step]]\nkind = \"write\"\nform = \"deepscaler\"");
  EXPECT_EQ(outcome.done_now, 4);
  const auto records = lines("out/train.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["problem"], "What is 1+1?");
  EXPECT_EQ(records[0]["answer"], "2");
  EXPECT_EQ(records[0]["kind"], "problems");
  EXPECT_EQ(records[0]["topic"], "sums");
  const Json array = Json::parse(read_file(folder_ / "out/train.json"));
  EXPECT_EQ(array[1], Json::parse(R"({"problem": ")" + kLong + R"(", "solution": "", "answer": "7"})"));
  EXPECT_EQ(funnel_text(outcome.steps),
            "step                    in       out   dropped\n"
            "ingest                   0         3   1 no-problem\n"
            "                         4 rows read\n"
            "duplicates               3         2   1 duplicate\n"
            "write                    2         2\n"
            "                         2 train.jsonl\n"
            "write                    2         2\n"
            "                         2 train.json\n");
  EXPECT_NE(dropped_text(outcome.steps, "duplicate", 10).find("text: What is 1+1?\n"), std::string::npos);
  EXPECT_NE(read_file(folder_ / "out/README.md").find("# Sums"), std::string::npos);
  EXPECT_THROW((void)dropped_text(outcome.steps, "duplicates", 10), Error);
}

TEST_F(PipelineTest, APageWithTheFunnelAndTheLeastSimilarPairs) {
  std::string in;
  const auto add = [&](const std::string& id, const std::string& problem) {
    in += Json{{"id", id}, {"problem", problem}, {"answer", "1"}}.dump() + "\n";
  };
  add("first", kLong + " Is <b> & so?");
  for (int i = 0; i < 9; ++i)  // the more words, the less similar
    add("n" + std::to_string(i), kLong + " Is <b> & so?" + std::string(i == 4 ? " One two." : " One."));
  file("in.jsonl", in);
  (void)run("name = \"Sums & more\"\n" + std::string(kIngest) +
            "[[step]]\nkind = \"duplicates\"\nrules = [\"minhash\"]\njaccard = 0.7\n");
  const std::string page = read_file(folder_ / "out/page.html");
  const auto has = [&](const std::string& text) { return page.find(text) != std::string::npos; };
  EXPECT_TRUE(has("<h1>Sums &amp; more</h1>"));
  EXPECT_TRUE(
      has("<tr><td>duplicates<td class=\"number\">10<td class=\"number\">1<td><div class=\"bar\"><div "
          "style=\"width: 10.0%\"></div></div><td>9 <a "
          "href=\"#02-duplicates-near-duplicate\">near-duplicate</a></tr>"));
  EXPECT_TRUE(
      has("<h2 id=\"02-duplicates-near-duplicate\">duplicates: near-duplicate</h2>\n<div "
          "class=\"pair\"><div><b>n4 (in)</b>"));
  EXPECT_TRUE(has("</b>" + kLong + " Is &lt;b&gt; &amp; so?</div></div>"));  // the other problem of a pair
  EXPECT_TRUE(has("n3 (in)") && !has("n5 (in)"));                            // five in all
}

TEST_F(PipelineTest, ParquetAsTheHubAndVerlHaveIt) {
  file("in.jsonl",
       "{\"id\": \"a\", \"problem\": \"p?\", \"answer\": 1}\n{\"id\": \"b\", \"problem\": "
       "\"q?\", \"answer\": [\"2\", \"two\"], \"topic\": \"t\"}\n");
  const std::string toml = std::string(kIngest) +
                           "[[step]]\nkind = \"write\"\nform = \"parquet\"\n"
                           "[[step]]\nkind = \"write\"\nform = \"verl\"\nprompt = \"{problem} Go.\"\n";
  (void)run(toml);
  const auto table = [&](const char* name) {
    Json rows = Json::array();
    for_each_parquet_row(folder_ / "out" / name,
                         [&](const Json& row, const std::string&) { rows.push_back(row); });
    return rows;
  };
  EXPECT_EQ(table("data/train-00000-of-00001.parquet"), Json::parse(R"([
      {"id": "a", "kind": "in", "problem": "p?", "answer": ["1"], "topic": null},
      {"id": "b", "kind": "in", "problem": "q?", "answer": ["2", "two"], "topic": "t"}])"));
  EXPECT_EQ(table("train.parquet")[1], Json::parse(R"({"data_source": "",
      "prompt": [{"role": "user", "content": "q? Go."}], "ability": "math",
      "reward_model": {"style": "rule", "ground_truth": ["2", "two"]},
      "extra_info": {"split": "train", "index": 1}})"));
  EXPECT_NE(read_file(folder_ / "out/README.md")
                .find("  - split: train\n    path: data/train-00000-of-00001.parquet\n"),
            std::string::npos);
  EXPECT_EQ(run(toml).done_now, 0);
  // What is published as Parquet is read as data.
  fs::rename(folder_ / "out/data", folder_ / "published");
  (void)run("[[step]]\nkind = \"ingest\"\nfiles = [\"published\"]\n[[step]]\nkind = \"write\"\n");
  EXPECT_EQ(lines("out/train.jsonl").size(), 2u);
  file("in.jsonl", "{\"problem\": \"p?\", \"t\": 1}\n{\"problem\": \"q?\", \"t\": \"x\"}\n");
  EXPECT_EQ(
      refusal(toml),
      "p.toml: step.1: data/train-00000-of-00001.parquet: column 't': is an integer in one row and a text "
      "in another; leave it out (`keep` of ingest), or write JSON Lines");
  // The splits of a data set have one schema: lists in all where one record has several answers.
  std::string records = "{\"problem\": \"p0?\", \"answer\": [\"0\", \"none\"]}\n";
  for (int i = 1; i < 8; ++i) records += fmt::format("{{\"problem\": \"p{0}?\", \"answer\": \"{0}\"}}\n", i);
  file("in.jsonl", records);
  (void)run(std::string(kIngest) +
            "[[step]]\nkind = \"split\"\ntest = 0.5\n[[step]]\nkind = \"write\"\nform = \"parquet\"\n");
  for (const char* name : {"data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"}) {
    for (const Json& row : table(name)) EXPECT_TRUE(row["answer"].is_array()) << name;
  }
  EXPECT_EQ(refusal(std::string(kIngest) + "[[step]]\nkind = \"write\"\nprompt = \"x\"\n"),
            "p.toml: step.1.prompt: has no {problem}; write {problem} where the problem goes");
}

TEST_F(PipelineTest, WhatIsDoneIsDoneOnceAndEndsInTheSameBytes) {
  file("in.jsonl", "{\"problem\": \"a?\", \"answer\": 1}\n{\"problem\": \"b?\", \"answer\": 2}\n");
  const std::string toml =
      std::string(kIngest) + "[[step]]\nkind = \"split\"\ntest = 0.5\n[[step]]\nkind = \"write\"\n";
  EXPECT_EQ(run(toml).done_now, 3);
  const auto all = bytes();
  EXPECT_EQ(run(toml).done_now, 0);
  // Whatever a kill leaves out, the next run makes again.
  for (const auto& [path, text] : all) {
    fs::remove(path);
    (void)run(toml);
    EXPECT_EQ(bytes(), all) << path;
  }
  // Another seed does the steps from the first on again; another input too.
  EXPECT_EQ(run("seed = 2\n" + toml).done_now, 3);
  file("in.jsonl", "{\"problem\": \"c?\", \"answer\": 1}\n");
  EXPECT_EQ(run("seed = 2\n" + toml).done_now, 3);
  // A step that is no longer there takes its files along.
  (void)run(std::string(kIngest) + "[[step]]\nkind = \"write\"\nform = \"deepscaler\"\n");
  EXPECT_FALSE(fs::exists(folder_ / "out/steps/02-split"));
  EXPECT_FALSE(fs::exists(folder_ / "out/train.jsonl"));
}

TEST_F(PipelineTest, NothingOfSomebodyElseIsReplaced) {
  file("in.jsonl", "{\"problem\": \"a?\", \"answer\": 1}\n{\"problem\": \"b?\", \"answer\": 2}\n");
  const std::string split = "[[step]]\nkind = \"split\"\ntest = 0.5\n";
  const std::string write = "[[step]]\nkind = \"write\"\n";
  const std::string toml = kIngest + write;
  (void)run(toml);
  const auto all = bytes();
  // What was changed by hand: the same command and an edited pipeline refuse, and touch nothing.
  for (const auto& [path, text] : all) {
    if (path.ends_with("written.json")) continue;
    const std::string name = fs::path(path).lexically_relative(folder_.path());
    write_file_atomically(path, text + "mine\n");
    const auto changed = bytes();
    const std::string expected = name +
                                 ": was changed after the pipeline wrote it; move it elsewhere, and the same "
                                 "command makes it again";
    EXPECT_EQ(refusal(toml), expected);
    EXPECT_EQ(refusal(kIngest + split + write), expected);
    EXPECT_EQ(bytes(), changed);
    fs::remove(path);
    (void)run(toml);
    EXPECT_EQ(bytes(), all);
  }
  // A file of another hand where the pipeline would write.
  file("out/train.json", "mine");
  EXPECT_EQ(refusal(toml + write + "form = \"deepscaler\"\n"),
            "out/train.json: is no file of this pipeline, which writes there; move it elsewhere, or choose "
            "another --output");
  EXPECT_EQ(read_file(folder_ / "out/train.json"), "mine");
  (void)run(toml);
  // Another pipeline, which differs from an edit of this one by its file alone.
  PipelineRequest other = request(kIngest + split + write);
  other.where = "q.toml";
  try {
    (void)run_pipeline(other);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              (folder_ / "out").string() +
                  ": has the data set of another pipeline, whose settings are in pipeline.toml; "
                  "choose another --output");
  }
  // The same pipeline that was moved goes on.
  PipelineRequest moved = request(toml);
  moved.where = "q.toml";
  EXPECT_EQ(run_pipeline(moved).done_now, 0);
  EXPECT_NE(read_file(folder_ / "out/README.md").find("Made by `deepscaler data q.toml`."),
            std::string::npos);
  // A pipeline that was killed after it wrote, before it said so: its file is its own.
  (void)run(toml);
  fs::remove(folder_ / "out/train.json");
  (void)run(toml + write + "form = \"deepscaler\"\n");
  fs::remove(folder_ / "out/steps/03-write/step.json");
  (void)run(toml);
  EXPECT_FALSE(fs::exists(folder_ / "out/train.json"));
  EXPECT_FALSE(fs::exists(folder_ / "out/steps/03-write"));
}

TEST_F(PipelineTest, ColumnsThatAreNotThereAreNamed) {
  file("in.csv", csv_of({"What is 1+1?,2,sums", "What is 1+2?,3,sums"}));
  const std::string ingest = "[[step]]\nkind = \"ingest\"\nfiles = [\"in.csv\"]\n";
  EXPECT_EQ(refusal(ingest + "answer = \"anser\""),
            "p.toml: step.0.answer: 'anser' finds nothing in any row, and there are 'question', 'answer', "
            "'topic'; did you mean 'answer'?");
  EXPECT_EQ(refusal(ingest + "solution = \"boxed(steps)\""),
            "p.toml: step.0.solution: 'boxed(steps)' finds nothing in any row, and there are 'question', "
            "'answer', 'topic'; name one of them");
  EXPECT_EQ(refusal(ingest + "id = \"nr\""),
            "p.toml: step.0.id: 'nr' finds nothing in any row, and there are 'question', 'answer', 'topic'; "
            "name one of them");
  EXPECT_EQ(refusal(ingest + "difficulty = \"topic\""),
            "p.toml: step.0.difficulty: 'topic' finds no number in any row, and there are 'question', "
            "'answer', 'topic'; name one of them");
  EXPECT_EQ(
      refusal(ingest + "keep = [\"topics\"]"),
      "p.toml: step.0.keep: 'topics' is in no row, and there are 'question', 'answer', 'topic'; did you "
      "mean 'topic'?");
  (void)run(ingest + "difficulty = \"answer\"");  // a number of a table is a text
  EXPECT_EQ(lines("out/steps/01-ingest/kept.jsonl")[1]["difficulty"], 3);
}

TEST_F(PipelineTest, FilesWithoutRowsAndFilesThatComeTwice) {
  file("empty.csv", "");
  file("names.csv", "question,answer\n");
  file("in.jsonl", "{\"problem\": \"p?\"}\n");
  for (const std::string name : {"empty.csv", "names.csv"}) {
    EXPECT_EQ(
        refusal("[[step]]\nkind = \"ingest\"\nfiles = [\"" + name + "\"]"),
        name +
            ": has no rows in it; give a file with problems; a CSV file has the names of its columns in "
            "the first line");
    EXPECT_EQ(refusal(kIngest + ("[[step]]\nkind = \"decontaminate\"\nagainst = [\"" + name + "\"]")),
              name + ": has no problems to compare with; name a file with the problems of an evaluation");
  }
  std::string text = refusal("[[step]]\nkind = \"ingest\"\nfiles = [\"in.jsonl\", \"./in.jsonl\"]");
  EXPECT_EQ(text, "p.toml: step.0.files: ./in.jsonl comes twice; name each file once");
  EXPECT_EQ(refusal(std::string(kIngest) + kIngest),
            "p.toml: step.1.files: step.0 reads in.jsonl too; name each file once");
}

TEST_F(PipelineTest, FieldsThatAreNoTexts) {
  file("in.jsonl",
       "{\"id\": \"good\", \"problem\": \"p?\", \"answer\": [1, \"one\"], \"solution\": []}\n"
       "{\"id\": \"object\", \"problem\": \"p?\", \"answer\": {\"value\": 3}}\n"
       "{\"id\": \"lists\", \"problem\": \"p?\", \"answer\": [[3]]}\n"
       "{\"id\": \"steps\", \"problem\": \"p?\", \"solution\": {\"steps\": [\"s\"]}}\n");
  (void)run(kIngest);
  EXPECT_EQ(dropped("01-ingest"),
            (Reasons{"nested-answer object", "nested-answer lists", "nested-solution steps"}));
  file("in.jsonl", "{\"problem\": \"p?\", \"answer\": {\"value\": 3}}\n");
  EXPECT_EQ(refusal(kIngest),
            "in.jsonl: its first row has an object or a list as answer; say in p.toml: step.0 which part is "
            "meant, as in answer = \"answer.value\" or \"answer[0]\"");
  (void)run(kIngest + std::string("answer = \"answer.value\"\n"));
  EXPECT_EQ(lines("out/steps/01-ingest/kept.jsonl")[0]["answer"], "3");
}

TEST_F(PipelineTest, KnownDataSetsAndExpressions) {
  file("gsm8k.jsonl",
       R"({"question": "How many?", "answer": "It is 6*200=<<6*200=1200>>1200.\n#### 1,200"})");
  file("math.json", R"([{"problem": "m?", "solution": "so \\boxed{\\frac{1}{2}}.", "level": "Level 5"}])");
  file("own.csv", "\"the text\",sol\nq?,Answer: 5 km\n");
  (void)run(
      "[[step]]\nkind = \"ingest\"\nfiles = [\"gsm8k.jsonl\"]\nform = \"gsm8k\"\n"
      "[[step]]\nkind = \"ingest\"\nfiles = [\"math.json\"]\nform = \"math\"\n"
      "[[step]]\nkind = \"ingest\"\nfiles = [\"own.csv\"]\nproblem = '''\"the text\" + ' or?' '''\n"
      "answer = \"missing | before(after(sol, 'Answer:'), 'km')\"\n[[step]]\nkind = \"write\"\n");
  const auto records = lines("out/train.jsonl");
  EXPECT_EQ(records[0]["answer"], "1200");
  EXPECT_EQ(records[0]["solution"], "It is 6*200=1200.\n\\boxed{1200}");
  EXPECT_EQ(records[1]["answer"], "\\frac{1}{2}");
  EXPECT_EQ(records[1]["level"], "Level 5");
  EXPECT_EQ(records[2]["answer"], "5");
  EXPECT_EQ(records[2]["problem"], "q? or?");
}

TEST_F(PipelineTest, AnswersProofsAndWhatCanBeGraded) {
  std::string in;
  const auto add = [&](const char* id, const char* problem, const Json& answer, const char* solution = "") {
    in += Json{{"id", id}, {"problem", problem}, {"answer", answer}, {"solution", solution}}.dump() + "\n";
  };
  add("box", "Find x.", nullptr, "so \\boxed{3}");
  add("mark", "Find x.", nullptr, "so\n#### 4\n");
  add("none", "Find x.", nullptr, "so");
  add("choice", "Sum? $\\textbf{(A)}\\ 12 \\qquad\\textbf{(B)}\\ 15$", "B");
  add("lettered", "Which vertex?", "B");
  add("proof", "Prove that 2 is even.", "2");
  add("both", "Prove that n is even and find n.", "2");
  add("yes", "Is it even?", "Yes");
  add("words", "Which?", "the set of primes");
  add("or", "Which?", "3 or 4");
  add("unreadable", "Which?", "\\frac{");
  add("long", "Which?", std::string(300, '1'));
  file("in.jsonl", in);
  (void)run(std::string(kIngest) +
            "[[step]]\nkind = \"answers\"\nchoices = \"value\"\n[[step]]\nkind = \"proofs\"\n[[step]]\nkind "
            "= \"gradable\"\n");
  EXPECT_EQ(dropped("02-answers"), (Reasons{"no-answer none"}));
  EXPECT_EQ(dropped("03-proofs"), (Reasons{"proof proof", "yes-no yes"}));
  EXPECT_EQ(dropped("04-gradable"),
            (Reasons{"text-answer words", "ambiguous or", "ungradable unreadable", "long-answer long"}));
  std::map<std::string, Json> answers;
  for (const Json& record : lines("out/steps/04-gradable/kept.jsonl"))
    answers[record["id"]] = record["answer"];
  EXPECT_EQ(answers, (std::map<std::string, Json>{
                         {"box", "3"}, {"mark", "4"}, {"choice", "15"}, {"lettered", "B"}, {"both", "2"}}));
}

TEST_F(PipelineTest, DuplicatesByEveryRuleAndForm) {
  const std::string near =
      "Ann has 3 apples and buys 4 more of them at the old market. How many has she, then?";
  const std::string other = "Ann has 5 apples and buys 9 more of them at the old market. How many has she?";
  std::string in;
  const auto add = [&](const char* id, const char* source, const std::string& problem) {
    in += Json{{"id", id}, {"source", source}, {"problem", problem}, {"answer", 1}}.dump() + "\n";
    file(std::string(source) + ".jsonl", "");
  };
  add("first", "a", kLong), add("copy", "a", " " + kLong), add("near", "a", near), add("numbers", "a", other),
      add("!", "a", "?!");
  file("in.jsonl", in);
  const std::string all =
      "[[step]]\nkind = \"duplicates\"\njaccard = 0.7\nrules = [\"changed-numbers\", \"minhash\", "
      "\"exact\"]\n";
  (void)run(kIngest + all);
  EXPECT_EQ(dropped("02-duplicates"),
            (Reasons{"duplicate copy", "near-duplicate near", "changed-numbers numbers"}));
  // Earlier sources alone: what a source repeats stays.
  (void)run(kIngest + all + "compare = \"earlier-sources\"\n");
  EXPECT_TRUE(dropped("02-duplicates").empty());
  file("later.jsonl", Json{{"id", "later"}, {"problem", kLong}, {"answer", 1}}.dump());
  (void)run(std::string(kIngest) + "[[step]]\nkind = \"ingest\"\nfiles = [\"later.jsonl\"]\n" + all +
            "compare = \"earlier-sources\"\n");
  EXPECT_EQ(dropped("03-duplicates"), (Reasons{"duplicate later"}));
}

// The last of 21 words differs: a Jaccard similarity of 16/18.
TEST_F(PipelineTest, SimilarWordsWithAnotherAnswerAreNoDuplicates) {
  const std::string problem =
      "At the old market Ann has 3 apples and buys 4 more of them. How many has she now in x?";
  std::string in;
  const auto add = [&](const char* id, const char* last, const Json& answer) {
    std::string text = problem;
    text.replace(text.find(" x?"), 3, std::string(" ") + last);
    in += Json{{"id", id}, {"problem", text}, {"answer", answer}}.dump() + "\n";
  };
  add("first", "all?", "1/2"), add("same", "sum?", "0.5"), add("other", "half?", "-1/2");
  add("none", "part?", nullptr), add("unreadable", "pieces?", "\\frac{");
  file("in.jsonl", in);
  const PipelineOutcome outcome = run(std::string(kIngest) + "[[step]]\nkind = \"duplicates\"\n");
  EXPECT_EQ(dropped("02-duplicates"),
            (Reasons{"near-duplicate same", "near-duplicate none", "near-duplicate unreadable"}));
  EXPECT_EQ(outcome.steps[1].summary.figures,
            (std::vector<std::pair<std::string, int64_t>>{{"similar pairs with other answers", 1}}));
}

// By the tiny random BERT of the goldens, for which only case and spaces change nothing.
TEST_F(PipelineTest, EmbeddingsFindWhatIsWrittenInAnotherWay) {
  std::string in;
  const auto add = [&](const char* id, const char* problem, const char* answer) {
    in += Json{{"id", id}, {"problem", problem}, {"answer", answer}}.dump() + "\n";
  };
  add("first", "What is 1+2?", "3"), add("again", "WHAT IS 1 + 2 ?", "6/2");
  add("other", "what is 1+ 2?", "4"), add("far", "Find the word.", "3");
  file("in.jsonl", in);
  file("test.jsonl", Json{{"problem", "find THE word ."}}.dump() + "\n" + Json{{"problem", "x"}}.dump());
  const std::string encoder =
      "cosine = 0.999999\nencoder = \"" + std::string(DEEPSCALER_GOLDENS) + "/bert\"\n";
  const PipelineOutcome outcome =
      run(std::string(kIngest) + "[[step]]\nkind = \"duplicates\"\nrules = [\"embeddings\"]\n" + encoder +
          "[[step]]\nkind = \"decontaminate\"\nagainst = [\"test.jsonl\"]\nrules = [\"embeddings\"]\ncount = "
          "[\"exact\"]\n" +
          encoder);
  EXPECT_EQ(dropped("02-duplicates"), (Reasons{"similar-meaning again"}));
  EXPECT_EQ(outcome.steps[1].summary.figures,
            (std::vector<std::pair<std::string, int64_t>>{{"similar pairs with other answers", 1}}));
  EXPECT_EQ(outcome.steps[1].summary.inputs.size(), 3u);
  EXPECT_EQ(dropped("03-decontaminate"), (Reasons{"contaminated-embeddings far"}));
  const Json report = Json::parse(read_file(folder_ / "out/steps/03-decontaminate/report.json"));
  EXPECT_EQ(report[1],
            Json::parse(R"({"rule": "embeddings", "kind": "in", "against": "test", "flagged": 1, "records": 3,
                            "test_hit": 1, "test_size": 2, "test_never_matched": 0})"));
  EXPECT_EQ(refusal(kIngest + std::string("[[step]]\nkind = \"duplicates\"\nrules = [\"embeddings\"]")),
            "p.toml: step.1.encoder: is empty, and the rule \"embeddings\" needs it; name the folder that "
            "`deepscaler fetch sentence-transformers/all-MiniLM-L6-v2` prints");
  EXPECT_EQ(refusal(kIngest + std::string("[[step]]\nkind = \"decontaminate\"\nagainst = "
                                          "[\"test.jsonl\"]\ncount = [\"embeddings\"]\nencoder = \"none\"")),
            "none/config.json: is not there; name the folder of a model like "
            "sentence-transformers/all-MiniLM-L6-v2");
}

TEST_F(PipelineTest, DecontaminationDropsCountsAndLists) {
  file("in.jsonl", Json{{"id", "copy"}, {"problem", kLong}}.dump() + "\n" +
                       Json{{"id", "own"}, {"problem", "What is 2+2?"}}.dump());
  file("test/math.json", Json::array({{{"problem", "Short?"}}, {{"problem", kLong}}}).dump());
  (void)run(std::string(kIngest) +
            "[[step]]\nkind = \"decontaminate\"\nagainst = [\"test\"]\nrules = [\"exact\"]\ncount = "
            "[\"ngram-8\"]\n");
  EXPECT_EQ(dropped("02-decontaminate"), (Reasons{"contaminated-exact copy"}));
  const Json report = Json::parse(read_file(folder_ / "out/steps/02-decontaminate/report.json"));
  ASSERT_EQ(report.size(), 2u);
  EXPECT_EQ(report[1],
            Json::parse(R"({"rule": "ngram-8", "kind": "in", "against": "math", "flagged": 1, "records": 2,
                                       "test_hit": 1, "test_size": 2, "test_never_matched": 1})"));
  EXPECT_EQ(lines("out/steps/02-decontaminate/pairs.jsonl").size(), 2u);
}

TEST_F(PipelineTest, SourcesSplitsAndMixes) {
  std::string a, b;
  for (int i = 0; i < 40; ++i) {
    a += Json{{"id", "a" + std::to_string(i)}, {"problem", "Sum " + std::to_string(i)}, {"answer", "Yes"}}
             .dump() +
         "\n";
    b += Json{{"id", "b" + std::to_string(i)}, {"problem", "Product " + std::to_string(i)}, {"answer", "Yes"}}
             .dump() +
         "\n";
  }
  file("a.jsonl", a), file("b.jsonl", b);
  const PipelineOutcome outcome =
      run("[[step]]\nkind = \"ingest\"\nfiles = [\"a.jsonl\", \"b.jsonl\"]\n"
          "[[step]]\nkind = \"proofs\"\nsources = [\"b\"]\n"  // passes by a
          "[[step]]\nkind = \"mix\"\n[[step.part]]\nsource = \"a\"\ncount = 30\n"
          "[[step]]\nkind = \"split\"\ntest = 0.3\nvalidation = 0.2\n[[step]]\nkind = \"write\"\n");
  EXPECT_EQ(outcome.steps[1].summary.records_out, 40);
  EXPECT_EQ(outcome.steps[2].summary.records_out, 30);
  const size_t train = lines("out/train.jsonl").size(), test = lines("out/test.jsonl").size();
  EXPECT_EQ(train + test + lines("out/validation.jsonl").size(), 30u);
  EXPECT_GT(train, test);
}

TEST_F(PipelineTest, RefusesWithPlaceAndRemedy) {
  file("in.jsonl", "{\"text\": \"a\"}\n");
  EXPECT_EQ(refusal(""), "p.toml: has no steps; begin with [[step]] and kind = \"ingest\"");
  EXPECT_EQ(refusal("[[step]]\nkind = \"write\""),
            "p.toml: step.0.kind: the first step has no records to work on; begin with kind = \"ingest\"");
  EXPECT_EQ(refusal("[[step]]\nkind = \"ingest\"\nfiles = [\"none.csv\"]"),
            "none.csv: does not exist; check the path");
  EXPECT_EQ(refusal(kIngest),
            "in.jsonl: has no row with a problem; its first row has 'text'; say in p.toml: step.0 where "
            "the problem is, as in problem = \"question\"");
  EXPECT_EQ(refusal(kIngest + std::string("problem = \"boxed(text\"")),
            "p.toml: step.0.problem: 'boxed(text' ends too early; write a path like answer, question.text, "
            "\"Problem text\" "
            "or boxed(solution)");
  EXPECT_EQ(
      refusal(kIngest + std::string("problem = \"upper(text)\"")),
      "p.toml: step.0.problem: there is no function 'upper'; use before, after, boxed, without_commas or "
      "without_marks");
  const std::string good = kIngest + std::string("problem = \"text\"\n");
  EXPECT_EQ(refusal(good + "[[step]]\nkind = \"duplicates\"\nrules = [\"exakt\"]"),
            "p.toml: step.1.rules: there is no rule \"exakt\"; did you mean \"exact\"?");
  EXPECT_EQ(refusal(good + "[[step]]\nkind = \"answers\""),
            "p.toml: step.1: leaves no record of 1; look at what it dropped: deepscaler data show out");
  EXPECT_EQ(refusal(good + "[[step]]\nkind = \"write\"\n[[step]]\nkind = \"write\""),
            "p.toml: step.2: writes train.jsonl, as step.1 does; give one of them another form");
  EXPECT_EQ(refusal(good + "[[step]]\nkind = \"mix\"\n[[step.part]]\nsource = \"x\""),
            "p.toml: step.1: no record is from 'x'; name the source of an ingest step");
  fs::remove_all(folder_ / "out");
  file("out/notes.txt", "mine");
  EXPECT_EQ(refusal(good), "out: has files in it that are of no pipeline; choose another --output");
  file("out/pipeline.toml", "mine too");
  EXPECT_EQ(refusal(good), "out: has files in it that are of no pipeline; choose another --output");
  file("out/train.jsonl", "{\"problem\": \"p\"}\n");
  EXPECT_EQ(
      refusal("[[step]]\nkind = \"ingest\"\nfiles = [\"out/train.jsonl\"]"),
      "out/train.jsonl: is in the folder that the pipeline writes; name a file elsewhere, or choose another "
      "--output");
}

}  // namespace
}  // namespace deepscaler
