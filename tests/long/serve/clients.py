"""What clients of others make of a server: clients.py URL KEY MODEL-FOLDER. The model ends no answer by itself before
max_tokens with ignore_eos."""
import json
import os
import sys
import urllib.request

url, key, folder = sys.argv[1:]
MESSAGES = [{"role": "user", "content": "What is 2 + 3?"}]
os.environ.update(OPENAI_API_KEY=key, LITELLM_LOCAL_MODEL_COST_MAP="True", HF_HUB_OFFLINE="1")


def check(is_right, what):
    if not is_right:
        raise SystemExit(f"FAILED: {what}")


def post(path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
    return json.load(urllib.request.urlopen(request))


def try_openai():
    import openai
    client = openai.OpenAI(base_url=url + "/v1", api_key=key)
    check([model.id for model in client.models.list()] == ["model"], "models")
    asked = dict(model="model", messages=MESSAGES, seed=3, max_tokens=20, extra_body={"ignore_eos": True})
    answer = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2)
    choice = answer.choices[0]
    check(choice.finish_reason == "length" and answer.usage.completion_tokens == 20, choice)
    check(len(choice.logprobs.content) == 20 and len(choice.logprobs.content[0].top_logprobs) == 2, "logprobs")
    content, usage = "", None
    for chunk in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}):
        content += "".join(c.delta.content or "" for c in chunk.choices)
        usage = chunk.usage or usage
    check(content == choice.message.content, "a stream has another text")
    check(usage.total_tokens == answer.usage.total_tokens, usage)
    two = client.completions.create(model="model", prompt=["Hello", [72, 105]], max_tokens=4, n=2)
    check([c.index for c in two.choices] == [0, 1, 2, 3], two)
    for wrong, kind in (({"temperature": -1}, openai.BadRequestError), ({"model": "other"}, openai.NotFoundError)):
        try:
            client.chat.completions.create(**{**asked, **wrong})
            check(False, f"{wrong} is not refused")
        except kind as error:
            check(error.body["message"], error)
    try:
        openai.OpenAI(base_url=url + "/v1", api_key="no", max_retries=0).models.list()
        check(False, "a wrong key is taken")
    except openai.AuthenticationError:
        pass
    return choice.message.content


def try_ollama(content):
    import ollama
    client = ollama.Client(url, headers={"Authorization": f"Bearer {key}"})
    check([model.model for model in client.list().models] == ["model"], "list")
    check(client.show("model").modelinfo["general.architecture"] == "llama", "show")
    asked = dict(model="model", messages=MESSAGES, options={"seed": 3, "num_predict": 20})
    answer = client.chat(**asked)
    check(content.startswith(answer.message.content), (content, answer))
    check(answer.done and answer.eval_count > 0 and answer.total_duration > 0, answer)
    pieces = [chunk.message.content for chunk in client.chat(**asked, stream=True)]
    check("".join(pieces) == answer.message.content, pieces)
    check(client.generate("model", "What is 2 + 3?", options=asked["options"]).response == answer.message.content, "generate")
    try:
        client.chat("other", MESSAGES)
        check(False, "another model is there")
    except ollama.ResponseError as error:
        check(error.status_code == 404 and "no such model" in error.error, error)


def try_litellm(content):
    import litellm
    asked = dict(messages=MESSAGES, seed=3, max_tokens=20, extra_body={"ignore_eos": True})
    answer = litellm.completion("openai/model", api_base=url + "/v1", api_key=key, **asked)
    check(answer.choices[0].message.content == content, answer)


def try_lm_eval():
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalCompletionsAPI
    model = LocalCompletionsAPI(model="model", base_url=url + "/v1/completions", tokenizer=folder,
                                tokenizer_backend="huggingface", num_concurrent=4, max_length=200)
    pairs = [(f"{a} + {b} =", f" {a + b}") for a in range(4) for b in range(4)]
    found = model.loglikelihood([Instance("loglikelihood", {}, pair, i) for i, pair in enumerate(pairs)])
    for (context, rest), (log_prob, _) in zip(pairs, found):
        tokens = model.tokenizer(context + rest, add_special_tokens=False)["input_ids"]
        first = len(model.tokenizer(context, add_special_tokens=False)["input_ids"])
        scored = post("/v1/score", {"input": tokens})["data"][0]["log_probs"]
        check(sum(scored[first:]) == log_prob, f"lm-eval has {log_prob} for {context + rest}, /v1/score {sum(scored[first:])}")


content = try_openai()
try_ollama(content)
try_litellm(content)
try_lm_eval()
print("openai, ollama, litellm and lm-eval: all good")
