"""Writes the weights of a GGUF file, dequantized to float32, as a Hugging Face folder."""

import argparse
from pathlib import Path

import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--gguf", type=Path, required=True)
parser.add_argument("--output", type=Path, required=True)
arguments = parser.parse_args()

source = dict(pretrained_model_name_or_path=arguments.gguf.parent, gguf_file=arguments.gguf.name)
tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
quantized = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)

# What came from a quantized file refuses to be saved, so its numbers move into a model that did not.
config = quantized.config
config.__dict__.pop("quantization_config", None)
plain = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
plain.load_state_dict(quantized.state_dict())

unfinished = arguments.output.with_suffix(".unfinished")
tokenizer.save_pretrained(unfinished)
plain.save_pretrained(unfinished)
unfinished.rename(arguments.output)
