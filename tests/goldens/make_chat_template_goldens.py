"""Chat templates of our own and what transformers' renderer makes of them.

pip install transformers jinja2; python make_chat_template_goldens.py
Writes chat_template/cases.json: a list of {"template", "messages", "add_generation_prompt", "variables",
"rendered"}, or "fails": true where the reference refuses.
"""

import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template

FOLDER = pathlib.Path(__file__).parent / "chat_template"

# Templates in the manner of the model families: same constructs, other words and marks.
FAMILIES = {
    "chatml_with_default_system": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|a|>system
You are helpful<|b|>
' }}{% endif %}{{'<|a|>' + message['role'] + '
' + message['content'] + '<|b|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|a|>assistant
' }}{% endif %}""",
    "namespace_and_tools": """{%- if tools %}
    {{- '<|a|>system\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n" -}}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|a|>system\\n' + messages[0]['content'] + '<|b|>\\n' }}
    {%- else %}
        {{- '<|a|>system\\nBe brief.<|b|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|a|>' + message.role + '\\n' + message.content + '<|b|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|a|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}' }}
        {%- endfor %}
        {{- '<|b|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|a|>user' }}
        {%- endif %}
        {{- '\\n<r>\\n' }}
        {{- message.content }}
        {{- '\\n</r>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|b|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|a|>assistant\\n' }}
{%- endif %}
""",
    "thinking_of_past_turns_dropped": """{%- set ns = namespace(multi_step=true, last_query=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last_query = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
        {{- '<|a|>' + message.role + '\\n' + content + '<|b|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query %}
            {%- if loop.last or (not loop.last and reasoning) %}
                {{- '<|a|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|a|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|a|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|b|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|a|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "flags_in_a_namespace": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, system='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system = message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system}}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<\uff5cU\uff5c>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is none %}{%- set ns.is_tool = false -%}{%- for tool in message['tool_calls']%}{%- if not ns.is_first %}{{'<call>' + tool['type'] + '\\n' + tool['function']['name']}}{%- set ns.is_first = true -%}{%- else %}{{'\\n' + tool['type']}}{%- endif %}{%- endfor %}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<\uff5cA\uff5c>' + content + eos_token}}{%- endif %}{%- endfor -%}{% if add_generation_prompt and not ns.is_tool %}{{'<\uff5cA\uff5c><think>\\n'}}{% endif %}""",
    "headers_and_dates": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = "1 Jan 2025" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message goes first. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|h|>system<|/h|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: x\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|e|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("No first user message to put the tools in!") }}
    {%- endif %}
    {{- '<|h|>user<|/h|>\\n\\n' -}}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first + "<|e|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|h|>' + message['role'] + '<|/h|>\\n\\n'+ message['content'] | trim + '<|e|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One tool call at a time!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' + arg_val + '"' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- endif %}
        {%- endfor %}
        {{- '{"parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|h|>assistant<|/h|>\\n\\n' }}
{%- endif %}
""",
    "alternation_enforced": """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% generation %}[{{ loop.index }}/{{ loop.length }}] {{ message.content }}{% endgeneration %}{% endfor %}""",
}

FAMILIES |= {
    # Types of a schema as text, by macros that call each other and take attributes of what they get.
    "typed_tools": """{%- macro type_of(spec) -%}
    {%- if spec.type == 'array' -%}list[{{ type_of(spec['items']) if spec['items'] else 'any' }}]
    {%- elif spec.type == 'object' -%}{%- if spec.properties -%}{ {%- for n, p in spec.properties | dictsort -%}{{ n }}: {{ type_of(p) }}{{ '; ' if not loop.last }}{%- endfor -%} }{%- else -%}dict{%- endif -%}
    {%- elif spec.type is string -%}{{ spec.type }}
    {%- elif spec.type is iterable -%}{{ spec.type | join(' | ') }}
    {%- elif spec.enum is defined -%}{{ spec.enum | map('tojson') | join(' | ') }}
    {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- macro signature(f) -%}{{ f.name }}({%- set sep = joiner(', ') -%}{%- for n in f.parameters.properties -%}{{ sep() }}{{ n }}: {{ type_of(f.parameters.properties[n]) }}{%- if n not in (f.parameters.required or []) %}?{% endif -%}{%- endfor -%}){%- endmacro -%}
{%- for t in tools or [] -%}{{ signature(t.function) }}
{% endfor -%}
{%- for m in messages -%}<{{ m.role | title }}>{{ m.content if m.content is string else (m.content | tojson(separators=(',', ':'))) }}
{% endfor -%}""",
    # Turns in brackets, the system text in the last question, tool calls by number.
    "brackets": """{%- if messages and messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}
{%- set ns = namespace(index=0, last=-1) %}
{%- for m in loop_messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message['role'] == 'user' %}
        {%- if loop.index0 == ns.last and system_message is defined %}
            {{- '[I]' + system_message + '\n\n' + message['content'] + '[/I]' }}
        {%- else %}
            {{- '[I]' + message['content'] + '[/I]' }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- '[C][' }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function | tojson %}
            {{- out[:-1] }}
            {{- ', "id": "%03d"}' | format(loop.index) }}
            {{- ', ' if not loop.last else ']' + eos_token }}
        {%- endfor %}
    {%- elif message['role'] == 'assistant' %}
        {{- ' ' + message['content'] | trim + eos_token }}
    {%- elif message['role'] in ['tool', 'tool_results'] %}
        {%- set content = message.content.content if message.content is mapping and message.content.content is defined else message.content %}
        {{- '[R]{"content": ' + content | string + '}[/R]' }}
    {%- else %}
        {{- raise_exception('roles: user, assistant, tool') }}
    {%- endif %}
{%- endfor %}""",
    # Blocks that enclose text: with, filter, call, set through a filter, raw.
    "enclosing": """{% macro box(title, width=3) %}{{ '=' * width }} {{ title }}
{{ caller(title | length) }}
{% endmacro -%}
{% with who = messages[0].role if messages else 'nobody', n = messages | length %}{{ who }} of {{ n }}
{% endwith -%}
{% for m in messages %}{% call(k) box(m.role, width=loop.index) %}{{ k }}:{{ m.content }}{% endcall %}{% endfor -%}
{% filter upper | replace('A', '4') %}said by {{ messages | map(attribute='role') | unique | sort | join(', ') }}{% endfilter %}
{% set note | trim %}

  {{ messages | length }} in all
{% endset %}[{{ note }}]{% raw %}{{ not }} {% an %} {# expression #}{% endraw %}
{%- if add_generation_prompt %}<a>{% endif %}""",
}

CONVERSATIONS = [
    [{"role": "user", "content": "What is 2+2?"}],
    [{"role": "system", "content": "  Be kind. \n"}, {"role": "user", "content": "Hi <|b|> \u4f60\u597d"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nb"}, {"role": "user", "content": "c"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>x</think>y</think>z"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "\nlong\n"}, {"role": "user", "content": ""}, {"role": "assistant", "content": "d"}],
    [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [
        {"type": "function", "function": {"name": "f", "arguments": {"x": "1", "y": "\u00e9\"\n"}}}]}, {"role": "tool", "content": "r1"}, {"role": "tool", "content": "r2"}, {"role": "user", "content": "ok"}],
    [{"role": "assistant", "content": "first"}, {"role": "user", "content": "second"}],
    [],
]

# One construct each; `x` and the others come from VARIABLES.
SNIPPETS = [
    # white space control
    "a\n  {% if true %}\n b\n  {% endif %}\n c", "a {%- if true -%} \n b \n{%- endif -%} \n c", "a\n  {%+ if true +%}\n b{% endif %}\n",
    "  {# note #}\n x\n\t{#- note -#}\n y", "{{ 'a' }}\n{{ 'b' -}}\n  c\n", "x  {% set a = 1 %}  \n  {% set b = 2 %}y{{ a }}\n\n", "{{- ' a ' -}}  b\n\n",
    "line\r\n  {% if true %}\r\nx{% endif %}\r\n", "\n{% for i in [1] %}\n  {{ i }}\n  {% endfor %}\n  end\n", "a{{ {'k': {'j': 1}} }}b", "  {{ 1 }}  {% if 1 %} t {% endif %}  \n {% if 1 %}u{% endif %}",
    "{% if true %}\n\n  x{% endif -%}   \n  {% if true %}y{% endif %}", "{#+ c +#}\n z",
    # literals and output
    "{{ none }} {{ true }} {{ False }} {{ 1 }} {{ 1.0 }} {{ 1.5e3 }} {{ 1e22 }} {{ 1e-5 }} {{ 0.1 }} {{ 1_000 }} {{ -3 }} {{ undefined_name }}|",
    "{{ [1, 'a', none, 2.5, [true]] }} {{ (1,) }} {{ (1, 'b') }} {{ {'a': 1, 'b': \"it's\"} }} {{ [] }} {{ {} }} {{ () }}",
    "{{ ['\\n\\t\\\\', \"'\", '\"', '\\'\"', 'caf\u00e9', '\u200b\u00a0\\x07', '\\U0001F642'] }}", "{{ 'a' 'b' \"c\" }}", "{{ 'tab\\tnew\\nline \\\\ \\x41 \\u00e9 \\q' }}",
    # operators
    "{{ 1 + 2 * 3 - 4 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
    "{{ 'a' ~ 1 ~ none ~ 2.5 ~ [1] }} {{ 'ab' * 3 }} {{ [1] + [2] }} {{ [1] * 2 }} {{ true + 1 }}", "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ none == none }}",
    "{{ 'b' in 'abc' }} {{ 'x' not in 'abc' }} {{ 1 in [1, 2] }} {{ 'k' in {'k': 1} }} {{ 'x' in undefined_name }}", "{{ 0 or 'x' }} {{ '' and 1 }}| {{ not 1 }} {{ not '' and 1 }} {{ 1 and 2 or 3 }} {{ not not 5 }}",
    "{{ 'yes' if 1 > 2 else 'no' }} {{ 'only' if false }}| {{ 1 if 0 else 2 if 0 else 3 }}", "{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 1 - 2 - 3 }} {{ 2 * 3 ~ 4 }} {{ 1 + 2 ~ 3 }} {{ -x | abs }} {{ (1 + 2) * 3 }}",
    "{{ [] == () }} {{ [1] != [2] }} {{ {'a': 1} == {'a': 1.0} }} {{ undefined_name == undefined_other }}",
    # subscripts, slices, attributes
    "{{ s[0] }}{{ s[-1] }}{{ s[1:3] }}|{{ s[::-1] }}|{{ s[:-2] }}|{{ s[10:] }}|{{ s[::2] }}|{{ s[-3:-1] }}|{{ s[99] }}|", "{{ l[0] }} {{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ l[5] }}| {{ l.0 }} {{ l[:2][::-1] }}",
    "{{ d.name }} {{ d['name'] }} {{ d.missing }}| {{ d['missing'] is defined }} {{ d.inner.deep }} {{ d.inner['list'][1] }} {{ d.items() | list }} {{ d.keys() | list }} {{ d.values() | list }}",
    "{{ d.get('name') }} {{ d.get('none_such') }} {{ d.get('none_such', 3) }}", "{{ u }} {{ u[0] }} {{ u | length }} {{ u[::-1] }}",
    # string methods
    "{{ s.upper() }} {{ s.lower() }} {{ s.strip() }} {{ 'xxhixx'.strip('x') }} {{ '  a b '.lstrip() }}| {{ '  a b '.rstrip() }}| {{ 'ab'.startswith('a') }} {{ 'ab'.endswith(('x', 'b')) }}",
    "{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ ' a b  c '.split(none, 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'abc'.split('') if false }}",
    "{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b-c'.replace('-', '', 1) }} {{ 'abc'.replace('', '.') }} {{ 'aXbX'.count('X') }} {{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'hello'.find('z') }} {{ '-'.join(['a', 'b']) }}",
    "{{ 'hELLO w'.capitalize() }} {{ 'a\\nb\\r\\nc\\n'.splitlines() }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }}",
    # filters
    "{{ '  a ' | trim }}| {{ 'xax' | trim('x') }} {{ 3 | trim }} {{ l | length }} {{ s | length }} {{ d | length }} {{ l | count }} {{ undefined_name | length }}",
    "{{ undefined_name | default('d') }} {{ '' | default('d') }}| {{ '' | default('d', true) }} {{ none | d('n') }} {{ none | default('n', boolean=true) }} {{ undefined_name | default }}|",
    "{{ l | join(', ') }} {{ l | join }} {{ 'abc' | join('-') }} {{ [d, d] | join(',', attribute='name') }} {{ [1, none] | join('/') }}", "{{ 'ab' | upper }} {{ 'AB' | lower }} {{ 'aB c' | capitalize }} {{ 'aXb' | replace('X', 'Y') }} {{ 5 | string + 'x' }}",
    "{{ l | first }} {{ l | last }} {{ 'xyz' | first }} {{ [] | first }}| {{ 'abc' | list }} {{ d | list }} {{ 'abc' | reverse }} {{ l | reverse | list }}",
    "{{ '42' | int }} {{ '4.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 3.9 | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ -3 | abs }} {{ -2.5 | abs }}",
    "{{ d | items | list }} {{ undefined_name | items | list }} {{ [d] | map(attribute='name') | list }} {{ ['a', 'b'] | map('upper') | join }} {{ [1, 2, 3] | select('odd') | list }} {{ [1, 2, 3] | reject('odd') | list }}",
    "{{ [0, 1, ''] | select | list }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list }} {{ messages | selectattr('content') | list | length }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(width=1, blank=true) }}|{{ 'a\\nb\\n' | indent('> ') }}", "{{ '<&>' | safe }}",
    # tojson
    "{{ d | tojson }} {{ l | tojson }} {{ s | tojson }} {{ none | tojson }} {{ true | tojson }} {{ 1.0 | tojson }} {{ 1e100 | tojson }} {{ '\\u2028\\x7f\\x01/<>&\\'\"\\\\' | tojson }}",
    "{{ d | tojson(indent=2) }}\n{{ [] | tojson(indent=2) }} {{ [[], {}] | tojson(indent=1) }} {{ {'b': 1, 'a': {'d': 1, 'c': 2}} | tojson(sort_keys=true) }} {{ '\u00e9\U0001f642' | tojson(ensure_ascii=true) }}", "{{ (1, 2) | tojson }}",
    # tests
    "{{ x is defined }} {{ y is defined }} {{ y is undefined }} {{ none is none }} {{ x is not none }} {{ s is string }} {{ x is string }} {{ x is number }} {{ true is number }} {{ x is integer }} {{ true is integer }} {{ 1.5 is float }}",
    "{{ true is true }} {{ 1 is true }} {{ false is false }} {{ true is boolean }} {{ d is mapping }} {{ l is mapping }} {{ l is iterable }} {{ s is iterable }} {{ x is iterable }} {{ l is sequence }} {{ d is sequence }} {{ undefined_name is iterable }}",
    "{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(4) }} {{ 1 is eq 1 }} {{ 'a' is in 'abc' }} {{ 2 is in [1, 2] }} {{ 1 is ne(2) }} {{ 2 is gt 1 }} {{ 2 is le(1) }} {{ 'ab' is lower }} {{ 'AB' is upper }} {{ x is equalto 5 }}",
    "{{ x is defined and x > 3 }} {{ not x is none }} {{ x is not defined or true }} {{ 'a' if x is string else 'b' }}",
    # statements
    "{% for i in range(3) %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }},{% endfor %}{% for c in 'h\u00e9y' %}{{ c }}.{% endfor %}{% for i in [] %}x{% else %}empty{% endfor %}{% for i in undefined_name %}x{% else %}none{% endfor %}",
    "{% for i in range(10) if i % 2 %}{{ loop.index }}:{{ i }} {% endfor %}{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in [1, 2] %}{% for j in 'ab' %}{{ loop.depth }}{{ i }}{{ j }}{{ loop.cycle('x', 'y') }} {% endfor %}{% endfor %}{{ loop is defined }}", "{% set a = 1 %}{% for i in [1, 2] %}{% set a = a + i %}{{ a }} {% endfor %}{{ a }}",
    "{% set n = namespace(c=0, t='') %}{% for i in [1, 2, 3] %}{% set n.c = n.c + i %}{% set n.t = n.t ~ i %}{% endfor %}{{ n.c }} {{ n.t }} {{ n.zz }}|", "{% set a, b = 1, 'two' %}{{ a }}{{ b }}{% set (c, d2) = [3, 4] %}{{ c + d2 }}{% set t = 1, 2 %}{{ t }}",
    "{% set block %}\n  x{{ x }}\n{% endset %}[{{ block }}]{{ block | length }}", "{% if 0 %}a{% elif '' %}b{% elif x %}c{% else %}d{% endif %}{% if false %}{% elif none %}{% else %}e{% endif %}",
    "{% macro m(a, b='B', c=none) %}({{ a }},{{ b }},{{ c }},{{ x }}){% endmacro %}{{ m(1) }}{{ m(1, c=2) }}{{ m(b=1) }}{{ m('q', 'r', 's') | upper }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% macro g() %}{% set x = 'inner' %}{{ x }}{% endmacro %}{{ g() }}{{ x }}", "{{ dict(a=1, b='x') }} {{ range(5, 1, -2) | list }} {{ range(2, 5) | list }} {{ 'x' * 0 }}|", "{% for m in messages %}{% if loop.previtem is defined %}{{ loop.previtem.role }}>{% endif %}{{ m.role }} {% endfor %}",
    "{% set x = x + 1 %}{{ x }}{% if true %}{% set x = 'in if' %}{% endif %}{{ x }}", "{% for i in [3, 1] %}{{ i }}{{ ', ' if not loop.last }}{% endfor %}", "{{ '%' }}{{ '{%' }} }} %} #} {{ \"{{\" }} { { % }",
    # attributes of attributes, and numbers in them
    "{{ [d, {'inner': {'list': [3]}}] | map(attribute='inner.list.0') | list }} {{ [[1, 2], [3, 4]] | map(attribute='1') | list }} {{ [[1, 2], [3, 4]] | map(attribute=1) | list }}",
    "{{ [{'a': {'b': 1}}, {'a': {}}] | map(attribute='a.b', default=9) | list }} {{ [{'a': {'b': 1}}, {}] | map(attribute='a.b', default=9) | list }} {{ [d] | join('+', attribute='inner.deep') }}",
    "{{ [{'f': {'n': 'get'}}, {'f': {'n': 'put'}}] | selectattr('f.n', 'equalto', 'put') | list }} {{ [{'f': {'n': ''}}, {'f': {'n': 'x'}}] | rejectattr('f.n') | list }} {{ [[0, 1], [1, 0]] | selectattr('1') | list }}",
    "{{ [{'a': {'b': 2}}, {'a': {'b': 1}}] | sort(attribute='a.b') | tojson }} {{ [{'a': 2, 'b': 'x'}, {'a': 1, 'b': 'y'}, {'a': 1, 'b': 'X'}] | sort(attribute='a,b') | tojson }} {{ [{'a': {'b': 2}}, {'a': {'b': 5}}] | sum(attribute='a.b') }}",
    # the rest of the filters
    "{{ {'b': 2, 'A': 3, 'c': 1} | dictsort }} {{ {'b': 2, 'A': 3} | dictsort(true) }} {{ {'b': 2, 'A': 3, 'c': 1} | dictsort(by='value', reverse=true) }} {{ {'b': 'x', 'a': 'X'} | dictsort(false, 'value') }}",
    "{{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(case_sensitive=true) }} {{ [3, 1, 2] | sort(reverse=true) }} {{ ['b', 'B', 'a'] | sort(true) }} {{ {'z': 1, 'y': 2} | sort }} {{ 'hello' | sort | join }}",
    "{{ ['a', 'A', 'b'] | unique | list }} {{ ['a', 'A', 'b'] | unique(true) | list }} {{ [1, 2, 1, 1.0] | unique | list }} {{ [{'k': 1}, {'k': 1}, {'k': 2}] | unique(attribute='k') | list }}",
    "{{ [1, 2, 3.5] | sum }} {{ [] | sum }} {{ [1] | sum(start=10) }} {{ [3, 1, 2] | min }} {{ [3, 1, 2] | max }} {{ ['b', 'A'] | min }} {{ ['b', 'A'] | max(case_sensitive=true) }} {{ [] | max }}| {{ [{'k': 3}, {'k': 7}] | max(attribute='k') }}",
    "{{ 2.5 | round }} {{ 3.5 | round }} {{ 42.55 | round(1) }} {{ 2.675 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(method='ceil') }} {{ 7 | round }} {{ -0.5 | round }} {{ 1234.5 | round(-2) }} {{ 1.5 | round | int }}",
    "{{ 'hello wORLD-wide (web)' | title }} {{ \"it's a dOG\" | title }} {{ 'foo.bar x' | title }} {{ 'hello wORLD-wide' .title() }} {{ \"it's\".title() }} {{ 'a b  c, d' | wordcount }}",
    "{{ '%s has %d, %05.2f and %x%%' | format('x', 3, 2.5, 255) }} {{ '%(a)s-%(b)s' | format(a=1, b='q') }} {{ 'a %s' % 'b' }} {{ '%s,%s' % (1, [2]) }} {{ '%-5s|%5s|%.2s' % ('ab', 'cd', 'xyz') }} {{ '%r' % ('q',) }} {{ '%+d % d %3d|%-3d|' % (1, 2, 3, 4) }}",
    "{{ '{} and {}'.format(1, 'b') }} {{ '{1}{0}{1}'.format('a', 'b') }} {{ '{x}-{y} {{}}'.format(x=1, y=none) }}",
    "{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 'x') | list }} {{ range(7) | slice(3) | list }} {{ range(7) | slice(3, 0) | list }} {{ [] | batch(2) | list }}",
    "{{ 'mid' | center(9) }}| {{ 'a' | center(4) }}| {{ 'ab'.center(5, '*') }} {{ 'ab'.ljust(4, '.') }} {{ 'ab'.rjust(4) }} {{ '-7'.zfill(4) }} {{ '42'.zfill(5) }} {{ '<a & \"b\">' | e }} {{ \"it's\" | escape }}",
    "{{ {'b': [1, {'c': 2}], 'a': none} | tojson(separators=(',', ':')) }} {{ {'b': [1, 2]} | tojson(indent=2, separators=(' ,', ' = ')) }} {{ [1.0, 1e16, 12345678901234567, -0.0] | tojson }} {{ {'z': 1, 'y': {'x': 2, 'a': 3}} | tojson }}",
    "{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }} {{ '12'.isdigit() }} {{ 'a1'.isdigit() }} {{ ''.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ 'ab1'.islower() }}",
    "{{ none is sameas none }} {{ true is sameas true }} {{ true is sameas(1) }} {{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'even' is test }} {{ 5 is sameas 5 }} {{ [1, 2, 3] | select('>', 1) | list }} {{ [1, 2] | select('==', 2) | list }} {{ [1, 5] | reject('lessthan', 3) | list }}",
    # scopes
    "{% for i in [1, 2] %}{% macro m() %}{{ i }}{{ x }}{% endmacro %}{{ m() }};{% endfor %}", "{% set y = 1 %}{% macro m() %}{{ y }}{% endmacro %}{% set y = 2 %}{{ m() }}",
    "{% macro outer(a) %}{% macro inner() %}<{{ a }}>{% endmacro %}{{ inner() }}{% endmacro %}{{ outer(1) }}{{ outer('b') }}", "{% set ns = namespace() %}{% for i in [1, 2] %}{% macro m(k) %}{{ i }}{{ k }}{% endmacro %}{% if loop.first %}{% set ns.f = m %}{% endif %}{% endfor %}{{ ns.f is callable }}",
    "{% with a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}{% endwith %}{{ a is defined }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q is defined }}", "{% macro m() %}{{ varargs is defined }}{% endmacro %}x",
    "{% macro c(n) %}[{{ caller() }}{{ n }}]{% endmacro %}{% call c(1) %}in {{ x }}{% endcall %}{% call(a, b=2) dict(a=1).get('zz', c2)(1) if false else c(3) %}{% endcall %}", "{% macro d() %}{{ caller('p', q='r') }}{% endmacro %}{% call(p, q='z') d() %}{{ p }}{{ q }}{% endcall %}",
    "{% set ns = namespace(t='') %}{% set ns.t %}block {{ x }}{% endset %}{{ ns.t }}", "{% set v | upper | trim %}  ab {% endset %}{{ v }}", "{% filter indent(2, true) %}a\nb{% endfilter %}|{% filter trim | upper %} x {% endfilter %}",
    "{% set c = cycler('a', 'b', 'c') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{% set j = joiner('|') %}{{ j() }}{{ j() }}{{ j() }}{{ c.reset() }}{{ c.next() }}", "{% for i in [1, 1, 2] %}{{ loop.changed(i) }} {% endfor %}",
    "a {% raw %}{{ x }} {% if %}{% endraw %} b", "a\n  {%- raw -%}\n  {{ x }}  \n{%- endraw -%}\n b", "a\n  {% raw %}\n  y\n  {% endraw %}\n b", "{%raw%}{%endraw%}|",
    # what fails in the reference fails with us
    "{% filter %}x{% endfilter %}", "{% call 1 %}{% endcall %}", "{% with a %}{% endwith %}", "{{ [1, 'a'] | sort }}", "{{ 5 | dictsort }}", "{{ '%d' % 'x' }}", "{{ '%s %s' % 'x' }}", "{{ 'x' % 1 }}", "{{ '{}'.format() }}",
    "{{ [{}] | map(attribute='a.b') | list }}", "{{ cycler() }}", "{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}{{ m(1) }}",
    "{{ undefined_name.attribute }}", "{{ undefined_name['a'] }}", "{{ undefined_name() }}", "{{ 'a' + 1 }}", "{{ 1 + none }}", "{{ 1 / 0 }}", "{{ 'a' < 1 }}", "{{ 5 | length }}", "{{ x() }}", "{% for i in 5 %}{% endfor %}", "{{ raise_exception('no') }}",
    "{{ 'abc' is divisibleby 3 }}", "{% if x", "{{ x", "{% endif %}", "{% for %}{% endfor %}", "{{ 'a", "{{ x | no_such_filter }}", "{{ x is no_such_test }}", "{% nosuch %}", "{{ (1 }}", "{{ 1 + }}", "{% break %}", "{% set %}", "{{ l[0:1:0] }}", "{# open", "{{ [1] + 'a' }}",
    "{{ 'x' in 5 }}", "{% if true %}", "{% set a, b = [1] %}", "{{ range(10000000) }}", "{% set x.y = 1 %}", "{{ ns_missing.x }}", "{{ 1 1 }}", "{{ m. }}", "{{ 1 in 'abc' }}", "{{ l.append(1) }}",
]

VARIABLES = {
    "x": 5, "s": "Hello W\u00f6rld \u4f60", "u": "\U0001f642\u00e9", "l": [1, "two", 3.5],
    "d": {"name": "n\u00e9", "b": [1, {"c": None}], "inner": {"deep": True, "list": [1, 2]}},
}


def rendered(template, messages, add_generation_prompt, variables):
    try:
        text = _compile_jinja_template(template).render(
            **({"messages": messages, "tools": None, "documents": None, "add_generation_prompt": add_generation_prompt} | variables)
        )
    except Exception:  # whatever the reference raises: there is no text
        return {"fails": True}
    return {"rendered": text}


def case(template, messages, add_generation_prompt, variables):
    inputs = {"template": template, "messages": messages, "add_generation_prompt": add_generation_prompt, "variables": variables}
    return inputs | rendered(template, messages, add_generation_prompt, variables)


def main():
    FOLDER.mkdir(exist_ok=True)
    cases = []
    tokens = {"bos_token": "<s>", "eos_token": "</s>"}
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"a": 1}}}]
    for template in FAMILIES.values():
        for messages in CONVERSATIONS:
            for add in (True, False):
                cases.append(case(template, messages, add, tokens))
            cases.append(case(template, messages, True, tokens | {"enable_thinking": False}))
    cases.append(case(FAMILIES["headers_and_dates"], CONVERSATIONS[1], True, tokens | {"custom_tools": tools}))
    typed = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object", "required": ["q"], "properties": {
        "q": {"type": "string"}, "tags": {"type": "array", "items": {"type": ["string", "null"]}}, "kind": {"enum": ["a", "b\u00e9"]},
        "where": {"type": "object", "properties": {"y": {"type": "number"}, "X": {}}}, "rest": {"type": "array"}}}}}]
    for messages in CONVERSATIONS:
        cases.append(case(FAMILIES["typed_tools"], messages, True, tokens | {"tools": typed}))
    for template in SNIPPETS:
        cases.append(case(template, CONVERSATIONS[1] + CONVERSATIONS[2], True, VARIABLES))
    (FOLDER / "cases.json").write_text(json.dumps(cases, ensure_ascii=True, indent=0))


if __name__ == "__main__":
    main()
