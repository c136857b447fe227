"""Coming and going: who gets a seat, who loses it (BBB_API.md sections 2.2 and 2.13)."""

from collections.abc import Iterable

from bbb_client.simulator.answers import CallError
from bbb_client.simulator.events import tell, tell_of_person
from bbb_client.simulator.faults import Kind
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Admission, Person
from bbb_client.simulator.world import World

FULL = CallError(
    "maxParticipantsReached", "The number of participants allowed for this meeting has been reached."
)


def require_seat(world: World, meeting: Meeting, external_id: str, call: str) -> None:
    """Refuse who does not fit: the check that both join and the connecting client pass (section 2.13)."""
    fewer = 1 if world.faults.take(Kind.ONE_SEAT_LESS, call) else 0
    if not meeting.has_room_for(external_id, meeting.seats(world.now, world.grace), fewer=fewer):
        raise CallError(FULL.key, FULL.message)


def register(world: World, meeting: Meeting, person: Person) -> None:
    """Remember somebody who joined; they are no attendee before their client connects (section 2.2)."""
    meeting.people[person.user_id] = person
    world.sessions[person.session_token] = (meeting, person)


def connect(world: World, meeting: Meeting, person: Person) -> bool:
    """The client connected: the second check for a seat; who finds none is put out. True: they are in."""
    if person.online:
        return True
    if person.removed or person.admission is not Admission.ALLOW or meeting.ended is not None:
        return False
    if not meeting.has_room_for(person.external_id, meeting.seats(world.now, world.grace)):
        person.removed = FULL.key
        return False
    _make_way(world, meeting, person)
    _enter(world, meeting, person)
    return True


def connect_many(world: World, meeting: Meeting, people: Iterable[Person]) -> list[Person]:
    """Put people in who never joined by a URL, as far as there are seats; those who found one."""
    seats, seated = meeting.seats(world.now, world.grace), []
    for person in people:
        if not meeting.has_room_for(person.external_id, seats):
            break
        seats.add(person.external_id)
        meeting.people[person.user_id] = person
        _enter(world, meeting, person)
        seated.append(person)
    return seated


def leave(world: World, meeting: Meeting, person: Person, *, removed: str = "") -> None:
    """Somebody is gone; the seat stays taken for the grace time (section 2.13)."""
    person.removed = person.removed or removed
    if person.online:
        tell_of_person(world, "user-left", meeting, person)
        person.leaves.append(world.now)
        world.wake.set()


def switch_recording(world: World, meeting: Meeting, *, on: bool) -> bool:
    """Start or stop recording; False if this meeting may not be recorded."""
    if not meeting.record:
        return False
    event = "meeting-recording-started" if on else "meeting-recording-stopped"
    if on is (meeting.recording_since is None):
        tell(world, event, meeting)
    (meeting.start_recording if on else meeting.stop_recording)(world.now)
    return True


def _enter(world: World, meeting: Meeting, person: Person) -> None:
    first = not meeting.ever_joined if meeting.auto_start else False
    person.joins.append(world.now)
    person.heard = person.closed = None  # what an earlier page did says nothing about this stay
    tell_of_person(world, "user-joined", meeting, person)
    if first:
        switch_recording(world, meeting, on=True)


def _make_way(world: World, meeting: Meeting, person: Person) -> None:
    """End the oldest stay of somebody who comes with one device too many (section 2.13)."""
    most = world.config.max_accesses
    same = [other for other in meeting.online if other.external_id == person.external_id]
    if most and len(same) >= most:
        leave(world, meeting, same[0], removed="duplicateUser")
