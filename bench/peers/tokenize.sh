# Text to token ids on one core: the questions and answers of GSM8K with SmolLM2's tokenizer, here and in
# Hugging Face's tokenizers, which must give the same ids. Ratio of seconds of CPU time of the first pass over
# the texts, when no word has been seen before.
#
#   GSM8K=FOLDER bench/peers/run.sh tokenize        FOLDER holds train.jsonl and test.jsonl
environment tokenizers
find_gguf
data=${GSM8K:?name the folder that holds train.jsonl and test.jsonl of GSM8K}
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
python3 - "$data/train.jsonl" "$data/test.jsonl" >"$work/texts.jsonl" <<'END'
import json, sys
for path in sys.argv[1:]:
    for line in map(json.loads, open(path, encoding="utf-8")):
        for key in ("question", "answer"):
            print(json.dumps({"text": line[key]}))
END
"$deepscaler" convert "$gguf" --output "$work/model" >&2  # for the tokenizer.json

for ((round = 0; round < rounds; ++round)); do
  measure taskset -c 0 "$peers/tokenizers/bin/python" "$here/tokenize_huggingface.py" \
    --tokenizer "$work/model/tokenizer.json" --input "$work/texts.jsonl"
  measure taskset -c 0 "$deepscaler" bench tokenize --model "$gguf" --input "$work/texts.jsonl"
done
if [[ $(sed 's/.*"ids": *"\([0-9a-f]*\)".*/\1/' "$results" | sort -u | wc -l) != 1 ]]; then
  echo "the ids differ" >&2
  exit 1
fi
python3 "$here/table.py" "$results" --metric encode_seconds --less-is-better --where pass=first
