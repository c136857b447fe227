"""Several server processes on the same sockets: started, started anew when they die, replaced one by one."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.draining import GRACE_SECONDS, say_listening

log = structlog.get_logger()

READY_SECONDS = 60.0
# A little more than a process needs that answers everybody.
STOPPED_SECONDS = GRACE_SECONDS + 7
AGAIN_AFTER_SECONDS = 1.0


@dataclass(eq=False)
class Child:
    """A server process, and the channel on which it says that it listens; that ends when either of us does."""

    process: asyncio.subprocess.Process
    channel: socket.socket

    async def is_ready(self) -> bool:
        """Wait until it listens; False if it ends instead, or takes too long."""
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(READY_SECONDS):
                return bool(await asyncio.get_running_loop().sock_recv(self.channel, 16))
        return False

    def terminate(self) -> None:
        """Ask it to stop; one that has stopped is not asked."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    async def end(self) -> None:
        """Wait until it has stopped, and no longer than it may take."""
        try:
            await asyncio.wait_for(self.process.wait(), STOPPED_SECONDS)
        except TimeoutError:
            log.warning("serve.process_killed", pid=self.process.pid)
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.channel.close()


class Supervisor:
    """Looks after `number` processes, all of which listen on these sockets."""

    def __init__(self, sockets: Sequence[socket.socket], number: int) -> None:
        self._sockets, self._number = sockets, number
        self._children: list[Child] = []
        self._stop, self._replace = asyncio.Event(), asyncio.Event()

    async def run(self) -> int:
        """Until SIGINT or SIGTERM; the exit code: that of a process if it could not even start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._replace.set)
        self._children = [await self._start() for _ in range(self._number)]
        code = 0
        if all(await asyncio.gather(*(child.is_ready() for child in self._children))):
            say_listening(self._sockets)
            await self._look_after()
        elif not self._stop.is_set():
            codes = [child.process.returncode for child in self._children]
            code = next((found for found in codes if found), 1)
        await self._end()
        return code

    async def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        numbers = [listening.fileno() for listening in self._sockets]
        words = ["serve", "--channel", str(theirs.fileno())]
        words += [word for number in numbers for word in ("--fd", str(number))]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", *words, pass_fds=[*numbers, theirs.fileno()]
        )
        theirs.close()
        return Child(process, ours)

    async def _look_after(self) -> None:
        while not self._stop.is_set():
            ends = {asyncio.create_task(child.process.wait()): child for child in self._children}
            orders = {asyncio.create_task(event.wait()) for event in (self._stop, self._replace)}
            done, waiting = await asyncio.wait(ends.keys() | orders, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            if self._stop.is_set():
                return
            for task in done & ends.keys():
                await self._revive(ends[task])
            if self._replace.is_set():
                self._replace.clear()
                await self._replace_all()

    async def _revive(self, dead: Child) -> None:
        log.warning("serve.process_died", pid=dead.process.pid, code=dead.process.returncode)
        dead.channel.close()
        self._children.remove(dead)
        # One that dies again and again is not to take the whole machine.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), AGAIN_AFTER_SECONDS)
        if not self._stop.is_set():
            self._children.append(await self._start())

    async def _replace_all(self) -> None:
        """One after the other, each only when the next one listens: nobody is turned away meanwhile."""
        for old in list(self._children):
            new = await self._start()
            ready = asyncio.create_task(new.is_ready())
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait({ready, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            self._children.append(new)
            if self._stop.is_set():
                return
            if not ready.result():
                log.error("serve.replacement_failed", code=new.process.returncode)
                self._children.remove(new)
                new.terminate()
                await new.end()
                return
            self._children.remove(old)
            old.terminate()
            await old.end()
        log.info("serve.replaced", processes=len(self._children))

    async def _end(self) -> None:
        # Ours first: the last process to stop listening lets in whoever is still waiting.
        for listening in self._sockets:
            listening.close()
        for child in self._children:
            child.terminate()
        await asyncio.gather(*(child.end() for child in self._children))
