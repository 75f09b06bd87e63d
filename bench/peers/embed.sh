# Texts to sentence embeddings by all-MiniLM-L6-v2 in f32: the problems of a JSONL file, here and in
# sentence-transformers. Ratio of texts a second.
#
#   MINILM=FOLDER PROBLEMS=FILE.jsonl bench/peers/run.sh embed     lines with a key "problem" or "question"
environment embed
minilm=${MINILM:?name the folder that \`deepscaler fetch sentence-transformers/all-MiniLM-L6-v2\` prints}
problems=${PROBLEMS:?name a JSONL file of problems}
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
python3 - "$problems" >"$work/texts.jsonl" <<'END'
import json, sys
for line in map(json.loads, open(sys.argv[1], encoding="utf-8")):
    print(json.dumps({"text": line.get("problem") or line["question"]}))
END

for ((round = 0; round < rounds; ++round)); do
  measure "$peers/embed/bin/python" "$here/embed_sentence_transformers.py" --model "$minilm" \
    --input "$work/texts.jsonl" --threads "$threads"
  measure "$deepscaler" bench embed --model "$minilm" --input "$work/texts.jsonl" --threads "$threads" \
    --kernels "$kernels"
done
python3 "$here/table.py" "$results" --metric texts_per_second
