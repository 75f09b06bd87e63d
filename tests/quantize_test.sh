#!/usr/bin/env bash
# `quantize`, `imatrix` and `perplexity` from outside: every type of a small random model is written, loaded,
# sampled from, scored and evaluated; how far its predictions may be from those in f32; and what bad input says.
# quantize_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1
recipes=$2
source "$(dirname "$0")/program.sh"

# Of 256 columns, so that no format falls back.
cat >config.json <<'END_OF_CONFIG'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 257, "hidden_size": 256,
 "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 32,
 "max_position_embeddings": 256, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": false,
 "eos_token_id": 256}
END_OF_CONFIG
"$program" init --config config.json --std 0.08 --seed 1 --output model 2>/dev/null
for i in {1..60}; do echo "$i and $((i * i)) are a number and its square"; done >text.txt
printf '%s\n' '{"prompt": "1 and 1"}' >prompt.jsonl
printf '%s\n' '{"problem": "1+1=", "answer": "2"}' >problems.jsonl
"$program" imatrix --model model --text text.txt --context 128 --output i.gguf 2>err
grep -qx "i.gguf: inputs of 28 matrices over 18 chunks of 128 tokens" err || fail "imatrix: $(cat err)"

# value NAME: of what perplexity printed.
value() { sed -n "s/^$1  *\([^ ;]*\).*/\1/p" out; }

# A type, and the largest KL divergence of its weights from f32; less than half of it would be another type's.
while read -r type limit; do
  "$program" quantize model --type "$type" --output "$type.gguf" >out 2>err || fail "$type: $(cat err)"
  grep -q "^| all " out || fail "$type: no table: $(cat out)"
  products=(--products float)
  [[ $type != F* && $type != B* ]] || products=()
  "$program" perplexity --model "$type.gguf" --against model --text text.txt --context 128 "${products[@]}" >out 2>err ||
    fail "$type: $(cat err)"
  [[ $(value "tokens scored") == 1134 ]] || fail "$type: $(cat out)"
  divergence=$(value "KL divergence")
  awk -v d="$divergence" -v most="$limit" 'BEGIN { exit !(d <= most && d >= most / 2) }' ||
    fail "$type: KL divergence $divergence, which should be at most $limit and at least half of it"
  "$program" generate --model "$type.gguf" --prompt "1 and" --max-response-tokens 4 >out 2>err || fail "$type: $(cat err)"
done <<'END_OF_TYPES'
F32 0
F16 2e-6
BF16 1.3e-4
Q8_0 1.1e-3
Q6_K 0.014
Q5_K_M 0.055
Q5_K_S 0.055
Q5_1 0.065
Q5_0 0.08
Q4_K_M 0.22
Q4_K_S 0.20
Q4_1 0.25
Q4_0 0.26
END_OF_TYPES

# Every command that runs models runs these, in integers and in floats, and says which.
for type in Q4_K_M Q5_K_M Q6_K Q8_0 Q4_0 Q4_1 Q5_0 Q5_1; do
  for how in "" "--products float" "--kv q8_0"; do
    products=integer
    [[ $how != *float* ]] || products=float
    rm -f responses.jsonl scored.jsonl
    "$program" generate --model $type.gguf --input prompt.jsonl --output responses.jsonl --max-response-tokens 4 $how 2>err || fail "$(cat err)"
    grep -q "^model $type.gguf: quantized, $products products, f32, " err || fail "generate $how: $(cat err)"
    grep -q "\"dtype\":\"f32\",\"products\":\"$products\"," responses.jsonl || fail "generate $how: $(cat responses.jsonl)"
    "$program" score --model $type.gguf --input responses.jsonl --output scored.jsonl $how 2>err || fail "$(cat err)"
    grep -q "the same bits" err || fail "$type $how: score gives other bits than generate: $(cat err)"
    grep -q "\"products\":\"$products\"" scored.jsonl || fail "score $how: $(cat scored.jsonl)"
    [[ $how != *q8_0* ]] || grep -q '"kv":"q8_0"' scored.jsonl || fail "score $how: $(cat scored.jsonl)"
  done
  "$program" eval --model $type.gguf --data problems.jsonl --max-response-tokens 4 --output $type.json >out 2>err || fail "$(cat err)"
  grep -q '"products": *"integer"' $type.json || fail "eval: $(cat $type.json)"
  # What the rounding of inputs changes, beside what was lost to the weights.
  "$program" perplexity --model $type.gguf --against $type.gguf --text text.txt --context 128 >out 2>err || fail "$(cat err)"
  divergence=$(value "KL divergence")
  awk -v d="$divergence" 'BEGIN { exit !(d <= 1e-3 && d > 0) }' || fail "$type in integers: KL divergence $divergence"
done
"$program" score --model Q4_0.gguf --input responses.jsonl --output floats.jsonl --products float 2>err || fail "$(cat err)"
grep -q '"products":"float"' floats.jsonl || fail "a line keeps what it was generated in: $(cat floats.jsonl)"

# What stands in a file.
"$program" inspect Q4_K_M.gguf --tensors >out
grep -q "^stored tensors  .* in Q4_K, .* in Q6_K; [0-9.]* MiB$" out || fail "inspect: $(cat out)"
grep -q "^| blk.3.ffn_down.weight *| 256 x 512 *| Q6_K *| 0.1 MiB *|$" out || fail "inspect --tensors: $(cat out)"

"$program" inspect Q4_K_M.gguf >out
grep -q "^quantized weights  *[0-9.]* MiB, as they are used$" out || fail "inspect: $(cat out)"
grep -q "^to generate .* KiB in q8_0$" out || fail "inspect: $(cat out)"

