"""hooks/create, hooks/list, hooks/destroy (BBB_API.md section 4.4)."""

from bbb_client.simulator.addresses import is_web_address
from bbb_client.simulator.answers import CallError, CData, Fields, success
from bbb_client.simulator.api.ask import Ask, Result
from bbb_client.simulator.hooks import Hook


def create_hook(ask: Ask) -> Result:
    """Register an address; the same address again changes nothing."""
    url = ask.params.get("callbackURL", "")
    if not url:
        raise CallError("missingParamCallbackURL", "You must specify a callbackURL in the parameters.")
    if not is_web_address(url):
        raise CallError("createHookError", "An error happened while creating your hook.")
    if (old := ask.world.hooks.with_url(url)) is not None:
        words = "There is already a hook for this callback URL."
        return success([("hookID", old.hook_id)], key="duplicateWarning", message=words)
    events = frozenset(name for name in ask.params.get("eventID", "").lower().split(",") if name)
    hook = ask.world.hooks.add(
        url=url, meeting_id=ask.params.get("meetingID", ""), events=events, raw=ask.switch("getRaw")
    )
    return success([("hookID", hook.hook_id), ("permanentHook", False), ("rawData", hook.raw)])


def list_hooks(ask: Ask) -> Result:
    """All hooks, or those that hear of one meeting."""
    meeting_id = ask.params.get("meetingID", "")
    hooks = [
        ("hook", _fields(hook))
        for hook in ask.world.hooks.by_id.values()
        if not meeting_id or hook.meeting_id in {"", meeting_id}
    ]
    return success([("hooks", hooks)])


def destroy_hook(ask: Ask) -> Result:
    """Forget a hook."""
    hook_id = ask.params.get("hookID", "")
    if not hook_id:
        raise CallError("missingParamHookID", "You must specify a hookID in the parameters.")
    if not ask.world.hooks.remove(hook_id):
        raise CallError("destroyMissingHook", "The hook informed was not found.")
    return success([("removed", True)])


def _fields(hook: Hook) -> Fields:
    return [
        ("hookID", hook.hook_id),
        ("callbackURL", CData(hook.url)),
        *([("meetingID", CData(hook.meeting_id))] if hook.meeting_id else []),
        *([("eventID", ",".join(sorted(hook.events)))] if hook.events else []),
        ("permanentHook", False),
        ("rawData", hook.raw),
    ]
