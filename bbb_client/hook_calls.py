"""The calls to bbb-webhooks, which a server may lack: then CouldNotAsk with status 404 or 502 (section 2.11)."""

from bbb_client.connection import Call, Calls
from bbb_client.hook_responses import CreatedHook, Hook, read_hooks
from bbb_client.parameters import parameters
from bbb_client.requests import CreateHook


class HookCalls(Calls):
    """The part of the client that is about web-hooks; their checksum covers the call with its sub-path (1.1)."""

    async def create_hook(self, request: CreateHook) -> CreatedHook:
        """Register an address; one that is registered already stays as it is (`duplicate`)."""
        return await self._connection.xml(Call("hooks/create", parameters(request)), CreatedHook.read)

    async def list_hooks(self, meeting_id: str | None = None) -> tuple[Hook, ...]:
        """List the hooks; for a meeting its own and those for all meetings."""
        params = {"meetingID": meeting_id} if meeting_id else {}
        return await self._connection.xml(Call("hooks/list", params, repeatable=True), read_hooks)

    async def destroy_hook(self, hook_id: str) -> None:
        """Remove a hook."""
        await self._connection.xml(Call("hooks/destroy", {"hookID": hook_id}), lambda _: None)