# Importance, the user's own formats, and a look before.
"$program" quantize model --type Q4_K_M --imatrix i.gguf --output weighted.gguf >out 2>err
grep -qx "warning: i.gguf: has nothing of 2 matrices, which are quantized without it" err || fail "$(cat err)"
! cmp -s weighted.gguf Q4_K_M.gguf || fail "an importance matrix changes nothing"
"$program" quantize model --type q4_k_m --pure --tensor-type '^output=Q8_0' --tensor-type 'attn_(k|v)=F16' --dry-run >out
grep -q "^| output.weight *| 257 x 256 *| F32 *| Q8_0 " out || fail "$(cat out)"
grep -q "^| blk.0.attn_v.weight *| 128 x 256 *| F32 *| F16 " out || fail "$(cat out)"
grep -q "^| blk.0.ffn_down.weight *| 256 x 512 *| F32 *| Q4_K " out || fail "$(cat out)"
cat >narrow.json <<END_OF_CONFIG
$(sed 's/"hidden_size": 256/"hidden_size": 96/' config.json)
END_OF_CONFIG
"$program" init --config narrow.json --output narrow 2>/dev/null
"$program" quantize narrow --type Q5_K_S --dry-run >out
grep -q "^| blk.0.attn_q.weight *| 256 x 96 *| F32 *| Q5_1 .* rows are no whole blocks of Q5_K *|$" out || fail "$(cat out)"
[[ $("$program" quantize model --type Q6_K --dry-run | grep '^| all') == $("$program" quantize model --type Q6_K --output again.gguf 2>/dev/null | grep '^| all') ]] ||
  fail "--dry-run shows another size"
cmp -s again.gguf Q6_K.gguf || fail "quantize is not repeatable"

# To Hugging Face and back.
"$program" convert F32.gguf --output back 2>/dev/null
[[ $("$program" inspect back | grep '^model ') == $("$program" inspect model | grep '^model ') ]] || fail "weights changed on the way"

# Bad input.
refuses 1 "deepscaler: Q4_0.gguf: tensor 'token_embd.weight' is in Q4_0 already, and in Q8_0 it would lose once more; start from a file that is not quantized, or give --allow-requantize" \
  quantize Q4_0.gguf --type Q8_0 --output x.gguf
"$program" quantize Q4_0.gguf --type Q8_0 --output x.gguf --allow-requantize >/dev/null 2>err || fail "$(cat err)"
refuses 1 "deepscaler: x.gguf: is there already; remove it, or choose another --output" quantize model --type Q8_0 --output x.gguf
refuses 1 "deepscaler: --tensor-type: 'ffn' is no REGEX=TYPE; give a format as in 'ffn_down=Q6_K'" \
  quantize model --type Q8_0 --dry-run --tensor-type ffn
refuses 1 "deepscaler: --tensor-type: 'ffn=Q9' is no REGEX=TYPE; give a format as in 'ffn_down=Q6_K'" \
  quantize model --type Q8_0 --dry-run --tensor-type ffn=Q9
refuses 1 "deepscaler: --tensor-type: '(' is no regular expression; correct it" \
  quantize model --type Q8_0 --dry-run --tensor-type '(=Q8_0'
for rules in nonsense=Q6_K norm=Q6_K 'ffn=Q6_K --tensor-type ffn_down=Q5_0'; do
  last=${rules##* }
  refuses 1 "deepscaler: --tensor-type: '$last' changes nothing: it finds no tensor that is quantized and that no earlier rule has; see their names with --dry-run" \
    quantize model --type Q8_0 --dry-run --tensor-type $rules
done
refuses 1 "deepscaler: Q4_0.gguf: is no importance matrix; make it with \`deepscaler imatrix\` or llama-imatrix" \
  quantize model --type Q8_0 --dry-run --imatrix Q4_0.gguf
refuses 1 "deepscaler: i.gguf: 'blk.0.attn_q.weight' has 256 columns, and the model's 96; use an importance matrix of the same model" \
  quantize narrow --type Q4_0 --dry-run --imatrix i.gguf
refuses 1 "deepscaler: nothing: is neither a folder with a config.json nor a .gguf file; name a model: an HF folder or a GGUF file" \
  quantize nothing --type Q8_0 --output y.gguf
refuses 2 "Run with --help for more information." quantize model --type Q8_0
refuses 2 "Run with --help for more information." quantize model --type Q3_K --output y.gguf
refuses 1 "deepscaler: --products: F16.gguf has no quantized matrices; leave the option out, or name a GGUF file that is quantized" \
  generate --model F16.gguf --prompt 1 --products integer
refuses 2 "Run with --help for more information." generate --model Q4_0.gguf --prompt 1 --kv q4_0
grep -q "^--kv: q4_0 not in {auto,q8_0}$" err || fail "$(cat err)"
sed 's/"head_dim": 32/"head_dim": 16/' config.json >heads.json
"$program" init --config heads.json --output heads 2>/dev/null
refuses 1 "deepscaler: --kv: q8_0 takes heads in runs of 32 numbers, and a head has 16; leave the option out" \
  generate --model heads --prompt 1 --kv q8_0
echo short >short.txt
refuses 1 "deepscaler: short.txt: has 6 tokens, less than a chunk of 128; give a longer text, or a smaller --context" \
  perplexity --model narrow --text short.txt --context 128
refuses 1 "deepscaler: --context: 512 is more than the model's 256; give a smaller one" perplexity --model model --text text.txt
sed -i 's/"vocab_size": 257/"vocab_size": 300/' config.json
"$program" init --config config.json --output wide 2>/dev/null
refuses 1 "deepscaler: wide: reads the text as other tokens than model; compare two forms of one model" \
  perplexity --model model --against wide --text text.txt --context 128
