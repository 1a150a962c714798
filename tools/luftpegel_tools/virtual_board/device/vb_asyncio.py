# asyncio's tasks and their queue. The built-in ones stamp tasks with the host's time; these use the board's.
# Interface and states are those of extmod/modasyncio.c, which asyncio.core relies on.
from time import ticks_diff, ticks_ms

import usys

_core = usys.modules["asyncio.core"]


class TaskQueue:
    # Tasks by due time, in order of arrival where that is the same.
    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = ticks_ms() if key is None else key
        at = len(self._tasks)
        while at and ticks_diff(self._tasks[at - 1].ph_key, task.ph_key) > 0:
            at -= 1
        self._tasks.insert(at, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    # state: True while it runs, a TaskQueue of those who wait for it, or None/False when it has ended.
    # data: what it waits in or for, an exception to throw into it, or its result.
    def __init__(self, coro, globals=None):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0

    def __iter__(self):
        if not self.state:
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif type(self.state) is not TaskQueue:
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        self.state.push(_core.cur_task)
        _core.cur_task.data = self

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        if self is _core.cur_task:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            _core._task_queue.push(task)
        elif ticks_diff(task.ph_key, ticks_ms()) > 0:
            _core._task_queue.remove(task)
            _core._task_queue.push(task)
        task.data = _core.CancelledError
        return True
