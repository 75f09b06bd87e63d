"""The taskset of docs/library/verifiers.md: loaded, and traces of its tasks scored by the package."""

import asyncio

import verifiers.v1 as vf
from verifiers.v1.graph import MessageNode
from verifiers.v1.trace import AgentInfo, TraceTask

from math_taskset import MathData, MathTask, MathTaskset


async def score(task, reply):
    message = vf.AssistantMessage(content=reply)
    trace = vf.Trace(
        task=TraceTask(type="math", data=task.data),
        agent=AgentInfo(config=vf.AgentConfig()),
        nodes=[MessageNode(message=message, sampled=True)],
    )
    await task.score(trace)
    return trace


async def main():
    (task,) = list(MathTaskset(vf.TasksetConfig()))
    assert await task.validate(None)
    for reply, right in [(r"so $\boxed{5.0}$", 1.0), (r"\boxed{6}", 0.0), ("5", 0.0), (r"\boxed{2+3}", 0.0)]:
        trace = await score(task, reply)
        assert trace.rewards["right_answer"].score == right, (reply, trace.rewards)
        assert trace.metrics["undecided"] == 0.0, trace.metrics
    unreadable = MathTask(MathData(prompt="What?", answer=r"\frac{"))
    assert not await unreadable.validate(None)
    trace = await score(unreadable, r"\boxed{5}")
    assert trace.rewards["right_answer"].score == 0.0 and trace.metrics["undecided"] == 1.0
    print("verifiers: tasks loaded, traces scored")


asyncio.run(main())
