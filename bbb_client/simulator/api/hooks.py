"""hooks/create, hooks/list, hooks/destroy (BBB_API.md section 4.4)."""

from bbb_client.simulator.answers import CallError, CData, Fields, success
from bbb_client.simulator.api.ask import Ask, Result
from bbb_client.simulator.hooks import Hook


def create_hook(ask: Ask) -> Result:
    """Register an address, whatever it says; the same address again changes nothing."""
    url = ask.params.get("callbackURL")
    if url is None:
        raise CallError("missingParamCallbackURL", "You must specify a callbackURL in the parameters.")
    if (old := ask.world.hooks.with_url(url)) is not None:
        words = "There is already a hook for this callback URL."
        return success([("hookID", old.hook_id)], key="duplicateWarning", message=words)
    events = ask.params.get("eventID")
    hook = ask.world.hooks.add(
        url=url,
        meeting_id=ask.params.get("meetingID"),
        events=None if events is None else tuple(events.lower().split(",")),
        raw=ask.switch("getRaw"),
    )
    return success([("hookID", hook.hook_id), ("permanentHook", False), ("rawData", hook.raw)])


def list_hooks(ask: Ask) -> Result:
    """All hooks, or those that hear of one meeting."""
    meeting_id = ask.params.get("meetingID")
    hooks = [
        ("hook", _fields(hook))
        for hook in ask.world.hooks.by_id.values()
        if meeting_id is None or hook.meeting_id in {None, meeting_id}
    ]
    return success([("hooks", hooks)])


def destroy_hook(ask: Ask) -> Result:
    """Forget a hook."""
    hook_id = ask.params.get("hookID")
    if hook_id is None:
        raise CallError("missingParamHookID", "You must specify a hookID in the parameters.")
    if not ask.world.hooks.remove(hook_id):
        raise CallError("destroyMissingHook", "The hook informed was not found.")
    return success([("removed", True)])


def _fields(hook: Hook) -> Fields:
    return [
        ("hookID", hook.hook_id),
        ("callbackURL", CData(hook.url)),
        *([] if hook.meeting_id is None else [("meetingID", CData(hook.meeting_id))]),
        *([] if hook.events is None else [("eventID", ",".join(hook.events))]),
        ("permanentHook", False),
        ("rawData", hook.raw),
    ]
